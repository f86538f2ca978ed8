// Counts the lines of a batch by minute and kind, for detection, which never asks the store.
import { truncate } from '../../../text.ts'
import { MINUTE } from '../../../time.ts'
import type { NewLine } from '../../line.ts'
import type { LineCount } from '../../store.ts'
import { lineId } from '../partitions/line-key.ts'
import type { PlacedLine } from '../partitions/partition.ts'
import { eventTimes } from './event-times.ts'

const SAMPLE_LENGTH = 300

/** One count per minute, event time, source, host, group, level and fingerprint; a count of errors has one of its lines as a sample. */
export function countBatch(lines: readonly PlacedLine[], why: (line: NewLine) => string): LineCount[] {
  const counts = new Map<string, LineCount>()
  const timeOf = eventTimes(lines.map(({ line }) => line))
  for (const placed of lines) {
    const { line } = placed
    const minute = Math.floor(line.receivedAt / MINUTE) * MINUTE
    const { project, source, host, group, level, fingerprint } = line
    const { at, shift } = timeOf(line)
    const kind = `${minute}\0${at ?? ''}\0${project}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
    const known = counts.get(kind)
    if (known) {
      known.count++
      known.latest = Math.max(known.latest, line.timestamp)
      continue
    }
    counts.set(kind, {
      minute,
      ...(at === null ? {} : { at }),
      ...(shift === 0 ? {} : { shift }),
      project,
      source,
      host,
      group,
      level,
      fingerprint,
      count: 1,
      latest: line.timestamp,
      sample: fingerprint === '' ? null : sampleOf(placed, why),
    })
  }
  return [...counts.values()]
}

function sampleOf(placed: PlacedLine, why: (line: NewLine) => string): LineCount['sample'] {
  return { id: lineId(placed), message: truncate(placed.line.message, SAMPLE_LENGTH), why: why(placed.line) }
}
