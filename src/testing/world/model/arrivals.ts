// What a model knows of time: which log lines arrived when, and for how long Vakt certainly heard and evaluated.

/** Lines of a source that were counted at `at` for certain, or that may have been. */
export type Arrival = { source: string; at: number; count: number; isCertain: boolean }

export type Period = { from: number; to: number }

/** The longest time between two evaluations of the rules: a tick, and one that came too soon after another. */
const EVALUATED_MS = 315_000

/** Time as rules over logs count it: `possible` are all downtimes at their longest, `sure` those at their shortest. */
export class HeardTime {
  readonly #possible: readonly Period[]
  readonly #sure: readonly Period[]

  constructor(possible: readonly Period[], sure: readonly Period[]) {
    this.#possible = merged(possible)
    this.#sure = merged(sure)
  }

  /** When `ms` have passed since `from` at the latest, not counting the time in which Vakt may not have heard. */
  passed(from: number, ms: number): number {
    let [at, left] = [from, ms]
    for (const down of this.#possible) {
      if (down.to <= at) continue
      const heard = Math.max(0, down.from - at)
      if (heard >= left) break
      left -= heard
      at = down.to
    }
    return at + left
  }

  /** When rules were evaluated after `from` at the latest. */
  evaluated(from: number): number {
    let at = from
    for (const down of this.#possible) if (down.to > at && down.from < at + EVALUATED_MS) at = down.to
    return at + EVALUATED_MS
  }

  /** How long Vakt was certainly down between two instants, ms. */
  downMs(from: number, to: number): number {
    const overlaps = this.#sure.map(down => Math.min(down.to, to) - Math.max(down.from, from))
    return overlaps.reduce((sum, ms) => sum + Math.max(0, ms), 0)
  }
}

/** The same time as periods in their order that do not overlap. */
function merged(periods: readonly Period[]): Period[] {
  const all: Period[] = []
  for (const { from, to } of periods.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else all.push({ from, to })
  }
  return all
}
