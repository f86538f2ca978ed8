// A client of a real server over HTTP: commands, batches of log lines, beats.
import { Problem, type ProblemCode } from '../problem.ts'
import { SECOND } from '../time.ts'
import type { Lines } from './play.ts'

/** The result of one attempt to send; `again` may be retried, after `afterMs` when the server gives a time. */
export type Reply =
  | { kind: 'taken'; lines: number; rejected: number }
  | { kind: 'again'; reason: string; afterMs: number | null }
  | { kind: 'refused'; reason: string; isPermanent: boolean }

export interface Client {
  readonly url: string
  /** Runs a command and gives its result. Throws the `Problem` of the server's answer, or `internal` without an answer. */
  command<T>(words: readonly string[]): Promise<T>
  /** Sends a batch of lines; with the same key a retry stores nothing twice. Never throws. */
  sendLines(step: Lines, project: string, idempotencyKey: string): Promise<Reply>
  /** Sends a beat to a ping URL. Never throws. */
  sendBeat(pingUrl: string, signal: 'start' | 'success' | 'fail'): Promise<Reply>
}

/** How long one request may take, ms. */
const REQUEST_TIMEOUT_MS = 10 * SECOND

/** How requests are sent; a Vakt that plays to itself needs no socket. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A client of the server at `url` with its admin key. */
export function createClient(url: string, key: string, send: Fetch = fetch): Client {
  const base = url.trim().replace(/\/+$/, '')
  const authorization = `Bearer ${key}`

  return {
    url: base,
    async command<T>(words: readonly string[]): Promise<T> {
      const headers = { authorization, 'content-type': 'application/json' }
      const body = JSON.stringify({ words })
      const response = await send(`${base}/api/commands`, {
        method: 'POST',
        headers,
        body,
        signal: requestTimeout(),
      }).catch(error => {
        throw new Problem(
          'internal',
          `Vakt does not answer at ${base} (${reasonOf(error)}). Start it with "npm start".`,
        )
      })
      const answer = (await response.json().catch(() => null)) as CommandAnswer | null
      if (answer?.ok === true) return answer.result as T
      if (answer?.error?.message) throw new Problem(answer.error.code, answer.error.message)
      throw new Problem('internal', `The server at ${base} is not Vakt.`)
    },
    sendLines({ contentType, query, body }, project, idempotencyKey) {
      const headers = { authorization, 'content-type': contentType, 'idempotency-key': idempotencyKey }
      const parameters = new URLSearchParams({ ...query, project })
      return attempt(send, `${base}/api/logs?${parameters}`, { method: 'POST', headers, body })
    },
    sendBeat(pingUrl, signal) {
      return attempt(send, signal === 'success' ? pingUrl : `${pingUrl}/${signal}`, { method: 'POST' })
    },
  }
}

type CommandAnswer = { ok: boolean; result?: unknown; error?: { code: ProblemCode; message: string } }

async function attempt(send: Fetch, url: string, init: RequestInit): Promise<Reply> {
  try {
    const response = await send(url, { ...init, signal: requestTimeout() })
    const text = await response.text()
    if (response.ok) return parseAccepted(text)
    const reason = `${response.status} ${messageOf(text)}`
    if (response.status === 429 || response.status >= 500)
      return { kind: 'again', reason, afterMs: readRetryAfter(response.headers.get('retry-after'), Date.now()) }
    return { kind: 'refused', reason, isPermanent: response.status === 401 || response.status === 403 }
  } catch (error) {
    return { kind: 'again', reason: reasonOf(error), afterMs: null }
  }
}

function requestTimeout(): AbortSignal {
  return AbortSignal.timeout(REQUEST_TIMEOUT_MS)
}

function parseAccepted(text: string): Reply {
  try {
    const { accepted, rejected } = JSON.parse(text) as { accepted?: number; rejected?: number }
    return { kind: 'taken', lines: accepted ?? 0, rejected: rejected ?? 0 }
  } catch {
    return { kind: 'taken', lines: 0, rejected: 0 }
  }
}

/** Retry-After in ms, from seconds or a date (RFC 9110, 10.2.3); null for any other text. */
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
    // Plain text, the format of ping URLs.
  }
  return text.slice(0, 200)
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer within ten seconds'
  return error instanceof TypeError && error.cause instanceof Error ? error.cause.message : String(error)
}
