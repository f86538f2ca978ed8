// Counts the lines of a batch by minute and kind, for detection, which never asks the store.
import { truncate } from '../../../text.ts'
import { MINUTE } from '../../../time.ts'
import type { NewLine } from '../../line.ts'
import type { LineCount } from '../../store.ts'
import { lineId } from '../partitions/line-key.ts'
import type { PlacedLine } from '../partitions/partition.ts'
import { eventTimes } from './event-times.ts'

const SAMPLE_LENGTH = 300

/** Of more kinds of lines in one group the key decides: a batch of many sources must not be compared line by line. */
const MAX_COMPARED = 16

/** One count per minute, event time, source, host, group, level and fingerprint; a count of errors has one of its lines as a sample. */
export function countBatch(lines: readonly PlacedLine[], why: (line: NewLine) => string): LineCount[] {
  const counts = new Map<string, LineCount>()
  /** The first counts of each group: almost every line is one of them, and comparing costs less than a key. */
  const byGroup = new Map<string, LineCount[]>()
  const timeOf = eventTimes(lines)
  for (const placed of lines) {
    const { line } = placed
    const minute = Math.floor(line.receivedAt / MINUTE) * MINUTE
    const { at, shift } = timeOf(line)
    let same = byGroup.get(line.group)
    if (same === undefined) {
      same = []
      byGroup.set(line.group, same)
    }
    const key = same.length < MAX_COMPARED ? '' : keyOf(line, minute, at)
    const known = same.find(count => isSameKind(count, line, minute, at)) ?? (key === '' ? undefined : counts.get(key))
    if (known !== undefined) {
      known.count++
      known.latest = Math.max(known.latest, line.timestamp)
      continue
    }
    const count = createCount(placed, minute, at, shift, why)
    counts.set(keyOf(line, minute, at), count)
    if (same.length < MAX_COMPARED) same.push(count)
  }
  return [...counts.values()]
}

function keyOf(
  { project, source, host, group, level, fingerprint }: NewLine,
  minute: number,
  at: number | null,
): string {
  return `${minute}\0${at ?? ''}\0${project}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
}

function isSameKind(count: LineCount, line: NewLine, minute: number, at: number | null): boolean {
  return (
    count.level === line.level &&
    count.minute === minute &&
    (count.at ?? null) === at &&
    count.fingerprint === line.fingerprint &&
    count.source === line.source &&
    count.host === line.host &&
    count.group === line.group &&
    count.project === line.project
  )
}

function createCount(
  placed: PlacedLine,
  minute: number,
  at: number | null,
  shift: number,
  why: (line: NewLine) => string,
): LineCount {
  const { project, source, host, group, level, fingerprint, timestamp } = placed.line
  return {
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
    latest: timestamp,
    sample: fingerprint === '' ? null : sampleOf(placed, why),
  }
}

function sampleOf(placed: PlacedLine, why: (line: NewLine) => string): LineCount['sample'] {
  return { id: lineId(placed), message: truncate(placed.line.message, SAMPLE_LENGTH), why: why(placed.line) }
}
