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

export class CheckProblems {
  #eager: CheckLife
  #lazy: CheckLife
  #ended: Problem[] = []

  readonly #rules: CheckRules

  constructor(rules: CheckRules) {
    this.#rules = rules
    this.#eager = new CheckLife(rules)
    this.#lazy = new CheckLife(rules)
  }

  clone(): CheckProblems {
    const copy = new CheckProblems(this.#rules)
    copy.#eager = this.#eager.clone()
    copy.#lazy = this.#lazy.clone()
    copy.#ended = [...this.#ended]
    return copy
  }

  beat(beat: Beat): void {
    this.#eager.pass(beat.at, true)
    this.#lazy.pass(beat.at, false)
    const open = beat.kind === 'success' ? this.#open() : null
    if (open) this.#ended.push({ ...open, endedAt: beat.at })
    this.#eager.beat(beat)
    this.#lazy.beat(beat)
  }

  blind({ begunAt, sure, possible }: Downtime): void {
    this.#eager.pass(sure?.from ?? begunAt, true)
    this.#lazy.pass(begunAt, false)
    if (sure) this.#eager.blind({ ...sure, graceMs: GRACE_MS.least })
    this.#lazy.blind({ ...possible, graceMs: GRACE_MS.most })
  }

  /** A part of a downtime that becomes certain by the first beat that is refused in it. */
  blindForSure(range: Range): void {
    this.#eager.pass(range.from, true)
    this.#eager.blind({ ...range, graceMs: GRACE_MS.least })
  }

  /** Vakt refused a beat at `at`; it knows of that until `to`, and certainly unless it is killed meanwhile. */
  refuse(beat: { at: number; endsRun: boolean }, to: number, isSure: boolean): void {
    if (isSure) this.#eager.forgive(beat.at, beat.endsRun, to + GRACE_MS.least)
    this.#lazy.forgive(beat.at, beat.endsRun, to + GRACE_MS.most)
  }

  rewind(now: number, ms: number): void {
    this.#eager.pass(now + ms, true)
    this.#lazy.pass(now + ms, false)
    this.#eager.rewind(now, ms)
    // Vakt measures by how much from its last tick.
    this.#lazy.rewind(now, ms - TICK_MS)
  }

  /** The problems that have ended since the last call, and the open one, at `now`. */
  take(now: number): { problems: Problem[]; isDown: boolean | null } {
    this.#eager.pass(now, true)
    this.#lazy.pass(now, true)
    const open = this.#open()
    const problems = [...this.#ended, ...(open ? [open] : [])]
    this.#ended = []
    const isDown = [this.#eager, this.#lazy].map(life => life.downSince !== null)
    return { problems, isDown: isDown[0] === isDown[1] ? isDown[0]! : null }
  }

  #open(): Problem | null {
    const downs = [this.#eager.downSince, this.#lazy.downSince].filter(at => at !== null)
    if (downs.length === 0) return null
    // Mostly the eager life is down first; a miss that only the lazy one skipped moves those after it, too.
    return { from: Math.min(...downs), to: downs.length > 1 ? Math.max(...downs) : null, endedAt: null }
  }
}
