// Opens the store that the setting LEASE names.
import { hostname } from 'node:os'
import type { LeaseConfig } from '../../config/lease-settings.ts'
import { readBucketTarget } from '../../config/log-settings.ts'
import type { Environment } from '../../config/setting.ts'
import { fileLease } from './file-lease.ts'
import { leaseTimes } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'
import { s3Lease } from './s3-lease.ts'

/** The store of a lease: an object of a bucket, with the keys of `environment`, or a file. */
export function openLeaseStore({ at, ttlMs }: LeaseConfig, environment: Environment): LeaseStore {
  const target = at.startsWith('s3://') ? readBucketTarget(at, environment) : null
  return target?.kind === 's3' ? s3Lease(target, leaseTimes(ttlMs).attemptMs) : fileLease(at)
}

/** What people read of this machine when LEASE_NAME is not set. */
export function machineName(): string {
  return (
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 60) || 'vakt'
  )
}
