// The share of a time in which Vakt was online, counted over the part of it that is known. Pure.
import { percent } from '../text.ts'
import { aboutDuration } from '../time.ts'

export type ConnectivitySpan = { state: 'online' | 'degraded' | 'offline'; from: number; to: number }

/** The share (0 to 1) of the known time that was not offline, null when nothing is known; and how long that time is, ms. */
export type Availability = { share: number | null; knownMs: number }

/** Less known time than this share of the whole is shown beside the percentage. */
const MIN_KNOWN_SHARE = 0.9

/** The availability between two instants. */
export function availability(spans: readonly ConnectivitySpan[], from: number, to: number): Availability {
  let knownMs = 0
  let offlineMs = 0
  for (const span of spans) {
    const ms = Math.max(0, Math.min(span.to, to) - Math.max(span.from, from))
    knownMs += ms
    if (span.state === 'offline') offlineMs += ms
  }
  return { share: knownMs === 0 ? null : 1 - offlineMs / knownMs, knownMs }
}

/** The share online in each of `count` equal parts of the time between two instants, with the start of the part. */
export function availabilityOver(spans: readonly ConnectivitySpan[], from: number, to: number, count: number) {
  const width = (to - from) / count
  return Array.from({ length: count }, (_, i) => {
    const start = from + i * width
    return [start, availability(spans, start, start + width).share] as const
  })
}

/** `99.98 %`, or `70.38 % of the 3m known` when much of the `totalMs` is not known; `unknown` when nothing is. */
export function availabilityText({ share, knownMs }: Availability, totalMs: number): string {
  if (share === null) return 'unknown'
  const known = knownMs < totalMs * MIN_KNOWN_SHARE ? ` of the ${aboutDuration(knownMs)} known` : ''
  return `${percent(share)}${known}`
}
