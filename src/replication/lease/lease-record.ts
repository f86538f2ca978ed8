// What the lease holds: who may act, under which epoch, and for how long after its last renewal. Pure.
import { randomUUID } from 'node:crypto'

/**
 * A lease. Every take-over raises `epoch`; every write has a `nonce` of its own, so that a writer whose answer was lost
 * recognizes its own. `renewedAt` is by the clock of the holder, for people and for comparing with its state only: whether a
 * lease has expired is measured by the monotonic clock of whoever waits.
 */
export type LeaseRecord = {
  readonly format: 1
  readonly epoch: number
  /** The data folder and boot of the holder; the same after its process was restarted. */
  readonly holder: string
  /** What people read of the holder. */
  readonly name: string
  readonly ttlMs: number
  readonly renewedAt: number
  readonly nonce: string
  /** The holder has stopped and acts no more. */
  readonly isReleased: boolean
}

/** A lease as it was read; `version` identifies it in the store, null where there is none. */
export type ReadLease = { readonly record: LeaseRecord; readonly version: string } | null

/** A lease renewed by its holder at `now` (epoch ms). */
export function nextRecord(record: LeaseRecord, now: number): LeaseRecord {
  return { ...record, renewedAt: now, nonce: randomUUID(), isReleased: false }
}

/** The text of a lease. */
export function leaseText(record: LeaseRecord): string {
  return `${JSON.stringify(record)}\n`
}

/** Reads a lease; null when the text is none. */
export function parseLease(text: string): LeaseRecord | null {
  try {
    const value = JSON.parse(text) as Partial<LeaseRecord> | null
    const isLease =
      value?.format === 1 &&
      Number.isSafeInteger(value.epoch) &&
      value.epoch! > 0 &&
      typeof value.holder === 'string' &&
      typeof value.name === 'string' &&
      typeof value.nonce === 'string' &&
      Number.isFinite(value.ttlMs) &&
      Number.isFinite(value.renewedAt)
    return isLease ? { ...(value as LeaseRecord), isReleased: value.isReleased === true } : null
  } catch {
    return null
  }
}

/** The times of a lease, ms. */
export type LeaseTimes = {
  renewEveryMs: number
  /** The time between the attempts of a renewal that fails. */
  retryEveryMs: number
  /** How long an attempt may take. */
  attemptMs: number
  /** For how long after the beginning of a renewal its holder may act. */
  actForMs: number
  /** How often one that waits reads the lease. */
  pollEveryMs: number
}

/** The times of a lease that another Vakt may take `ttlMs` after its last renewal: its holder stops at half of that. */
export function leaseTimes(ttlMs: number): LeaseTimes {
  return {
    renewEveryMs: ttlMs / 4,
    retryEveryMs: ttlMs / 20,
    attemptMs: ttlMs / 8,
    actForMs: ttlMs / 2,
    pollEveryMs: ttlMs / 10,
  }
}
