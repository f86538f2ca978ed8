// Single lines by their ids, the lines around one, and the recent values of a field.
import type { LogLine } from '../../line.ts'
import type { QueryNode } from '../../query/tree.ts'
import { foldCase } from '../../query/wildcard.ts'
import { type LineKey, parseId } from '../partitions/line-key.ts'
import type { CompletedField } from './partition-connection.ts'
import type { Selection } from './partition-search.ts'
import { partitionVisitor, type Snapshot } from './search-job.ts'
import { searchFrom } from './search-page.ts'

const CONTEXT_TIMEOUT_MS = 5_000
/** Recent values are those of this many partitions, the latest ones. */
const RECENT_PARTITIONS = 14

/** The line of a key, or null. */
export function readLine({ partitions, ...snapshot }: Snapshot, key: LineKey): LogLine | null {
  const visit = partitionVisitor({ ...snapshot, partitions })
  for (const { name, lines, from, until, lastPosition } of partitions) {
    const mayHave = lines > 0 && from! <= key.timestamp && until! >= key.timestamp && lastPosition >= key.position
    const line = mayHave ? visit(name, connection => connection.read(key)) : null
    if (line) return line
  }
  return null
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
export function recentValues(snapshot: Snapshot, field: CompletedField, prefix: string, limit: number): string[] {
  const foldedPrefix = foldCase(prefix)
  const found = new Set<string>()
  const visit = partitionVisitor(snapshot)
  const latest = snapshot.partitions.toSorted((a, b) => b.lastPosition - a.lastPosition).slice(0, RECENT_PARTITIONS)
  for (const { name, lines } of latest)
    for (const value of (lines > 0 && visit(name, connection => connection.values(field))) || [])
      if (foldCase(value).startsWith(foldedPrefix)) found.add(value)
  return [...found].sort().slice(0, limit)
}

function sameOrigin({ project, source, host }: LogLine): Selection {
  // A value with a star would be a pattern; the test decides.
  const parts = Object.entries({ project, source, host } as const)
    .filter(([, value]) => value !== '' && !value.includes('*'))
    .map(([field, value]): QueryNode => ({ kind: 'field', field: field as 'project' | 'source' | 'host', value }))
  return {
    where: parts.length > 0 ? { kind: 'and', parts } : null,
    test: line => line.project === project && line.source === source && line.host === host,
    isSlow: false,
  }
}
