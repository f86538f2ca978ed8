// Single lines by their ids, the lines around one, and the recent values of a field.
import { prepared } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import { foldCase } from '../../query/wildcard.ts'
import { type LineKey, parseId } from '../partitions/line-key.ts'
import { lineOf } from '../partitions/rows.ts'
import { fieldEquals } from './field-plan.ts'
import { readRow } from './index-lookup.ts'
import { allOf, type Plan } from './plan.ts'
import { ALL_LINES, type Selection, type Snapshot, searchJob } from './search-job.ts'
import { searchFrom } from './search-page.ts'

const CONTEXT_TIMEOUT_MS = 5_000
/** Recent values are those of this many partitions, the latest ones. */
const RECENT_PARTITIONS = 14

/** The line of a key, or null. */
export function readLine(snapshot: Snapshot, { timestamp, position }: LineKey): LogLine | null {
  let found: LogLine | null = null
  const slice = { from: timestamp, until: timestamp + 1 }
  searchJob(snapshot, ALL_LINES).each(slice, (db, _, state) => {
    if (found || position > state.lastPosition) return
    const row = readRow(db, position)
    if (row?.[0] === timestamp) found = lineOf(row)
  })
  return found
}

/** The lines of the same project, source and host before and after the line of an id, itself included; oldest first. */
export async function linesAround(snapshot: Snapshot, id: string, before: number, after: number): Promise<LogLine[]> {
  const key = parseId(id)
  const line = key && readLine(snapshot, key)
  if (!key || !line) return []
  const selection = sameOrigin(line)
  const options = { from: null, until: null, cursor: key, timeoutMs: CONTEXT_TIMEOUT_MS }
  const earlier = await searchFrom(snapshot, selection, { ...options, order: 'newest', limit: before })
  const later = await searchFrom(snapshot, selection, { ...options, order: 'oldest', limit: after })
  return [...earlier.lines.toReversed(), line, ...later.lines]
}

/** Distinct values of a field in the latest partitions that begin with `prefix`, ignoring case; sorted. */
export function recentValues(
  snapshot: Snapshot,
  field: 'source' | 'host' | 'group' | 'tag',
  prefix: string,
  limit: number,
): string[] {
  const foldedPrefix = foldCase(prefix)
  const found = new Set<string>()
  const latest = snapshot.partitions.toSorted((a, b) => b.lastPosition - a.lastPosition).slice(0, RECENT_PARTITIONS)
  for (const state of latest) {
    if (state.lines === 0) continue
    const slice = { from: state.from!, until: state.until! + 1 }
    searchJob({ ...snapshot, partitions: [state] }, ALL_LINES).each(slice, db => {
      const values = prepared(db, 'select value from names where field = ?').pluck().all(field) as string[]
      for (const value of values) if (foldCase(value).startsWith(foldedPrefix)) found.add(value)
    })
  }
  return [...found].sort().slice(0, limit)
}

function sameOrigin({ project, source, host }: LogLine): Selection {
  const plans: Plan[] = []
  if (project !== '') plans.push(fieldEquals('project', project))
  if (source !== '') plans.push(fieldEquals('source', source))
  if (host !== '') plans.push(fieldEquals('host', host))
  return {
    plan: () => ({ ...allOf(plans), isExact: false }),
    matches: line => line.project === project && line.source === source && line.host === host,
  }
}
