// How much of a time Vakt was online, of what is known of it. Pure.
export type Span = { state: 'online' | 'degraded' | 'offline'; from: number; to: number }

/** The share (0 to 1) of the known time between two instants that was not offline; null when nothing is known. */
export function availability(spans: readonly Span[], from: number, to: number): number | null {
  let known = 0
  let offline = 0
  for (const span of spans) {
    const lasted = Math.max(0, Math.min(span.to, to) - Math.max(span.from, from))
    known += lasted
    if (span.state === 'offline') offline += lasted
  }
  return known === 0 ? null : 1 - offline / known
}

/** The availability of each of `count` equal parts of the time between two instants. */
export function availabilityOver(spans: readonly Span[], from: number, to: number, count: number) {
  const width = (to - from) / count
  return Array.from({ length: count }, (_, i) => {
    const begin = from + i * width
    return [begin, availability(spans, begin, begin + width)] as const
  })
}

/** `99.98 %`; `unknown` when it is null. Never rounded up to a hundred. */
export function percent(share: number | null): string {
  if (share === null) return 'unknown'
  return `${share === 1 ? '100' : (Math.floor(share * 10_000) / 100).toFixed(2)} %`
}
