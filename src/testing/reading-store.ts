// A log store that reads batches as the real one does and keeps the lines in memory, for tests of what comes before it.
import { readBatch } from '../logs/intake/read-batch.ts'
import type { NewLine } from '../logs/line.ts'
import type { AppendResult, Batch, LineCount, LogStore } from '../logs/store.ts'
import { MINUTE } from '../time.ts'

/** As the real store counts the lines of one source of a host. */
function countOf(lines: readonly NewLine[]): LineCount {
  const [{ project, source, host, group, level, receivedAt, timestamp }] = lines as readonly [NewLine]
  const minute = Math.floor(receivedAt / MINUTE) * MINUTE
  const labels = { project, source, host, group, level, fingerprint: '' }
  return { ...labels, minute, count: lines.length, latest: timestamp, sample: null }
}

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
      const kinds = Map.groupBy(read.lines, ({ source, host }) => `${source} on ${host}`)
      const counts = [...kinds.values()].map(of => countOf(of))
      const result = { accepted, rejected: read.rejected.length, errors: read.rejected, repeated: false, counts }
      if (key !== null && accepted > 0) replies.set(key, result)
      return result
    },
    maintain: async () => ({ removed: [], status: null }),
  }
  return { store: store as unknown as LogStore, lines, failing }
}
