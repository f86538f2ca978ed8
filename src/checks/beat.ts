// The kind of a received beat, by URL, exit status, method and keywords. Pure.
import type { BeatKind, Check } from './check.ts'

/** The signal in the URL. */
export type Signal = 'success' | 'start' | 'fail' | 'log'

/** A beat as received, before it is classified. */
export type Arrival = {
  signal: Signal
  exitStatus: number | null
  rid: string | null
  method: string
  scheme: string
  remoteAddress: string
  userAgent: string
  /** The body, or its beginning and its end where it is longer than the limit; `bodyBytes` counts all bytes. */
  body: Buffer
  bodyBytes: number
  /** The size of what the run made, bytes, when the beat reports it (`?size=`). */
  outputBytes: number | null
}

/**
 * The kind of a beat by the Healthchecks rules, in their order (a probe takes no beats): paused with manual resume, methods, then keywords
 * (failure, success, start), then the default. Unlike Healthchecks, an explicit failure is a failure whatever the body says.
 */
export function classifyBeat(
  check: Check,
  arrival: Pick<Arrival, 'signal' | 'exitStatus' | 'method' | 'body'>,
): BeatKind {
  if (check.probed || (check.status === 'paused' && check.manualResume)) return 'ignored'
  if (check.methods === 'POST' && arrival.method !== 'POST') return 'ignored'
  const failed = arrival.signal === 'fail' || (arrival.exitStatus ?? 0) > 0
  if (failed) return 'fail'
  const filtered = check.failureKeywords || check.successKeywords || check.startKeywords || check.defaultFail
  if (!filtered) return arrival.signal
  // Decoding is lenient: a body in another encoding, or cut inside a character, must not lose the beat.
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
