// A log store that takes every batch as one line and keeps nothing, for tests of what comes before it.
import type { LogStore } from '../logs/store.ts'

/** The store, and how many batches it has taken. */
export function takingStore(): { store: LogStore; taken(): number } {
  let batches = 0
  const store = {
    append: async () => {
      batches++
      return { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }
    },
    maintain: async () => ({ removed: [], status: null }),
  }
  return { store: store as unknown as LogStore, taken: () => batches }
}
