// Where a lease is kept: a store that writes only over the version that the writer has read.
import type { LeaseRecord, ReadLease } from './lease-record.ts'

/** Both calls reject with a `Problem` (`busy` when another attempt may succeed). */
export interface LeaseStore {
  /** What people read: `s3://bucket/vakt.lease`. */
  readonly name: string
  read(signal: AbortSignal): Promise<ReadLease>
  /** Writes over the lease of `version` (null: where there is none); null when it is another one by now. */
  write(record: LeaseRecord, version: string | null, signal: AbortSignal): Promise<string | null>
  /** Throws a `Problem` when the store writes over other versions too, so that two could hold the lease. */
  verify(record: LeaseRecord, signal: AbortSignal): Promise<void>
}
