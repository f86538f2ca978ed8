// A forward: where log lines or alerts are sent on to, and what the result of a send means. Pure.
import type { LogLine } from '../logs/line.ts'
import { invalid } from '../problem.ts'
import type { FORWARD_KINDS, forwards } from '../state/schema/index.ts'

export type Forward = typeof forwards.$inferSelect
export type ForwardKindName = (typeof FORWARD_KINDS)[number]

/** Where a forward sends: the address and the headers of requests, both perhaps with keys in them. */
export type Target = { address: string; headers: Readonly<Record<string, string>> }

/** What became of a batch: lines of it that the receiver refused for good, though it took the others. */
export type Sent = { refused: number }

/** Sends lines on. Rejects with a `ForwardError` or any other error, after which the same lines are sent again. */
export type LineKind = {
  name: Exclude<ForwardKindName, 'alertmanager'>
  /** What is written before `://` of the address: `loki+https`. */
  schemes: readonly string[]
  /** How an address is written, for help texts. */
  written: string
  send(lines: readonly LogLine[], target: Target): Promise<Sent>
}

/**
 * Why a batch did not arrive. `isRefused`: the receiver does not take these lines as they are, and a smaller batch may go
 * through. Otherwise the same batch is sent again, after `retryAfterMs` where the receiver says so.
 */
export class ForwardError extends Error {
  readonly isRefused: boolean
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    details: { isRefused?: boolean; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause })
    this.name = 'ForwardError'
    this.isRefused = details.isRefused ?? false
    this.retryAfterMs = details.retryAfterMs
  }
}

/** The URL of an address without the kind before its scheme: `loki+https://x` is `https://x`. Throws `invalid`. */
export function plainUrl(address: string): URL {
  const url = URL.parse(address.replace(/^[a-z]+\+(?=[a-z]+:\/\/)/i, ''))
  if (url === null || url.hostname === '')
    throw invalid('where', 'That is not an address such as https://logs.example.org.')
  return url
}

/** The address with `path` at its end, unless it is there; a user in it becomes a header. */
export function endpoint({ address, headers }: Target, path: string): { url: URL; headers: Record<string, string> } {
  const url = plainUrl(address)
  const all: Record<string, string> = { ...headers }
  if (url.username !== '' || url.password !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    all.authorization ??= `Basic ${Buffer.from(pair).toString('base64')}`
    url.username = ''
    url.password = ''
  }
  const own = url.pathname.replace(/\/+$/, '')
  if (path !== '' && !own.endsWith(path)) url.pathname = own + path
  return { url, headers: all }
}

/** The address for people: without user, path and query, where keys may be. */
export function shownAddress(address: string): string {
  const { protocol, host } = plainUrl(address)
  const kind = /^([a-z]+\+)/i.exec(address)?.[1]?.toLowerCase() ?? ''
  return `${kind}${protocol}//${host}`
}
