// Whether beats and log lines can be stored: since when storage refuses them, and why. In memory, because a full disk cannot hold it.
import { BoundedMap } from '../bounded-map.ts'
import { Problem } from '../problem.ts'
import { storageFailure } from '../storage-failure.ts'
import { isoTime, MINUTE, SECOND } from '../time.ts'
import type { State } from './database.ts'

export type StoredThing = 'beats' | 'log lines'
export const STORED_THINGS = ['beats', 'log lines'] as const satisfies StoredThing[]

/** An outage that begins this soon after another is the same trouble, for people. */
const SAME_OUTAGE_MS = MINUTE
/** When storage refuses again this soon, some of what arrives fits and some does not: the outage is over once nothing was refused for as long. */
const STABLE_MS = 5 * SECOND
/** How many refused beats are remembered, the newest of each check. */
const MAX_REFUSED = 20_000

/** A beat that was refused, by what its URL names. */
export type RefusedBeat = {
  ping: { uuid: string } | { pingKey: string; slug: string }
  at: number
  /** Whether it ends a run: everything but a start. */
  endsRun: boolean
}

/** What was refused: `rehearse` repeats its writes inside a transaction, to find out whether they work again. */
export type Refused = { beat?: RefusedBeat; rehearse?: () => void }

/** A time in which storage refuses beats or log lines; all instants are epoch ms. */
export type StorageOutage = {
  readonly thing: StoredThing
  /** The first refusal. */
  since: number
  /** The first refusal of this and of the outages that ended shortly before. */
  troubledSince: number
  lastRefusedAt: number
  /** When something was stored again; null while nothing was. */
  storedAt: number | null
  /** The sentence of the latest refusal. */
  message: string
  /** Another outage ended a moment before. */
  readonly isFlickering: boolean
  /** The newest refused beat of each check. */
  readonly beats: BoundedMap<string, RefusedBeat>
  rehearse: (() => void) | null
}

/** What storage refuses now. Refusals are recorded where they are answered, whoever asked. */
export class StorageHealth {
  readonly #outages = new Map<StoredThing, StorageOutage>()
  readonly #lastEnds = new Map<StoredThing, { troubledSince: number; at: number }>()
  readonly #listeners: (() => void)[] = []
  #isChecking = false
  readonly #state: Pick<State, 'damage' | 'check'>

  constructor(state: Pick<State, 'damage' | 'check'>) {
    this.#state = state
  }

  /** What is damaged in the state database; null when nothing is, or when nobody has checked yet. */
  get damage(): string | null {
    return this.#state.damage ?? null
  }

  /** Records that something could not be stored at `now`. Errors other than those of storage do not count: load and limits are no outage. */
  recordRefusal(thing: StoredThing, error: unknown, now: number, { beat, rehearse }: Refused = {}): void {
    if (!(error instanceof Problem) || !error.isStorage) return
    // Damage stays when the next beat can be stored; a check says how much there is.
    if (this.#state.damage === null && storageFailure(error) === 'damaged') this.#checkSoon()
    const outage = this.#outages.get(thing) ?? this.#open(thing, now)
    outage.lastRefusedAt = now
    outage.storedAt = null
    outage.message = error.message
    if (rehearse) outage.rehearse = rehearse
    if (beat) outage.beats.set('uuid' in beat.ping ? beat.ping.uuid : `${beat.ping.pingKey}/${beat.ping.slug}`, beat)
  }

  /** Records that something was stored. Every beat and batch calls it: it costs nothing while nothing is refused. */
  recordStored(thing: StoredThing, clock: { now(): number }): void {
    if (this.#outages.size === 0) return
    const outage = this.#outages.get(thing)
    if (!outage || outage.storedAt !== null) return
    outage.storedAt = clock.now()
    for (const listener of this.#listeners) listener()
  }

  /** The outage of beats or log lines: until something is stored again, and while it flickers, until that lasts. */
  outage(thing: StoredThing, now: number): StorageOutage | null {
    const outage = this.#outages.get(thing)
    return outage && !isOver(outage, now) ? outage : null
  }

  /** The outage, also when it is over but `close` has not been called yet. */
  unclosed(thing: StoredThing): StorageOutage | null {
    return this.#outages.get(thing) ?? null
  }

  /** The outage that is over and was not closed yet, or null. */
  over(thing: StoredThing, now: number): StorageOutage | null {
    const outage = this.#outages.get(thing)
    return outage && isOver(outage, now) ? outage : null
  }

  /** Closes an outage that is over, once its downtime is recorded. */
  close({ thing, troubledSince, storedAt }: StorageOutage): void {
    this.#outages.delete(thing)
    this.#lastEnds.set(thing, { troubledSince, at: storedAt! })
  }

  /** Calls `listener` whenever something is stored again. */
  onStored(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Moves instants that lie in the future to `now`, after the clock went back. */
  rewind(now: number): void {
    this.#lastEnds.clear()
    for (const outage of this.#outages.values()) {
      outage.since = Math.min(outage.since, now)
      outage.troubledSince = Math.min(outage.troubledSince, now)
      outage.lastRefusedAt = Math.min(outage.lastRefusedAt, now)
      if (outage.storedAt !== null) outage.storedAt = Math.min(outage.storedAt, now)
      for (const beat of outage.beats.values()) beat.at = Math.min(beat.at, now)
    }
  }

  #checkSoon(): void {
    if (this.#isChecking) return
    this.#isChecking = true
    setImmediate(() => {
      this.#isChecking = false
      try {
        this.#state.check()
      } catch {
        // A file that cannot even be read is an outage already.
      }
    })
  }

  #open(thing: StoredThing, now: number): StorageOutage {
    const last = this.#lastEnds.get(thing)
    const msSince = last === undefined ? Number.POSITIVE_INFINITY : now - last.at
    const outage: StorageOutage = {
      thing,
      since: now,
      troubledSince: last && msSince <= SAME_OUTAGE_MS ? last.troubledSince : now,
      lastRefusedAt: now,
      storedAt: null,
      message: '',
      isFlickering: msSince <= STABLE_MS,
      beats: new BoundedMap(MAX_REFUSED),
      rehearse: null,
    }
    this.#outages.set(thing, outage)
    return outage
  }
}

function isOver({ storedAt, isFlickering }: StorageOutage, now: number): boolean {
  return storedAt !== null && (!isFlickering || now - storedAt >= STABLE_MS)
}

/** The storage as people and machines read it: `message` says everything that is wrong, and is null when nothing is. */
export type StorageStatus = {
  ok: boolean
  message: string | null
  outages: readonly { thing: StoredThing; since: number; message: string }[]
  damage: string | null
}

/** The status of the storage at `now`. */
export function storageStatus(storage: StorageHealth, now: number): StorageStatus {
  const outages = STORED_THINGS.map(thing => storage.outage(thing, now)).filter(outage => outage !== null)
  const sentences = [
    ...outages.map(
      ({ thing, troubledSince, message }) =>
        `Vakt has been unable to store ${thing} since ${isoTime(troubledSince)}. ${message}`,
    ),
    ...(storage.damage === null ? [] : [damageSentence(storage.damage)]),
  ]
  return {
    ok: sentences.length === 0,
    message: sentences.length === 0 ? null : sentences.join(' '),
    outages: outages.map(({ thing, troubledSince, message }) => ({ thing, since: troubledSince, message })),
    damage: storage.damage,
  }
}

function damageSentence(damage: string): string {
  return `The state database is damaged (${damage}). Stop Vakt, keep a copy of vakt.db, and restore it from a backup.`
}
