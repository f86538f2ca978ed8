// Renews a lease in time, for as long as it is this Vakt's, and says until when its holder may act.
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { aboutDuration, isoTime } from '../../time.ts'
import { type LeaseRecord, leaseTimes, nextRecord } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'
import type { LeaseTime } from './lease-time.ts'

/** A lease that was written: `version` is that of the write, and `begunMs` when it began (elapsed ms). */
export type WrittenLease = { record: LeaseRecord; version: string; begunMs: number }

/** The renewals of a lease, which run by themselves. */
export interface Renewal {
  /** Until when its holder may act, in elapsed ms. */
  until(): number
  /** Why it may act no more, when the renewals found that; null otherwise. */
  lost(): string | null
  /** Ends the renewals and lets the next Vakt begin at once. Never rejects. */
  release(): Promise<void>
}

export type RenewalOptions = {
  store: LeaseStore
  time: LeaseTime
  written: WrittenLease
  /** Called once, when the lease was found to be somebody else's or to have expired. */
  onLost(sentence: string): void
  onTrouble?(problem: Problem): void
  /** Called with each new instant until which the holder may act. */
  onExtended?(untilMs: number): void
  /** Whether the holder is still there to act; while it is not, nothing is renewed. */
  isHolderAlive?(): boolean
}

/** Renews the lease on this thread. */
export function startRenewal(options: RenewalOptions): Renewal {
  const { store, time, written, onTrouble, isHolderAlive = () => true } = options
  const { ttlMs } = written.record
  const { renewEveryMs, retryEveryMs, actForMs } = leaseTimes(ttlMs)
  const ending = new AbortController()
  let version: string | null = written.version
  /** The last write that was answered, and those since: what is there otherwise was written by another process. */
  let ownNonces = new Set([written.record.nonce])
  let until = written.begunMs + actForMs
  let lost: string | null = null
  let isReleasing = false
  let renewing: Promise<void> | null = null
  let cancel = () => {}

  const lose = (sentence: string) => {
    if (lost !== null) return
    lost = sentence
    cancel()
    ending.abort()
    options.onLost(sentence)
  }

  /**
   * The version of an earlier write of this process whose answer was lost. When it is somebody else's, the lease is lost; a
   * clone of a running machine has the same holder and epoch.
   */
  const ownVersion = async (): Promise<string> => {
    const read = await store.read(ending.signal)
    if (read && ownNonces.has(read.record.nonce)) return read.version
    lose(overtakenSentence(store.name, read?.record ?? null))
    throw new Problem('busy', lost!)
  }

  /** Resolves with whether the lease was renewed; never rejects. */
  const renew = async (): Promise<boolean> => {
    const begun = time.elapsedMs()
    try {
      if (begun >= until) lose(expiredSentence(store.name, actForMs))
      if (lost !== null || !isHolderAlive()) return false
      const record = nextRecord(written.record, time.now())
      ownNonces.add(record.nonce)
      const answer =
        (await store.write(record, version, ending.signal)) ??
        (await store.write(record, await ownVersion(), ending.signal))
      if (answer === null) return false
      version = answer
      ownNonces = new Set([record.nonce])
      // Before the extension: a pause longer than the lease must not be forgotten because its renewal still went through.
      if (time.elapsedMs() < until) extend(begun + actForMs)
      return true
    } catch (error) {
      if (!ending.signal.aborted)
        onTrouble?.(error instanceof Problem ? error : new Problem('busy', errorMessage(error), { cause: error }))
      return false
    }
  }

  const extend = (to: number) => {
    until = to
    options.onExtended?.(to)
  }

  const schedule = (ms: number) => {
    cancel = time.after(ms, () => {
      renewing = renew().then(isRenewed => {
        renewing = null
        if (lost === null && !isReleasing) schedule(isRenewed ? renewEveryMs : retryEveryMs)
      })
    })
  }

  extend(until)
  // A thread that took long to start is late already.
  schedule(Math.max(0, written.begunMs + renewEveryMs - time.elapsedMs()))
  return {
    until: () => until,
    lost: () => lost,
    async release() {
      if (isReleasing || lost !== null) return
      isReleasing = true
      cancel()
      await renewing?.catch(() => {})
      if (lost !== null || time.elapsedMs() >= until) return
      const record = { ...nextRecord(written.record, time.now()), isReleased: true }
      await store.write(record, version, ending.signal).catch(() => {})
    },
  }
}

/** What a Vakt says that could not renew its lease for its time. */
export function expiredSentence(name: string, ms: number): string {
  return `This Vakt could not renew its lease (${name}) for ${aboutDuration(ms)}, so another one may act in its place. It begins nothing more and stops; start it again, or run "npx vakt standby".`
}

function overtakenSentence(name: string, by: LeaseRecord | null): string {
  if (by === null)
    return `The lease ${name} was removed while this Vakt held it. It begins nothing more and stops; start it again.`
  return `${by.name} has taken over (epoch ${by.epoch}, ${isoTime(by.renewedAt)}) and holds the lease ${name}. This Vakt begins nothing more and stops; run "npx vakt standby" here.`
}
