// Takes the lease, renews it, and says at every step whether this Vakt may still act.
import { randomUUID } from 'node:crypto'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { aboutDuration, isoTime } from '../../time.ts'
import { type LeaseRecord, leaseTimes, type ReadLease } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'
import type { LeaseTime } from './lease-time.ts'

const RELEASED = 'This Vakt has released its lease and is stopping.'

/** The lease of this Vakt, which it renews by itself. */
export interface Lease {
  readonly epoch: number
  /** The lease that it followed, when another Vakt or an earlier process held that; null for the first of all. */
  readonly previous: LeaseRecord | null
  /**
   * Throws a `Problem` when this Vakt may act no more: its last renewal began too long ago, or another one has taken over.
   * Costs two readings of the clock. The first time it calls `onLost`, which ends the process.
   */
  check(): void
  /** Ends the renewals and lets the next Vakt begin at once. Never rejects. */
  release(): Promise<void>
}

export type LeaseOptions = {
  store: LeaseStore
  /** Identifies the data folder and the boot of the machine; see `folderIdentity`. */
  holder: string
  name: string
  ttlMs: number
  time: LeaseTime
  signal: AbortSignal
  /**
   * Called when the lease is free, before it is taken: throws when this Vakt must not take it; otherwise whether it goes on
   * from the state of that lease, so that the epoch of its own earlier process stays.
   */
  onFree(record: LeaseRecord | null): { goesOn: boolean }
  /** Called while another Vakt has the lease, once for each holder. */
  onWait?(record: LeaseRecord, isRenewed: boolean): void
  onTrouble?(problem: Problem): void
  /** Called once, when this Vakt may act no more. */
  onLost(sentence: string): void
}

/**
 * Waits until the lease is free and takes it. It is free when there is none, when it was released, when it is that of an
 * earlier process on this folder, or when nobody renewed it for its whole time by the clock of this machine.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { time, signal, ttlMs, onTrouble } = options
  const seen: Seen = { version: undefined, since: 0, holder: '' }
  for (;;) {
    signal.throwIfAborted()
    try {
      const lease = await tryToTake(options, seen)
      if (lease) return lease
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Problem) || error.code !== 'busy') throw error
      onTrouble?.(error)
    }
    await pause(time, leaseTimes(ttlMs).pollEveryMs, signal)
  }
}

/** The version that was read last (undefined before the first), and since when it has not changed, by the own clock. */
type Seen = { version: string | null | undefined; since: number; holder: string }

/** Reads the lease and takes it when it is free; null when it is not, or when somebody else was faster. */
async function tryToTake(options: LeaseOptions, seen: Seen): Promise<Lease | null> {
  const { store, time, signal, ttlMs } = options
  const begun = time.elapsedMs()
  const read = await store.read(signal)
  notice(options, seen, read)
  if (!isFree(options, read, time.elapsedMs() - seen.since)) return null
  const { goesOn } = options.onFree(read?.record ?? null)
  const epoch = (read?.record.epoch ?? 0) + (goesOn && read !== null ? 0 : 1)
  const record = recordOf(options, epoch, false)
  const written = await writeOrRecognize(store, record, read?.version ?? null, signal)
  // A Vakt that paused meanwhile may have been overtaken; its lease must not begin with the write.
  if (written === null || time.elapsedMs() - begun >= leaseTimes(ttlMs).actForMs) return null
  await store.verify(record, signal)
  return holdLease(options, record, read?.record ?? null, written, begun)
}

function notice(options: LeaseOptions, seen: Seen, read: ReadLease): void {
  const version = read?.version ?? null
  if (seen.version === version) return
  const isRenewed = seen.version !== undefined && seen.holder === read?.record.holder
  if (read && !isFree(options, read, 0)) options.onWait?.(read.record, isRenewed)
  Object.assign(seen, { version, since: options.time.elapsedMs(), holder: read?.record.holder ?? '' })
}

function isFree({ holder }: LeaseOptions, read: ReadLease, unchangedMs: number): boolean {
  if (read === null) return true
  const { record } = read
  return record.isReleased || record.holder === holder || unchangedMs >= record.ttlMs
}

function recordOf({ holder, name, ttlMs, time }: LeaseOptions, epoch: number, isReleased: boolean): LeaseRecord {
  return { format: 1, epoch, holder, name, ttlMs, renewedAt: time.now(), nonce: randomUUID(), isReleased }
}

/** Writes; a refusal may be of an attempt whose first answer was lost, so the record is read back. */
async function writeOrRecognize(
  store: LeaseStore,
  record: LeaseRecord,
  version: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  const written = await store.write(record, version, signal)
  if (written !== null) return written
  const now = await store.read(signal)
  return now?.record.nonce === record.nonce ? now.version : null
}

function holdLease(
  options: LeaseOptions,
  { epoch, nonce }: LeaseRecord,
  previous: LeaseRecord | null,
  firstVersion: string,
  firstBegun: number,
): Lease {
  const { store, time, ttlMs, onTrouble, onLost } = options
  const { renewEveryMs, retryEveryMs, actForMs } = leaseTimes(ttlMs)
  const ending = new AbortController()
  let version: string | null = firstVersion
  /** The last write that was answered, and those since: what is there otherwise was written by another process. */
  let ownNonces = new Set([nonce])
  let until = firstBegun + actForMs
  let lost: string | null = null
  let isReleasing = false
  let isReleased = false
  let renewing: Promise<void> | null = null
  let cancelRenewal = () => {}
  let cancelEnd = () => {}

  const lose = (sentence: string) => {
    if (lost !== null || isReleased) return
    lost = sentence
    stopTimers()
    ending.abort()
    onLost(sentence)
  }

  const check = () => {
    if (lost === null && !isReleased && time.elapsedMs() >= until) lose(expiredSentence(store.name, actForMs))
    if (lost !== null || isReleased) throw new Problem('busy', lost ?? RELEASED, { retryAfterMs: ttlMs })
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
      check()
      const record = recordOf(options, epoch, false)
      ownNonces.add(record.nonce)
      const written =
        (await store.write(record, version, ending.signal)) ??
        (await store.write(record, await ownVersion(), ending.signal))
      if (written === null) return false
      version = written
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
    cancelEnd()
    cancelEnd = time.after(Math.max(0, until - time.elapsedMs()) + 1, () => {
      try {
        check()
      } catch {
        // `onLost` has ended it.
      }
    })
  }

  const schedule = (ms: number) => {
    cancelRenewal = time.after(ms, () => {
      renewing = renew().then(isRenewed => {
        renewing = null
        if (lost === null && !isReleasing) schedule(isRenewed ? renewEveryMs : retryEveryMs)
      })
    })
  }

  const stopTimers = () => {
    cancelRenewal()
    cancelEnd()
  }

  extend(until)
  schedule(renewEveryMs)
  return {
    epoch,
    previous,
    check,
    async release() {
      if (isReleasing || lost !== null) return
      isReleasing = true
      cancelRenewal()
      await renewing?.catch(() => {})
      if (lost === null && time.elapsedMs() < until)
        await store.write(recordOf(options, epoch, true), version, ending.signal).catch(() => {})
      isReleased = true
      stopTimers()
    },
  }
}

function expiredSentence(name: string, ms: number): string {
  return `This Vakt could not renew its lease (${name}) for ${aboutDuration(ms)}, so another one may act in its place. It begins nothing more and stops; start it again, or run "npx vakt standby".`
}

function overtakenSentence(name: string, by: LeaseRecord | null): string {
  if (by === null)
    return `The lease ${name} was removed while this Vakt held it. It begins nothing more and stops; start it again.`
  return `${by.name} has taken over (epoch ${by.epoch}, ${isoTime(by.renewedAt)}) and holds the lease ${name}. This Vakt begins nothing more and stops; run "npx vakt standby" here.`
}

/** Resolves after `ms`; rejects when `signal` is aborted. */
function pause(time: LeaseTime, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      cancel()
      reject(signal.reason)
    }
    const cancel = time.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}
