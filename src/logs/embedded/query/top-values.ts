// The most frequent values of a field among the lines that fit, each with its newest line.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { LEVELS, type LogLine } from '../../line.ts'
import { createMiner, type Miner } from '../../patterns/miner.ts'
import type { Query } from '../../query/tree.ts'
import type { TopField, TopRow } from '../../store.ts'
import { compareKeys, type LineKey } from '../partitions/line-key.ts'
import { type Span, source, spanBetween } from './index-lookup.ts'
import { readLine } from './lines-around.ts'
import type { Plan } from './plan.ts'
import { coverage, type Library, searchJob, selectionOf } from './search-job.ts'
import { walkLines } from './walk.ts'

type Tally = { count: number; newest: LineKey }

/** So many distinct values are counted at once; beyond, the rarest half is forgotten. */
const MOST_VALUES = 100_000
const MOST_PATTERNS = 2_000

/** The fields that are a column of their own: SQLite counts them when the index alone decides what fits. */
const COLUMN_OF: { [field in TopField]?: string } = {
  fingerprint: 'lines.fingerprint',
  source: 'lines.source',
  host: 'lines.host',
  group: 'lines.grp',
  level: 'lines.level',
}

/** Counts newest first; `searchedTo` tells how far when time ran out. Lines without the field do not count. */
export async function topValues(
  library: Library,
  query: Query,
  field: TopField,
  limit: number,
  withinMs: number,
): Promise<{ rows: TopRow[]; searchedTo: number | null }> {
  const { fits, ...selection } = selectionOf(query)
  const tallies = new Map<string, Tally>()
  const miner = createMiner({ maxPatterns: MOST_PATTERNS })
  const deadline = performance.now() + withinMs
  let stoppedAt: number | null = null
  const column = COLUMN_OF[field]
  const job = searchJob(library, { ...selection, fits })
  const last = await job.slices(coverage(query, library), 'newest', withinMs, slice => {
    job.each(slice, (db, plan) => {
      const span = spanBetween(slice.from, slice.until)
      if (column && plan.exact) return countColumn(db, plan, span, column, tallies)
      const stopped = walkLines({ db, plan, fits, span, order: 'newest', deadline }, (line, key) => {
        for (const value of valuesOf(line, field, miner)) tally(tallies, value, 1, key)
        return 'go on'
      })
      if (stopped) stoppedAt = Math.max(stoppedAt ?? 0, stopped.timestamp)
    })
    return stoppedAt === null ? 'go on' : 'done'
  })
  const counted = field === 'pattern' ? templates(tallies, miner) : tallies
  const first = [...counted].sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1)).slice(0, limit)
  const rows = first.map(([value, { count, newest }]) => ({ value, count, sample: readLine(library, newest) }))
  return { rows, searchedTo: stoppedAt ?? last?.from ?? null }
}

function countColumn(db: Sqlite, plan: Plan, span: Span, column: string, tallies: Map<string, Tally>): void {
  const { from, values } = source(plan, span)
  // The bare columns are those of the newest row of each group, because of max().
  const rows = prepared(
    db,
    `select ${column}, count(*), lines.timestamp, lines.position, max(words.rowid) ${from} group by 1`,
  )
    .raw()
    .iterate(...values) as IterableIterator<
    [value: string | number, count: number, timestamp: number, position: number]
  >
  for (const [value, count, timestamp, position] of rows) {
    const name = typeof value === 'number' ? LEVELS[value]! : value
    if (name !== '') tally(tallies, name, count, { timestamp, position })
  }
}

function tally(tallies: Map<string, Tally>, value: string, count: number, key: LineKey): void {
  const known = tallies.get(value)
  if (known) {
    known.count += count
    if (compareKeys(key, known.newest) > 0) known.newest = key
    return
  }
  if (tallies.size >= MOST_VALUES) forgetRare(tallies)
  tallies.set(value, { count, newest: key })
}

function forgetRare(tallies: Map<string, Tally>): void {
  const kept = [...tallies].sort(([, a], [, b]) => b.count - a.count).slice(0, MOST_VALUES / 2)
  tallies.clear()
  for (const [value, known] of kept) tallies.set(value, known)
}

function valuesOf(line: LogLine, field: TopField, miner: Miner): readonly string[] {
  if (field === 'tag') return [...new Set(line.tags)]
  if (field === 'pattern') return [miner.learn(line.message).id]
  return line[field] === '' ? [] : [line[field]]
}

/** Patterns as people read them. Some were counted before they merged with others. */
function templates(tallies: ReadonlyMap<string, Tally>, miner: Miner): Map<string, Tally> {
  const merged = new Map<string, Tally>()
  for (const [id, { count, newest }] of tallies) {
    const pattern = miner.find(id)
    if (pattern) tally(merged, pattern.template, count, newest)
  }
  return merged
}
