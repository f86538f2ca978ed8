// Takes the lease, has it renewed, and says at every step whether this Vakt may still act.
import { randomUUID } from 'node:crypto'
import { Problem } from '../../problem.ts'
import { type LeaseRecord, leaseTimes, type ReadLease } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'
import type { LeaseTime } from './lease-time.ts'
import { expiredSentence, type Renewal, type RenewalOptions, startRenewal } from './renewal.ts'

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
  /** What renews it; on this thread where it is not named. */
  renew?: (options: RenewalOptions) => Renewal
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
  record: LeaseRecord,
  previous: LeaseRecord | null,
  version: string,
  begunMs: number,
): Lease {
  const { store, time, ttlMs, onTrouble, onLost, renew = startRenewal } = options
  const { actForMs } = leaseTimes(ttlMs)
  let lost: string | null = null
  let isReleased = false
  let isReleasing = false
  let cancelEnd = () => {}

  const lose = (sentence: string) => {
    if (lost !== null || isReleased) return
    lost = sentence
    cancelEnd()
    onLost(sentence)
  }
  const renewal = renew({
    ...{ store, time, written: { record, version, begunMs }, onLost: lose },
    ...(onTrouble ? { onTrouble } : {}),
  })

  const check = () => {
    if (lost === null && !isReleased) {
      const found = renewal.lost()
      if (found !== null) lose(found)
      else if (time.elapsedMs() >= renewal.until()) lose(expiredSentence(store.name, actForMs))
    }
    if (lost !== null || isReleased) throw new Problem('busy', lost ?? RELEASED, { retryAfterMs: ttlMs })
  }

  /** A Vakt that has nothing to do ends, too, when its lease does. */
  const watchEnd = () => {
    cancelEnd = time.after(Math.max(0, renewal.until() - time.elapsedMs()) + 1, () => {
      try {
        check()
        watchEnd()
      } catch {
        // `onLost` has ended it.
      }
    })
  }

  watchEnd()
  return {
    epoch: record.epoch,
    previous,
    check,
    async release() {
      if (isReleasing || lost !== null) return
      isReleasing = true
      await renewal.release()
      isReleased = true
      cancelEnd()
    },
  }
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
