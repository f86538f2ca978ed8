// Takes beats on a satellite: a beat of a check that the main has is kept for it, and answered as the main would answer it.
import type { Clock } from '../../clock.ts'
import type { Spool } from '../../satellites/spools.ts'
import type { State } from '../../state/database.ts'
import {
  AMBIGUOUS,
  BUSY,
  CREATED,
  findPinged,
  NOT_FOUND,
  OK,
  type PingOptions,
  readCheckDraft,
  refuseArrival,
  refused,
} from '../pings/ping.ts'
import type { PingAnswer } from '../pings/ping-routes.ts'

export type KeepPingOptions = { state: State; spool: Spool; clock: Clock; timeZone: string; onStored(): void }

/** How many checks that pings created are remembered until the list of the main has them. */
const MAX_CREATED = 10_000

/** What stores pings in the spool; see `PingOptions.keepPing`. */
export function createKeepPing({ state, spool, clock, timeZone, onStored }: KeepPingOptions) {
  const created = new Set<string>()
  /** Since when beats were refused because nothing fits any more, and when one was taken again. */
  let refusedSince: number | null = null
  let takenAt: number | null = null

  const noteRefusal = (now: number) => {
    refusedSince ??= now
    takenAt = null
  }

  const keepPing: NonNullable<PingOptions['keepPing']> = (ping, arrival, query, now) => {
    const found = findPinged(state, ping)
    if (found.length > 1) return refused(AMBIGUOUS)
    const isNew = found.length === 0
    const draft = isNew ? readCheckDraft({ state, timeZone }, ping, query) : null
    if (isNew && !draft) return refused(NOT_FOUND)
    const malformed = refuseArrival(arrival)
    if (malformed) return refused(malformed)
    if (draft && 'text' in draft) return refused(draft)
    if (!spool.hasRoom('beat', arrival.body.length)) {
      noteRefusal(now)
      return refused(BUSY)
    }
    if (refusedSince !== null) takenAt ??= now
    const { body, ...rest } = arrival
    spool.add({ kind: 'beat', at: now, ping, arrival: rest, query: query.toString() }, body)
    setImmediate(onStored)
    return { answer: answerOf(ping, isNew), kind: ping.signal }
  }

  const answerOf = (ping: Parameters<typeof keepPing>[0], isNew: boolean): PingAnswer => {
    if (!isNew || 'uuid' in ping) return OK
    const name = `${ping.pingKey}/${ping.slug}`
    if (created.has(name)) return OK
    if (created.size >= MAX_CREATED) created.clear()
    created.add(name)
    return CREATED
  }

  return {
    keepPing,
    /** Notes that a beat could not be stored, because the disk itself is full. */
    noteRefusal: () => noteRefusal(clock.now()),
    /**
     * Records the time in which beats were refused, before a report claims to be complete: their jobs are not to blame.
     * Nothing while there is no room; throws when the disk is still full. Returns since when beats are refused and that is not
     * recorded yet, so that a report must not claim to be complete; null when nothing is.
     */
    recordRefusedTime(): number | null {
      if (refusedSince === null || spool.isFull()) return refusedSince
      const [from, to] = [refusedSince, takenAt ?? clock.now()]
      state.transaction(() => spool.add({ kind: 'downtime', at: to, from, to }, Buffer.alloc(0)))
      refusedSince = null
      takenAt = null
      return null
    },
    /** Records that nothing could be taken from `from` to now, because the satellite did not run. */
    recordDowntime(from: number): void {
      const to = clock.now()
      // A machine that slept may have come back as it was earlier, or twice.
      spool.beginRun()
      if (from < to) state.transaction(() => spool.add({ kind: 'downtime', at: to, from, to }, Buffer.alloc(0)))
    },
  }
}
