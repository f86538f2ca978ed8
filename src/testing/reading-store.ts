// A log store that reads batches as the real one does and keeps the lines in memory, for tests of what comes before it.
import { readBatch } from '../logs/intake/read-batch.ts'
import type { NewLine } from '../logs/line.ts'
import type { AppendResult, Batch, LogStore } from '../logs/store.ts'

/** The store, its lines, and how its next answers fail. */
export function readingStore() {
  const lines: NewLine[] = []
  const replies = new Map<string, AppendResult>()
  const failing: { with: (() => Error) | null } = { with: null }
  const store = {
    async append(batch: Batch): Promise<AppendResult> {
      if (failing.with) throw failing.with()
      const key = batch.idempotencyKey === null ? null : `${batch.project} ${batch.idempotencyKey}`
      const known = key === null ? undefined : replies.get(key)
      if (known) return { ...known, repeated: true }
      const read = readBatch(batch)
      lines.push(...read.lines)
      const { length: accepted } = read.lines
      const result = { accepted, rejected: read.rejected.length, errors: read.rejected, repeated: false, counts: [] }
      if (key !== null && accepted > 0) replies.set(key, result)
      return result
    },
    maintain: async () => ({ removed: [], status: null }),
  }
  return { store: store as unknown as LogStore, lines, failing }
}
