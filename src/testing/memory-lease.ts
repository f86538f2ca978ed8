// A lease in memory, for stories on the fake clock: it answers within the same instant, however busy the machine is.
import { Problem } from '../problem.ts'
import type { ReadLease } from '../replication/lease/lease-record.ts'
import type { LeaseStore } from '../replication/lease/lease-store.ts'

/** A store in memory; `faults` are met by the next writes: a failure before or after the write is done. */
export function memoryLease() {
  let now: ReadLease = null
  let count = 0
  const faults: ('before' | 'after')[] = []
  const fail = () => {
    throw new Problem('busy', 'The lease cannot be reached.')
  }
  const store: LeaseStore = {
    name: 's3://bucket/lease',
    async read() {
      return now
    },
    async write(record, version) {
      const fault = faults.shift()
      if (fault === 'before') fail()
      if ((now?.version ?? null) !== version) return null
      now = { record, version: String(++count) }
      if (fault === 'after') fail()
      return now.version
    },
    async verify() {},
  }
  return { store, faults, now: () => now }
}
