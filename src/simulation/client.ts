// Talks to a real server over HTTP, as any client does: commands, batches of log lines, beats.
import { Problem, type ProblemCode } from '../problem.ts'
import { SECOND } from '../time.ts'
import type { Lines } from './play.ts'

/** What became of one try to send something; `again` may be tried later, after `afterMs` when the server says so. */
export type Reply =
  | { kind: 'taken'; lines: number; rejected: number }
  | { kind: 'again'; why: string; afterMs: number | null }
  | { kind: 'refused'; why: string; forGood: boolean }

export interface Client {
  readonly url: string
  /** Runs a command and gives its result. Throws the `Problem` that the server tells, or `internal` when none answers. */
  command<T>(words: readonly string[]): Promise<T>
  /** Sends a batch of lines; the key makes a second try of the same batch harmless. Never throws. */
  sendLines(step: Lines, project: string, idempotencyKey: string): Promise<Reply>
  /** Sends a beat to a ping URL. Never throws. */
  sendBeat(pingUrl: string, signal: 'start' | 'success' | 'fail'): Promise<Reply>
}

/** How long one answer may take, ms. */
const PATIENCE = 10 * SECOND

/** A client of the server at `url` with its admin key. */
export function createClient(url: string, key: string): Client {
  const base = url.trim().replace(/\/+$/, '')
  const authorization = `Bearer ${key}`

  return {
    url: base,
    async command<T>(words: readonly string[]): Promise<T> {
      const headers = { authorization, 'content-type': 'application/json' }
      const body = JSON.stringify({ words })
      const response = await fetch(`${base}/api/commands`, { method: 'POST', headers, body, signal: soon() }).catch(
        error => {
          throw new Problem(
            'internal',
            `Vakt does not answer at ${base} (${reasonOf(error)}). Start it with "npm start".`,
          )
        },
      )
      const answer = (await response.json().catch(() => null)) as CommandAnswer | null
      if (answer?.ok === true) return answer.result as T
      if (answer?.error?.message) throw new Problem(answer.error.code, answer.error.message)
      throw new Problem('internal', `What answers at ${base} is not Vakt.`)
    },
    sendLines({ contentType, query, body }, project, idempotencyKey) {
      const headers = { authorization, 'content-type': contentType, 'idempotency-key': idempotencyKey }
      const parameters = new URLSearchParams({ ...query, project })
      return attempt(`${base}/api/logs?${parameters}`, { method: 'POST', headers, body })
    },
    sendBeat(pingUrl, signal) {
      return attempt(signal === 'success' ? pingUrl : `${pingUrl}/${signal}`, { method: 'POST' })
    },
  }
}

type CommandAnswer = { ok: boolean; result?: unknown; error?: { code: ProblemCode; message: string } }

async function attempt(url: string, init: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(url, { ...init, signal: soon() })
    const text = await response.text()
    if (response.ok) return taken(text)
    const why = `${response.status} ${messageOf(text)}`
    if (response.status === 429 || response.status >= 500)
      return { kind: 'again', why, afterMs: readRetryAfter(response.headers.get('retry-after'), Date.now()) }
    return { kind: 'refused', why, forGood: response.status === 401 || response.status === 403 }
  } catch (error) {
    return { kind: 'again', why: reasonOf(error), afterMs: null }
  }
}

function soon(): AbortSignal {
  return AbortSignal.timeout(PATIENCE)
}

function taken(text: string): Reply {
  try {
    const { accepted, rejected } = JSON.parse(text) as { accepted?: number; rejected?: number }
    return { kind: 'taken', lines: accepted ?? 0, rejected: rejected ?? 0 }
  } catch {
    return { kind: 'taken', lines: 0, rejected: 0 }
  }
}

/** Retry-After in ms, from seconds or a date (RFC 9110, 10.2.3); null when it says neither. */
export function readRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null
  if (/^\d+$/.test(text.trim())) return Number(text) * SECOND
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

function messageOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } }
    if (error?.message) return error.message
  } catch {
    // Plain text, as ping URLs answer.
  }
  return text.slice(0, 200)
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer within ten seconds'
  return error instanceof TypeError && error.cause instanceof Error ? error.cause.message : String(error)
}
