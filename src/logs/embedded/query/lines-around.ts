// Single lines by their ids, what stands around them, and the values that fields had lately.
import { prepared } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import { foldCase } from '../../query/wildcard.ts'
import { type LineKey, parseId } from '../partitions/line-key.ts'
import { lineOf } from '../partitions/rows.ts'
import { has } from './field-plan.ts'
import { rowAt } from './index-lookup.ts'
import { both, EVERYTHING, type Plan } from './plan.ts'
import { type Library, type Selection, searchJob } from './search-job.ts'
import { searchFrom } from './search-page.ts'

const CONTEXT_WITHIN_MS = 5_000
/** So many days back are "lately". */
const RECENT_PARTITIONS = 14

/** The line of a key, or null. */
export function readLine(library: Library, { timestamp, position }: LineKey): LogLine | null {
  let found: LogLine | null = null
  const slice = { from: timestamp, until: timestamp + 1 }
  searchJob(library, { plan: () => EVERYTHING, fits: () => true }).each(slice, (db, _, state) => {
    if (found || position > state.lastPosition) return
    const row = rowAt(db, position)
    if (row?.[0] === timestamp) found = lineOf(row)
  })
  return found
}

/** The lines of the same project, source and host before and after the line of an id, itself included; oldest first. */
export async function linesAround(library: Library, id: string, before: number, after: number): Promise<LogLine[]> {
  const key = parseId(id)
  const line = key && readLine(library, key)
  if (!key || !line) return []
  const selection = neighbours(line)
  const course = { from: null, until: null, cursor: key, withinMs: CONTEXT_WITHIN_MS }
  const earlier = await searchFrom(library, selection, { ...course, order: 'newest', limit: before })
  const later = await searchFrom(library, selection, { ...course, order: 'oldest', limit: after })
  return [...earlier.lines.toReversed(), line, ...later.lines]
}

/** Distinct values of a field in the latest partitions that begin with `prefix`, letter case aside, in order. */
export function recentValues(
  library: Library,
  field: 'source' | 'host' | 'group' | 'tag',
  prefix: string,
  limit: number,
): string[] {
  const begin = foldCase(prefix)
  const found = new Set<string>()
  const latest = library.partitions.toSorted((a, b) => b.lastPosition - a.lastPosition).slice(0, RECENT_PARTITIONS)
  for (const state of latest) {
    if (state.lines === 0) continue
    searchJob({ ...library, partitions: [state] }, { plan: () => EVERYTHING, fits: () => true }).each(
      { from: state.from!, until: state.until! + 1 },
      db => {
        const values = prepared(db, 'select value from names where field = ?').pluck().all(field) as string[]
        for (const value of values) if (foldCase(value).startsWith(begin)) found.add(value)
      },
    )
  }
  return [...found].sort().slice(0, limit)
}

function neighbours({ project, source, host }: LogLine): Selection {
  const given: Plan[] = []
  if (project !== '') given.push(has('project', project))
  if (source !== '') given.push(has('source', source))
  if (host !== '') given.push(has('host', host))
  return {
    plan: () => ({ ...both(given), exact: false }),
    fits: line => line.project === project && line.source === source && line.host === host,
  }
}
