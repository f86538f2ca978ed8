// A log line as a row of a partition that an earlier version of Vakt wrote.
import type { Sqlite } from '../../../state/sqlite.ts'
import { type Json, LEVELS, type LogLine } from '../../line.ts'
import { WORD_VERSION, type WordVersion } from '../../query/line-words.ts'
import { lineId } from '../partitions/line-key.ts'

/** The layouts that have rows and a full-text index; earlier versions of Vakt wrote them, and they are only read. */
const WORD_VERSIONS: { [layout: number]: WordVersion } = { 2: 1, 3: 2 }
export const OLDEST_LAYOUT_VERSION = 2

/** Whether files of a layout have rows. */
export function hasRows(layout: number): boolean {
  return layout in WORD_VERSIONS
}

/** `marks` has the timestamp of one in this many lines: samples to cut scans into even slices. */
export const LINES_PER_MARK = 4096
/** A partition lists at most this many distinct values of each field. */
export const MAX_FIELD_VALUES = 5_000

const wordVersions = new WeakMap<Sqlite, WordVersion>()

/** How the words of a partition's index were made. */
export function wordVersionOf(db: Sqlite): WordVersion {
  let version = wordVersions.get(db)
  if (version === undefined) {
    version = WORD_VERSIONS[db.pragma('user_version', { simple: true }) as number] ?? WORD_VERSION
    wordVersions.set(db, version)
  }
  return version
}

/** The columns of a `Row`, in its order. */
export const LINE_COLUMNS = `lines.timestamp, lines.position, lines.received, lines.level, lines.message, lines.project,
  lines.source, lines.host, lines.grp, lines.fingerprint, lines.rest, lines.slot`

export type Row = [
  timestamp: number,
  position: number,
  received: number,
  level: number,
  message: string,
  project: string,
  source: string,
  host: string,
  group: string,
  fingerprint: string,
  rest: string,
  slot: number,
]

type Rest = [tags: string[], stack: string, traceId: string, spanId: string, attributes: { [name: string]: Json }]

/** The line of a row. */
export function lineOf(row: Row): LogLine {
  const [timestamp, position, receivedAt, level, message, project, source, host, group, fingerprint, rest] = row
  const [tags, stack, traceId, spanId, attributes] = rest === '' ? EMPTY_REST : (JSON.parse(rest) as Rest)
  const line = { timestamp, receivedAt, level: LEVELS[level]!, message, project, source, host, group, tags }
  return { id: lineId({ timestamp, position }), ...line, fingerprint, stack, traceId, spanId, attributes }
}

const EMPTY_REST: Rest = [[], '', '', '', {}]
