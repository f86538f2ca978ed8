// The jobs of a world: when they run, how their runs go wrong, and the pings that follow.
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import { dueAfter, isTimed } from './model/schedule.ts'
import { type Random, uuid } from './random.ts'
import type { Step } from './steps/step.ts'
import type { PlannedCheck } from './world.ts'

/** After each block of this length everything is well for a while, and what must be true is asserted. */
export const BLOCK_MS = 12 * HOUR
/** No job pings in this time before the end of a block. */
const STILL_MS = 5 * MINUTE

/** A run as it may begin, and what it can ping with. */
type Run = {
  random: Random
  due: number
  /** When it begins: a little after its due time. */
  at: number
  /** How long it takes, and how long it may take at most, ms. */
  ms: number
  limit: number
  graceMs: number
  /** Pings a start, and an end (null: none) after `ms`. */
  runs(at: number, ms: number, end: 'success' | 'fail' | null, rid?: string | null): void
}

/** What a run may do, how often, and how many runs after it are missing. */
type Way = { weight: number; go(run: Run): number | undefined }

const WAYS: readonly Way[] = [
  { weight: 90, go: ({ runs, at, ms }) => void runs(at, ms, 'success') },
  { weight: 2.5, go: ({ runs, at, ms }) => void runs(at, ms, 'fail') },
  { weight: 2.5, go: ({ random }) => random.whole(0, 4) },
  {
    weight: 2.5,
    go: ({ runs, at, ms, random, graceMs }) => void runs(at + random.whole(0, 3 * graceMs), ms, 'success'),
  },
  { weight: 1.5, go: ({ runs, due, random }) => void runs(due - random.whole(0, 90 * SECOND), 0, 'success') },
  { weight: 1.5, go: ({ runs, at, ms }) => void runs(at, ms, null) },
  {
    weight: 1.5,
    go: ({ runs, at, limit, random }) =>
      void runs(at, limit + random.whole(SECOND, limit), 'success', random.chance(0.5) ? uuid(random) : null),
  },
  {
    weight: 1.5,
    go({ runs, at, limit, random }) {
      runs(at, random.whole(2 * SECOND, limit), 'success', uuid(random))
      runs(at + SECOND, random.whole(SECOND, limit / 2), random.chance(0.8) ? 'success' : 'fail', uuid(random))
      return undefined
    },
  },
]

/** The pings of a job for `lengthMs`: most of its runs are as expected, `share` of the others are not. */
export function runsOf(check: PlannedCheck, random: Random, start: number, lengthMs: number, share = 1): Step[] {
  const { schedule, graceMs, maxRuntimeMs } = check.rules
  const steps: Step[] = []
  const hasStarts = maxRuntimeMs !== null || random.chance(0.3)
  const limit = maxRuntimeMs ?? graceMs
  const ping = (at: number, signal: 'success' | 'start' | 'fail', rid: string | null) => {
    const tries = random.pick([1, 4, 4])
    steps.push({ at: Math.max(0, outsideQuiet(at - start)), kind: 'beat', check: check.name, signal, rid, tries })
  }
  const runs: Run['runs'] = (at, ms, end, rid = null) => {
    if (hasStarts || end === null || rid !== null) ping(at, 'start', rid)
    if (end) ping(at + ms, end, rid)
  }
  let missing = 0
  for (let due = start + random.whole(1, 10) * MINUTE; due < start + lengthMs; ) {
    const at = due + random.whole(0, Math.min(30 * SECOND, graceMs / 4))
    const ms = hasStarts ? random.whole(SECOND, limit / 2) : 0
    const way = random.chance(share) ? random.pickWeighted(WAYS, ({ weight }) => weight) : WAYS[0]!
    if (missing > 0) missing--
    else missing = way.go({ random, due, at, ms, limit, graceMs, runs }) ?? 0
    due = dueAfter(schedule, isTimed(schedule) ? due : at)
  }
  return steps
}

/** The same time, or just after the end of the block where it is too close to that. */
export function outsideQuiet(at: number): number {
  const place = at % BLOCK_MS
  return place > BLOCK_MS - STILL_MS ? at + BLOCK_MS - place + SECOND : at
}
