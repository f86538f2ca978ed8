// When the lines of a source come: rate, windows, ramps, bursts and jitter as instants. Pure.
import type { LineSource } from './scenario.ts'

/** A stretch in which the rate goes evenly from one value to another; ms and lines a second. */
export type Stretch = { from: number; to: number; fromRate: number; toRate: number }

type Load = Pick<LineSource, 'rate' | 'windows' | 'ramp' | 'burst' | 'jitter'>

/**
 * The instants of a source's lines, ms from the beginning of the scenario, in order. Each line has a turn in which the
 * expected count grows by one; jitter moves it within its turn, so that over any time the count is as the rates say, to a
 * line or two, and nothing comes outside the windows.
 */
export function* arrivals(load: Load, duration: number, chance: () => number): Generator<number> {
  let before = 0
  let turn = 0
  let place = within(turn, load.jitter, chance)
  for (const stretch of stretches(load, duration)) {
    const after = before + ((stretch.fromRate + stretch.toRate) / 2) * seconds(stretch)
    while (place < after) {
      yield instantOf(stretch, place - before)
      place = within(++turn, load.jitter, chance)
    }
    before = after
  }
}

/** The stretches in which a source is active, in order; bursts and ramps cut its windows into several. */
export function* stretches({ rate, windows, ramp, burst }: Load, duration: number): Generator<Stretch> {
  for (const window of windows ?? [{ from: 0, to: duration }]) {
    const to = Math.min(window.to, duration)
    if (window.from >= to) continue
    const ends = { from: window.from, to: windows ? window.to : to }
    const shape = (at: number) => rate * slope(at, ends, ramp)
    const corners = [ends.from + ramp.up, ends.to - ramp.down]
    let at = window.from
    while (at < to) {
      const next = Math.min(to, ...[...corners, nextEdge(burst, at)].filter(corner => corner > at))
      const times = burst && at % burst.every < burst.for ? burst.times : 1
      // A ramp of no length is a step: the rate just before the corner counts, not that at it.
      yield { from: at, to: next, fromRate: shape(at) * times, toRate: shape(next) * times }
      at = next
    }
  }
}

/** How far up the source is, from 0 to 1. */
function slope(at: number, { from, to }: { from: number; to: number }, ramp: Load['ramp']): number {
  const up = ramp.up === 0 ? 1 : (at - from) / ramp.up
  const down = ramp.down === 0 ? 1 : (to - at) / ramp.down
  return Math.max(0, Math.min(1, up, down))
}

function nextEdge(burst: Load['burst'], at: number): number {
  if (!burst) return Number.POSITIVE_INFINITY
  const begun = Math.floor(at / burst.every) * burst.every
  return at < begun + burst.for ? begun + burst.for : begun + burst.every
}

function within(turn: number, jitter: number, chance: () => number): number {
  return turn + 0.5 + jitter * (chance() - 0.5)
}

/** The instant at which `count` lines of the stretch are due: the inverse of a quadratic, written so that it stays exact for even rates. */
function instantOf(stretch: Stretch, count: number): number {
  const { from, to, fromRate, toRate } = stretch
  const growth = (toRate - fromRate) / seconds(stretch)
  const root = Math.sqrt(Math.max(0, fromRate * fromRate + 2 * growth * count))
  const after = count === 0 ? 0 : (2 * count) / (fromRate + root)
  return Math.min(to, Math.max(from, Math.floor(from + after * 1000)))
}

function seconds({ from, to }: Stretch): number {
  return (to - from) / 1000
}
