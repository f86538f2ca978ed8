// What a received beat means: its kind by URL, exit status, method and keywords. Pure.
import type { BeatKind, Check } from './check.ts'

/** What the URL asks for. */
export type Signal = 'success' | 'start' | 'fail' | 'log'

/** A beat as it came in, before it is classified. */
export type Arrival = {
  signal: Signal
  exitStatus: number | null
  rid: string | null
  method: string
  scheme: string
  remoteAddress: string
  userAgent: string
  /** The first `BODY_LIMIT` bytes, and how many came in all. */
  body: Buffer
  bodyBytes: number
}

/** How much of a body is kept, bytes. */
export const BODY_LIMIT = 10_000

/**
 * The kind of a beat by the Healthchecks rules, in their order: paused with manual resume, methods, then keywords
 * (failure, success, start), then the default. Other than there, an explicit failure stays one whatever the body says.
 */
export function classifyBeat(
  check: Check,
  arrival: Pick<Arrival, 'signal' | 'exitStatus' | 'method' | 'body'>,
): BeatKind {
  if (check.status === 'paused' && check.manualResume) return 'ignored'
  if (check.methods === 'POST' && arrival.method !== 'POST') return 'ignored'
  const failed = arrival.signal === 'fail' || (arrival.exitStatus ?? 0) > 0
  if (failed) return 'fail'
  const filtered = check.failureKeywords || check.successKeywords || check.startKeywords || check.defaultFail
  if (!filtered) return arrival.signal
  // Decoded leniently: a body in another encoding, or cut inside a character, must never lose the beat.
  const text = arrival.body.toString('utf8')
  if (hasKeyword(text, check.failureKeywords)) return 'fail'
  if (hasKeyword(text, check.successKeywords)) return 'success'
  if (hasKeyword(text, check.startKeywords)) return 'start'
  return check.defaultFail ? 'fail' : 'ignored'
}

function hasKeyword(text: string, keywords: string): boolean {
  const words = keywords.split(',').map(word => word.trim())
  return words.some(word => word !== '' && text.includes(word))
}
