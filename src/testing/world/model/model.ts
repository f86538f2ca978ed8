// The model of a world: what was sent and acknowledged, what must be reported, and what people did about it.
import type { PlannedCheck } from '../world.ts'
import { type Arrival, HeardTime } from './arrivals.ts'
import { CheckProblems } from './problems.ts'
import type { RouteChange, StandIn } from './routing.ts'

/** One request of a job: a stored one must be found, a refused or unsent one must not be, an unanswered one may be. */
export type Attempt = {
  id: number
  check: string
  kind: 'success' | 'start' | 'fail'
  rid: string | null
  /** What Vakt's clock showed, epoch ms. */
  at: number
  outcome: 'stored' | 'refused' | 'unsent' | 'unanswered'
}

/** Why Vakt could not hear. */
export type DeafKind = 'stopped' | 'asleep' | 'offline' | 'storage'

/** A time in which Vakt does not hear, for one reason or several that overlap. */
export type Deafness = {
  kind: 'downtime'
  kinds: Set<DeafKind>
  from: number
  /** Since when it is certain that beats are lost; null while that is not known. */
  sureFrom: number | null
  /** Null while it lasts. */
  to: number | null
}

type Entry = { kind: 'attempt'; attempt: Attempt } | Deafness | { kind: 'rewind'; now: number; ms: number }

/** A mute that people asked for, by what Vakt's clock shows; a card from before `madeAt`, in true time, it does not concern. */
export type Mute = { check: string; from: number; to: number; isCertain: boolean; madeAt: number }

/** What people did with an alert: the word that its cards must show while it is open. */
export type Press = { word: 'Acknowledged' | 'Snoozed' | null; until: number | null; isCertain: boolean }

/** The target of a probe does not answer, until `to` (null: still). */
export type Outage = { from: number; to: number | null }

/** The longest time before a downtime from which Vakt has no sign of life. */
const LAST_SIGN_MS = 315_000
/** How long after a disk has room Vakt may take to notice. */
const NOTICE_MS: Record<DeafKind, number> = { stopped: 0, asleep: 0, offline: 90_000, storage: 660_000 }

export class Model {
  readonly problems = new Map<string, CheckProblems>()
  /** The problems of the targets of probes: since when each is down, and until when. */
  readonly outages = new Map<string, Outage[]>()
  #entries: Entry[] = []
  #attempts = 0
  readonly mutes: Mute[] = []
  readonly presses = new Map<number, Press>()
  /** The changes of the routes, from those of the plan on, and who stood in for whom. */
  readonly routeChanges: RouteChange[] = []
  readonly standIns: StandIn[] = []
  /** The times of Vakt's own troubles, which it may report. */
  readonly troubles: { kind: DeafKind | 'chat' | 'clock' | 'any'; from: number; to: number }[] = []
  /** The times in which Vakt did not hear, in their order, and apart from each other. */
  readonly deafTimes: { from: number; to: number }[] = []
  /** The downtimes that are certain, as far as they are. */
  readonly #sureDowntimes: { from: number; to: number }[] = []
  /** The log lines of programs, as they were counted. */
  arrivals: Arrival[] = []
  /** The highest id of an alert of each check that is settled. */
  readonly settled = new Map<string, number>()

  constructor(checks: readonly PlannedCheck[], probes: readonly string[]) {
    for (const { name, rules } of checks) this.problems.set(name, new CheckProblems(rules))
    for (const name of probes) this.outages.set(name, [])
  }

  /** What a copy of Vakt's state knows now; `attempts` go on counting. */
  clone(): Model {
    const copy = new Model([], [])
    for (const [name, problems] of this.problems) copy.problems.set(name, problems.clone())
    for (const [name, outages] of this.outages) copy.outages.set(name, structuredClone(outages))
    copy.#entries = structuredClone(this.#entries)
    copy.#attempts = this.#attempts
    copy.routeChanges.push(...this.routeChanges)
    copy.standIns.push(...this.standIns)
    copy.mutes.push(...structuredClone(this.mutes))
    for (const [id, press] of this.presses) copy.presses.set(id, { ...press })
    copy.troubles.push(...structuredClone(this.troubles))
    copy.deafTimes.push(...structuredClone(this.deafTimes))
    copy.#sureDowntimes.push(...this.#sureDowntimes)
    copy.arrivals = [...this.arrivals]
    for (const [name, id] of this.settled) copy.settled.set(name, id)
    return copy
  }

  /** Goes on with the attempts of another model, so that no id is used twice. */
  continueAfter(other: Model): void {
    this.#attempts = Math.max(this.#attempts, other.#attempts)
  }

  attempt(check: string, kind: Attempt['kind'], rid: string | null, at: number): Attempt {
    const attempt: Attempt = { id: ++this.#attempts, check, kind, rid, at, outcome: 'unsent' }
    this.#entries.push({ kind: 'attempt', attempt })
    return attempt
  }

  /** Vakt does not hear from now on; `end` says until when. */
  beginDeafness(kind: DeafKind, from: number): Deafness {
    const deafness: Deafness = { kind: 'downtime', kinds: new Set([kind]), from, sureFrom: null, to: null }
    this.#entries.push(deafness)
    return deafness
  }

  /** Vakt's clock went back by `ms` to `now`. */
  rewind(now: number, ms: number): void {
    this.#entries.push({ kind: 'rewind', now, ms })
    for (const press of this.presses.values()) if (press.until !== null) press.isCertain = false
    for (const mute of this.mutes) Object.assign(mute, { from: Math.min(mute.from, now), isCertain: false })
    this.troubles.push({ kind: 'clock', from: now, to: now + ms })
  }

  /** The attempts since the last call; the caller sets whether unanswered ones were stored. */
  pendingAttempts(): Attempt[] {
    return this.#entries.flatMap(entry => (entry.kind === 'attempt' ? [entry.attempt] : []))
  }

  /** Applies what happened since the last call. */
  apply(): void {
    let outage: StorageOutage | null = null
    for (const entry of this.#entries) {
      if (entry.kind === 'attempt') {
        if (outage) this.#applyRefusal(entry.attempt, outage)
        const { check, kind, rid, at, outcome } = entry.attempt
        if (outcome === 'stored') this.problems.get(check)?.beat({ kind, rid, at })
      } else if (entry.kind === 'rewind')
        for (const problems of this.problems.values()) problems.rewind(entry.now, entry.ms)
      else outage = this.#applyDeafness(entry)
    }
    this.#entries = []
  }

  /** Returns what is still to be learnt about it from the beats that were refused. */
  #applyDeafness({ kinds, from, to, sureFrom }: Deafness): StorageOutage | null {
    // Vakt's clock went back meanwhile, which is an entry of its own.
    if (to !== null && to < from) return null
    const notice = Math.max(...[...kinds].map(kind => NOTICE_MS[kind]))
    const end = to ?? from
    const isStorage = kinds.has('storage')
    for (const kind of kinds) this.troubles.push({ kind, from, to: end + notice })
    this.deafTimes.push({ from, to: end })
    const sure = isStorage || sureFrom === null ? null : { from: sureFrom, to: end }
    if (sure) this.#sureDowntimes.push(sure)
    const possible = { from: from - LAST_SIGN_MS, to: end + notice }
    for (const problems of this.problems.values()) problems.blind({ begunAt: from, sure, possible })
    return isStorage ? { to: end, isSure: kinds.size === 1, isOpen: false } : null
  }

  /** A full disk: from a refused beat to the next stored one nothing could be stored for sure. */
  #applyRefusal(attempt: Attempt, outage: StorageOutage): void {
    const { at, outcome, check, kind } = attempt
    if (at > outage.to) return
    if (outcome === 'stored') outage.isOpen = false
    if (outcome !== 'refused') return
    if (!outage.isOpen && outage.isSure) {
      outage.isOpen = true
      const to = this.#nextStored(attempt, outage.to)
      for (const problems of this.problems.values()) problems.blindForSure({ from: at, to })
    }
    this.problems.get(check)?.refuse({ at, endsRun: kind !== 'start' }, outage.to, outage.isSure)
  }

  /** How long Vakt heard between two instants that its clock showed, ms. */
  heardMs(from: number, to: number): number {
    const deafMs = this.deafTimes.map(time => Math.min(time.to, to) - Math.max(time.from, from))
    return to - from - deafMs.reduce((sum, ms) => sum + Math.max(0, ms), 0)
  }

  /** Time as rules over logs count it. */
  heardTime(): HeardTime {
    const isDeaf = ({ kind }: { kind: string }) => kind in NOTICE_MS
    const possible = this.troubles.filter(isDeaf).map(({ from, to }) => ({ from: from - LAST_SIGN_MS, to }))
    return new HeardTime(possible, this.#sureDowntimes)
  }

  /** Forgets the lines from before `at`. */
  forgetArrivals(at: number): void {
    this.arrivals = this.arrivals.filter(arrival => arrival.at >= at)
  }

  #nextStored({ id }: Attempt, end: number): number {
    return (
      this.pendingAttempts().find(later => later.id > id && later.outcome === 'stored' && later.at <= end)?.at ?? end
    )
  }
}

/** A storage outage while its beats are applied. */
type StorageOutage = { to: number; isSure: boolean; isOpen: boolean }
