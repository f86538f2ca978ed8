// Counts the lines of a batch by minute and kind, for detection, which never asks the store.
import { MINUTE } from '../../../time.ts'
import type { NewLine } from '../../line.ts'
import type { LineCount } from '../../store.ts'
import { lineId } from '../partitions/line-key.ts'
import type { PlacedLine } from '../partitions/partition.ts'

const SAMPLE_LENGTH = 300

/** One count for each minute, source, host, group, level and fingerprint; errors have one of their lines as a sample. */
export function countBatch(lines: readonly PlacedLine[], why: (line: NewLine) => string): LineCount[] {
  const counts = new Map<string, LineCount>()
  for (const placed of lines) {
    const { line } = placed
    const minute = Math.floor(line.receivedAt / MINUTE) * MINUTE
    const { project, source, host, group, level, fingerprint } = line
    const kind = `${minute}\0${project}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
    const count = counts.get(kind)
    if (count) {
      count.count++
      count.latest = Math.max(count.latest, line.timestamp)
      continue
    }
    const sample = fingerprint === '' ? null : { id: lineId(placed), message: cut(line.message), why: why(line) }
    counts.set(kind, {
      minute,
      project,
      source,
      host,
      group,
      level,
      fingerprint,
      count: 1,
      latest: line.timestamp,
      sample,
    })
  }
  return [...counts.values()]
}

function cut(message: string): string {
  return message.length <= SAMPLE_LENGTH ? message : `${message.slice(0, SAMPLE_LENGTH - 1)}…`.toWellFormed()
}
