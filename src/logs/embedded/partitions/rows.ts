// The tables of a partition file, and a log line as one of its rows.
import type { Sqlite } from '../../../state/sqlite.ts'
import { type Json, LEVELS, type LogLine, type NewLine } from '../../line.ts'
import { WORD_VERSION, type WordVersion } from '../../query/line-words.ts'
import { lineId } from './line-key.ts'

/** The version of the file layout; change it also when `LineTokens` or `indexText` makes other words for the index. */
export const LAYOUT_VERSION = 3
/** Files since this layout are read, each with the words of its time; only those of the newest take more lines. */
export const OLDEST_LAYOUT_VERSION = 2
const WORD_VERSIONS: { [layout: number]: WordVersion } = { 2: 1, 3: 2 }
/** `marks` has the timestamp of one in this many lines: samples to cut scans into even slices. */
export const LINES_PER_MARK = 4096
/** A partition lists at most this many distinct values of each field. */
export const MAX_FIELD_VALUES = 5_000

// The index is contentless: to remove a row, its words are computed again. Nothing ranks results, hence no column sizes.
// Sixteen segments are merged at a time as lines are written; only a flood of tiny commits reaches 64, where SQLite
// stops everything to merge.
export const SCHEMA = `
create table lines (
  slot integer primary key, timestamp integer not null, position integer not null, received integer not null,
  level integer not null,
  message text not null, project text not null, source text not null, host text not null, grp text not null,
  fingerprint text not null, rest text not null
);
create virtual table words using fts5(
  message, stack, fields, attributes, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2'
);
insert into words (words, rank) values ('automerge', 16), ('crisismerge', 64);
create virtual table terms using fts5vocab(words, instance);
create table names (field text, value text, primary key (field, value)) without rowid;
create table marks (timestamp integer not null);
create table replies (
  project text, key text, received integer not null, reply text not null, primary key (project, key)
) without rowid;
create table summary (
  lines integer not null, first_timestamp integer, last_timestamp integer, last_position integer not null,
  expires_at integer not null, filled integer not null, merged integer not null
);
pragma user_version = ${LAYOUT_VERSION};
`

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

/** The fields that few lines have, as one text; empty when the line has none of them. */
export function restOf(line: NewLine): string {
  const { tags, stack, traceId, spanId, attributes } = line
  if (tags.length === 0 && stack === '' && traceId === '' && spanId === '' && isEmpty(attributes)) return ''
  return JSON.stringify([tags, stack, traceId, spanId, attributes])
}

function isEmpty(attributes: object): boolean {
  for (const _ in attributes) return false
  return true
}
