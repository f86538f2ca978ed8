// The most frequent values of a field among matching lines, each with its newest line.
import { createMiner, type Miner } from '../../patterns/miner.ts'
import type { Query } from '../../query/tree.ts'
import type { TopField, TopRow } from '../../store.ts'
import { compareKeys, type LineKey } from '../partitions/line-key.ts'
import { readLine } from './lines-around.ts'
import { type KeyRange, keyRange, type PartitionSearch } from './partition-search.ts'
import { coverage, type Snapshot, searchJob, selectionOf } from './search-job.ts'

type Tally = { count: number; newest: LineKey }

/** At most this many distinct values are counted; beyond it the rarest half is dropped. */
const MAX_VALUES = 100_000
const MAX_PATTERNS = 2_000

/** A value, how many lines have it, and the newest of them. */
export type ValueTally = { value: string } & Tally

/** Counts newest first; when time runs out, `searchedTo` (epoch ms) tells how far. Lines without the field do not count. */
export async function topValues(
  snapshot: Snapshot,
  query: Query,
  field: TopField,
  limit: number,
  timeoutMs: number,
): Promise<{ rows: TopRow[]; searchedTo: number | null }> {
  const { tallies, searchedTo } = await tallyValues(snapshot, query, field, limit, timeoutMs)
  const rows = tallies.map(({ value, count, newest }) => ({ value, count, sample: readLine(snapshot, newest) }))
  return { rows, searchedTo }
}

/** The same with the key of each newest line in place of the line. */
export async function tallyValues(
  snapshot: Snapshot,
  query: Query,
  field: TopField,
  limit: number,
  timeoutMs: number,
): Promise<{ tallies: ValueTally[]; searchedTo: number | null }> {
  const selection = selectionOf(query)
  const tallies = new Map<string, Tally>()
  const miner = createMiner({ maxPatterns: MAX_PATTERNS })
  const deadline = performance.now() + timeoutMs
  let stoppedAt: number | null = null
  const job = searchJob(snapshot, { ...selection, isSlow: selection.isSlow || field === 'pattern' })
  const last = await job.slices(coverage(query, snapshot), 'newest', timeoutMs, slice => {
    job.each(slice, search => {
      const range = keyRange(slice.from, slice.until)
      const stopped =
        field === 'pattern'
          ? learnPatterns(search, range, deadline, miner, tallies)
          : search.countValues(range, field, deadline, (value, count, key) => addToTally(tallies, value, count, key))
      if (stopped !== null) stoppedAt = Math.max(stoppedAt ?? 0, stopped)
    })
    return stoppedAt === null ? 'continue' : 'stop'
  })
  const counted = field === 'pattern' ? mergeByTemplate(tallies, miner) : tallies
  const mostFrequent = [...counted]
    .sort(([aValue, a], [bValue, b]) => b.count - a.count || (aValue < bValue ? -1 : 1))
    .slice(0, limit)
  const found = mostFrequent.map(([value, tally]) => ({ value, ...tally }))
  return { tallies: found, searchedTo: stoppedAt ?? last?.from ?? null }
}

/** Counts the patterns of messages; returns the instant it came to when time ran out, else null. */
function learnPatterns(
  search: PartitionSearch,
  range: KeyRange,
  deadline: number,
  miner: Miner,
  tallies: Map<string, Tally>,
): number | null {
  const stopped = search.scan(range, 'newest', deadline, (line, key) => {
    addToTally(tallies, miner.learn(line.message).id, 1, key)
    return 'continue'
  })
  return stopped?.timestamp ?? null
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

/** Patterns as people read them. Some were counted before they merged with others. */
function mergeByTemplate(tallies: ReadonlyMap<string, Tally>, miner: Miner): Map<string, Tally> {
  const merged = new Map<string, Tally>()
  for (const [id, { count, newest }] of tallies) {
    const pattern = miner.find(id)
    if (pattern) addToTally(merged, pattern.template, count, newest)
  }
  return merged
}
