// The most frequent values of a field among matching lines, each with its newest line.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { LEVELS, type LogLine } from '../../line.ts'
import { createMiner, type Miner } from '../../patterns/miner.ts'
import type { Query } from '../../query/tree.ts'
import type { TopField, TopRow } from '../../store.ts'
import { compareKeys, type LineKey } from '../partitions/line-key.ts'
import { candidateSource, type RowRange, rowRange } from './index-lookup.ts'
import { readLine } from './lines-around.ts'
import type { Plan } from './plan.ts'
import { scanLines } from './scan.ts'
import { coverage, type Snapshot, searchJob, selectionOf } from './search-job.ts'

type Tally = { count: number; newest: LineKey }

/** At most this many distinct values are counted; beyond it the rarest half is dropped. */
const MAX_VALUES = 100_000
const MAX_PATTERNS = 2_000

/** The fields with a column of their own: SQLite counts their values when the plan is exact. */
const COLUMN_OF: { [field in TopField]?: string } = {
  fingerprint: 'lines.fingerprint',
  source: 'lines.source',
  host: 'lines.host',
  group: 'lines.grp',
  level: 'lines.level',
}

/** Counts newest first; when time runs out, `searchedTo` (epoch ms) tells how far. Lines without the field do not count. */
export async function topValues(
  snapshot: Snapshot,
  query: Query,
  field: TopField,
  limit: number,
  timeoutMs: number,
): Promise<{ rows: TopRow[]; searchedTo: number | null }> {
  const selection = selectionOf(query)
  const { matches } = selection
  const tallies = new Map<string, Tally>()
  const miner = createMiner({ maxPatterns: MAX_PATTERNS })
  const deadline = performance.now() + timeoutMs
  let stoppedAt: number | null = null
  const column = COLUMN_OF[field]
  const job = searchJob(snapshot, { ...selection, isSlow: selection.isSlow || field === 'pattern' })
  const last = await job.slices(coverage(query, snapshot), 'newest', timeoutMs, slice => {
    job.each(slice, (db, plan) => {
      const range = rowRange(slice.from, slice.until)
      if (column && plan.isExact) return countColumn(db, plan, range, column, tallies)
      const stopped = scanLines({ db, plan, matches, range, order: 'newest', deadline }, (line, key) => {
        for (const value of valuesOf(line, field, miner)) addToTally(tallies, value, 1, key)
        return 'continue'
      })
      if (stopped) stoppedAt = Math.max(stoppedAt ?? 0, stopped.timestamp)
    })
    return stoppedAt === null ? 'continue' : 'stop'
  })
  const counted = field === 'pattern' ? mergeByTemplate(tallies, miner) : tallies
  const mostFrequent = [...counted]
    .sort(([aValue, a], [bValue, b]) => b.count - a.count || (aValue < bValue ? -1 : 1))
    .slice(0, limit)
  const rows = mostFrequent.map(([value, { count, newest }]) => ({ value, count, sample: readLine(snapshot, newest) }))
  return { rows, searchedTo: stoppedAt ?? last?.from ?? null }
}

function countColumn(db: Sqlite, plan: Plan, range: RowRange, column: string, tallies: Map<string, Tally>): void {
  const { from, values } = candidateSource(plan, range)
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
    if (name !== '') addToTally(tallies, name, count, { timestamp, position })
  }
}

function addToTally(tallies: Map<string, Tally>, value: string, count: number, key: LineKey): void {
  const known = tallies.get(value)
  if (known) {
    known.count += count
    if (compareKeys(key, known.newest) > 0) known.newest = key
    return
  }
  if (tallies.size >= MAX_VALUES) dropRarest(tallies)
  tallies.set(value, { count, newest: key })
}

function dropRarest(tallies: Map<string, Tally>): void {
  const frequent = [...tallies].sort(([, a], [, b]) => b.count - a.count).slice(0, MAX_VALUES / 2)
  tallies.clear()
  for (const [value, known] of frequent) tallies.set(value, known)
}

function valuesOf(line: LogLine, field: TopField, miner: Miner): readonly string[] {
  if (field === 'tag') return [...new Set(line.tags)]
  if (field === 'pattern') return [miner.learn(line.message).id]
  return line[field] === '' ? [] : [line[field]]
}

/** Patterns as people read them. Some were counted before they merged with others. */
function mergeByTemplate(tallies: ReadonlyMap<string, Tally>, miner: Miner): Map<string, Tally> {
  const merged = new Map<string, Tally>()
  for (const [id, { count, newest }] of tallies) {
    const pattern = miner.find(id)
    if (pattern) addToTally(merged, pattern.template, count, newest)
  }
  return merged
}
