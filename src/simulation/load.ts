// The times of a source's lines, from its rate, windows, ramps, bursts and jitter. Pure.
import type { LineSource } from './scenario.ts'

/** A period in which the rate changes linearly from one value to another; ms and lines a second. */
export type Stretch = { from: number; to: number; fromRate: number; toRate: number }

type Load = Pick<LineSource, 'rate' | 'windows' | 'ramp' | 'burst' | 'jitter'>

/**
 * The instants of a source's lines in order, ms from the start of the scenario. Each line has a slot in which the expected
 * count grows by one; jitter moves the line within its slot. So the count over any period is that of the rates, give or take
 * a line or two, and no line is outside the windows.
 */
export function* lineInstants(load: Load, duration: number, chance: () => number): Generator<number> {
  let before = 0
  let slot = 0
  let place = slotPosition(slot, load.jitter, chance)
  for (const stretch of stretches(load, duration)) {
    const after = before + ((stretch.fromRate + stretch.toRate) / 2) * seconds(stretch)
    while (place < after) {
      yield instantOf(stretch, place - before)
      place = slotPosition(++slot, load.jitter, chance)
    }
    before = after
  }
}

/** The periods in which a source is active, in order; bursts and ramps cut its windows into several. */
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
      // A ramp without length is a step: the rate just before the corner counts, not the rate at it.
      yield { from: at, to: next, fromRate: shape(at) * times, toRate: shape(next) * times }
      at = next
    }
  }
}

/** The position on the ramp, from 0 to 1. */
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

function slotPosition(slot: number, jitter: number, chance: () => number): number {
  return slot + 0.5 + jitter * (chance() - 0.5)
}

/** The instant at which `count` lines of the period are due: the inverse of a quadratic, in a form that is exact for constant rates. */
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
