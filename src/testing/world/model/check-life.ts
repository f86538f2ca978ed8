// The life of one check as the documents have it: what its beats, its deadlines and Vakt's own downtime make of it.
import { dueAfter, dueInPhase, isTimed, type Schedule } from './schedule.ts'

export type CheckRules = {
  schedule: Schedule
  graceMs: number
  /** How early a beat of a timed schedule may be, ms. */
  earlyMs: number
  maxRuntimeMs: number | null
  after: number
}

export type Beat = { kind: 'success' | 'start' | 'fail'; rid: string | null; at: number }

/** A time in which no beat could arrive, and how long after it nothing may be missed yet. */
export type Blindness = {
  from: number
  to: number
  graceMs: number
}

export class CheckLife {
  readonly #rules: CheckRules
  #status: 'new' | 'up' | 'down' = 'new'
  #due: number | null = null
  #deadline: number | null = null
  #misses = 0
  #start: { at: number; rid: string | null } | null = null
  #lastBeat = 0
  #blindTo = 0
  #blindGraceMs = 0
  /** Since when it is down; null while it is not. */
  downSince: number | null = null

  constructor(rules: CheckRules) {
    this.#rules = rules
  }

  clone(): CheckLife {
    const copy = new CheckLife(this.#rules)
    copy.#status = this.#status
    copy.#due = this.#due
    copy.#deadline = this.#deadline
    copy.#misses = this.#misses
    copy.#start = this.#start
    copy.#lastBeat = this.#lastBeat
    copy.#blindTo = this.#blindTo
    copy.#blindGraceMs = this.#blindGraceMs
    copy.downSince = this.downSince
    return copy
  }

  /** When the next beat is due. */
  get due(): number | null {
    return this.#due
  }

  /** Time passes: deadlines before `until` are missed, one at `until` only with `isInclusive`. */
  pass(until: number, isInclusive: boolean): void {
    while (this.#deadline !== null && (this.#deadline < until || (isInclusive && this.#deadline === until)))
      this.#missDeadline(this.#deadline)
  }

  /** A beat was stored, also while others are lost: that time does not count for what follows it either. */
  beat(beat: Beat): void {
    this.#apply(beat)
    if (beat.at < this.#blindTo) this.blind({ from: beat.at, to: this.#blindTo, graceMs: this.#blindGraceMs })
  }

  #apply({ kind, rid, at }: Beat): void {
    if (kind === 'start') {
      this.#start = { at, rid }
      this.#expect(this.#deadline ?? 0)
      return
    }
    const finish = this.#finish()
    const isOwnRun = this.#start !== null && this.#start.rid === rid
    if (isOwnRun || kind === 'fail' || rid === null || (finish ?? at) <= at) this.#start = null
    this.#lastBeat = at
    const counted = this.#countedFor(at)
    if (kind === 'fail') {
      this.#miss(at, counted)
      return
    }
    this.#status = 'up'
    this.#misses = 0
    this.downSince = null
    this.#due = dueAfter(this.#rules.schedule, counted)
    this.#expect()
  }

  /** Nothing that was due in the time counts as missed, nor does waiting in it. */
  blind({ from, to, graceMs }: Blindness): void {
    this.#blindTo = to
    this.#blindGraceMs = graceMs
    const { schedule } = this.#rules
    const earliest = to + graceMs
    if (this.#deadline !== null) {
      const isRun = this.#isRunExpected()
      const begun = isRun ? this.#start!.at : this.#due!
      if (isRun || begun <= from || begun > to) {
        const isTouched = begun <= to && this.#deadline > from
        const lost = isTouched ? to - Math.max(from, begun) : 0
        this.#deadline = Math.max(this.#deadline + lost, earliest)
      } else {
        this.#due = schedule.kind === 'every' ? dueInPhase(schedule, begun, to) : dueAfter(schedule, to)
        this.#expect(earliest)
        // A run under way has the lost time, too.
        const lost = this.#isRunExpected() ? to - Math.max(from, this.#start!.at) : 0
        this.#deadline = Math.max(this.#deadline! + Math.max(0, lost), earliest)
      }
    }
  }

  /** Vakt's clock goes back by `ms` to `now`: nothing is due later than after a beat at `now`. */
  rewind(now: number, ms: number): void {
    if (this.downSince !== null && this.downSince > now) this.downSince -= ms
    this.#blindTo = Math.min(this.#blindTo, now)
    const soonest = this.#due === null ? null : dueAfter(this.#rules.schedule, now)
    const due = soonest === null ? null : Math.min(this.#due!, soonest)
    const isAhead = this.#lastBeat > now || (this.#start?.at ?? 0) > now || due !== this.#due
    if (!isAhead) return
    this.#lastBeat = Math.min(this.#lastBeat, now)
    if (this.#start && this.#start.at > now) this.#start = { ...this.#start, at: now }
    this.#due = due
    this.#expect()
  }

  /** Vakt refused a beat at `at`, so that its job did its part. No deadline passes before `earliest`. */
  forgive(at: number, endsRun: boolean, earliest: number): void {
    if (this.#deadline === null) return
    if (endsRun && this.#start && this.#start.at <= at) this.#start = null
    if (this.#due !== null) this.#due = Math.max(this.#due, dueAfter(this.#rules.schedule, at))
    this.#expect(0)
    if (this.#deadline !== null) this.#deadline = Math.max(this.#deadline, earliest)
  }

  #missDeadline(at: number): void {
    const before = this.#deadline!
    const plain = this.#plainDeadline(0)
    const wasExtended = plain !== null && plain < before
    // One run is never two misses.
    if (this.#misses + 1 < this.#rules.after) this.#start = null
    this.#miss(at, wasExtended ? at : (this.#due ?? at))
  }

  #miss(at: number, from: number): void {
    this.#misses++
    if (this.#status === 'down' || this.#misses >= this.#rules.after) {
      if (this.#status !== 'down') this.downSince = at
      this.#status = 'down'
    } else {
      this.#status = 'up'
      const due = dueAfter(this.#rules.schedule, from)
      this.#due = due + this.#rules.graceMs <= at ? dueAfter(this.#rules.schedule, at) : due
    }
    this.#expect()
  }

  #countedFor(at: number): number {
    const { schedule, earlyMs } = this.#rules
    if (!isTimed(schedule) || earlyMs === 0) return at
    const due = dueAfter(schedule, at)
    return due - at <= earlyMs ? due : at
  }

  #finish(): number | null {
    const { maxRuntimeMs, graceMs } = this.#rules
    return this.#start === null ? null : this.#start.at + (maxRuntimeMs ?? graceMs)
  }

  #expect(earliest = 0): void {
    this.#deadline = this.#plainDeadline(earliest)
  }

  #plainDeadline(earliest: number): number | null {
    const finish = this.#finish()
    if (this.#status === 'down') return null
    if (this.#status === 'new') return finish
    const silent = this.#due === null ? null : Math.max(this.#due + this.#rules.graceMs, earliest)
    if (finish === null || silent === null) return finish ?? silent
    // With a limit of its own, a run that began in time replaces the wait for the beat.
    const isRunning = this.#start!.at > this.#lastBeat
    return this.#rules.maxRuntimeMs !== null && isRunning ? finish : Math.min(finish, silent)
  }

  #isRunExpected(): boolean {
    const finish = this.#finish()
    return finish !== null && this.#plainDeadline(0) === finish
  }
}
