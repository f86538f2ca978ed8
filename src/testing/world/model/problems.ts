// What must be reported of one check: its problems, each with the earliest and the latest instant of its alert.
import { type Beat, CheckLife, type CheckRules } from './check-life.ts'

/**
 * An alert fires from `from` to `to` (null: it need not, because a beat came before the latest instant) and ends at
 * `endedAt` (null: still open). All are what Vakt's clock shows, epoch ms.
 */
export type Problem = { from: number; to: number | null; endedAt: number | null }

type Range = { from: number; to: number }

/** A downtime as an observer sees it, from `begunAt` on: it lasted at least `sure` (null: not known yet), and at most `possible`. */
export type Downtime = { begunAt: number; sure: Range | null; possible: Range }

/** No deadline passes before a downtime has been over for at least this long, and this is the most that it may add. */
const GRACE_MS = { least: 5_000, most: 60_000 }

/** The longest time between two ticks of the scheduler. */
const TICK_MS = 300_000

/**
 * Three lives of a check: the eager one counts only what is certain of a downtime, the lazy one all that Vakt may count. A due
 * time that only the lazy one skips moves what comes after it; the late life counts as much as it can without skipping it.
 */
export class CheckProblems {
  #eager: CheckLife
  #lazy: CheckLife
  #late: CheckLife
  #ended: Problem[] = []

  readonly #rules: CheckRules

  constructor(rules: CheckRules) {
    this.#rules = rules
    this.#eager = new CheckLife(rules)
    this.#lazy = new CheckLife(rules)
    this.#late = new CheckLife(rules)
  }

  clone(): CheckProblems {
    const copy = new CheckProblems(this.#rules)
    copy.#eager = this.#eager.clone()
    copy.#lazy = this.#lazy.clone()
    copy.#late = this.#late.clone()
    copy.#ended = [...this.#ended]
    return copy
  }

  get #lives(): CheckLife[] {
    return [this.#eager, this.#lazy, this.#late]
  }

  /** Time passes: what is due at `until` itself only the eager life misses. */
  #pass(until: number, eagerUntil = until): void {
    this.#eager.pass(eagerUntil, true)
    this.#lazy.pass(until, false)
    this.#late.pass(until, false)
  }

  beat(beat: Beat): void {
    this.#pass(beat.at)
    const open = beat.kind === 'success' ? this.#open() : null
    if (open) this.#ended.push({ ...open, endedAt: beat.at })
    for (const life of this.#lives) life.beat(beat)
  }

  blind({ begunAt, sure, possible }: Downtime): void {
    this.#pass(begunAt, sure?.from ?? begunAt)
    if (sure) this.#eager.blind({ ...sure, graceMs: GRACE_MS.least })
    this.#lazy.blind({ ...possible, graceMs: GRACE_MS.most })
    const due = this.#late.due ?? 0
    const from = due > possible.from && due <= begunAt ? due : possible.from
    this.#late.blind({ ...possible, from, graceMs: GRACE_MS.most })
  }

  /** A part of a downtime that becomes certain by the first beat that is refused in it. */
  blindForSure(range: Range): void {
    this.#eager.pass(range.from, true)
    this.#eager.blind({ ...range, graceMs: GRACE_MS.least })
  }

  /** Vakt refused a beat at `at`; it knows of that until `to`, and certainly unless it is killed meanwhile. */
  refuse(beat: { at: number; endsRun: boolean }, to: number, isSure: boolean): void {
    if (isSure) this.#eager.forgive(beat.at, beat.endsRun, to + GRACE_MS.least)
    for (const life of [this.#lazy, this.#late]) life.forgive(beat.at, beat.endsRun, to + GRACE_MS.most)
  }

  rewind(now: number, ms: number): void {
    this.#pass(now + ms)
    this.#eager.rewind(now, ms)
    // Vakt measures by how much from its last tick.
    for (const life of [this.#lazy, this.#late]) life.rewind(now, ms - TICK_MS)
  }

  /** The problems that have ended since the last call, and the open one, at `now`. */
  take(now: number): { problems: Problem[]; isDown: boolean | null } {
    for (const life of this.#lives) life.pass(now, true)
    const open = this.#open()
    const problems = [...this.#ended, ...(open ? [open] : [])]
    this.#ended = []
    const isDown = new Set(this.#lives.map(life => life.downSince !== null))
    return { problems, isDown: isDown.size === 1 ? open !== null : null }
  }

  #open(): Problem | null {
    const downs = this.#lives.map(life => life.downSince).filter(at => at !== null)
    if (downs.length === 0) return null
    return { from: Math.min(...downs), to: downs.length === 3 ? Math.max(...downs) : null, endedAt: null }
  }
}
