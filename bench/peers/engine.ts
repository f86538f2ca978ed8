// What the comparison needs of a log store that runs as a server.
import type { Question } from './questions.ts'

export type Engine = {
  name: string
  /** The process whose resources count, with its children. */
  pid(): number
  /** Stores a body of NDJSON. Rejects unless it was taken completely. */
  send(body: Uint8Array): Promise<void>
  /** Asks over HTTP, reads the whole answer, and resolves with the number of rows, or the count. */
  ask(question: Question): Promise<number>
  /** How many lines are stored. */
  lines(): Promise<number>
  /** Whether everything that was stored is where it will stay. */
  isSealed(): Promise<boolean>
  /** The folder with everything that is stored. */
  folder: string
  /** Stops the server and starts it again with the same data; resolves with how long it took to be ready, ms. */
  restart(): Promise<number>
  /** Stops the server. Its data stay. */
  stop(): Promise<void>
}

/** Starts a server on an empty folder. */
export type Start = (folder: string) => Promise<Engine>

const POLL_MS = 5
const READY_TIMEOUT_MS = 120_000

/** Resolves once a route answers with 200. */
export async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const response = await fetch(url).catch(() => null)
    await response?.arrayBuffer()
    if (response?.ok) return
    if (performance.now() > deadline) throw new Error(`${url} did not answer with 200 within two minutes.`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/** The text of an answer. Throws when it is not 200. */
export async function textOf(response: Response): Promise<string> {
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text.slice(0, 300)}`)
  return text
}

/** How many lines a text has. */
export function countLines(text: string): number {
  return text === '' ? 0 : text.trimEnd().split('\n').length
}
