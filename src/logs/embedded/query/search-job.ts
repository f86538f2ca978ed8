// What all searches share: which partitions they read, the plan for each, and how damaged ones are skipped.
import type { Query, QueryNode } from '../../query/tree.ts'
import type { Position } from '../../store.ts'
import { MAX_TIMESTAMP } from '../partitions/line-key.ts'
import type { OpenPartitions } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { isCorruptionError } from '../partitions/quarantine.ts'
import type { PartitionConnection } from './partition-connection.ts'
import type { Order, PartitionSearch, Selection } from './partition-search.ts'
import { eachSlice, type Slice } from './slices.ts'

/** The partitions at the time of a request, with what a reader needs to search them. */
export type Snapshot = {
  connections: OpenPartitions
  partitions: readonly PartitionState[]
  /** Only lines stored after this position are found (default: all). */
  after?: Position
  /** Called with each partition that turns out to be damaged. */
  onCorruption: (name: string, error: Error) => void
}

/** The selection that a query's condition makes. */
export function selectionOf({ where }: Query): Selection {
  return { where, test: null, isSlow: hasRegex(where) }
}

function hasRegex(node: QueryNode | null): boolean {
  if (node === null) return false
  if (node.kind === 'and' || node.kind === 'or') return node.parts.some(hasRegex)
  return node.kind === 'not' ? hasRegex(node.part) : node.kind === 'regex'
}

/** The time range of a query, as far as there are lines. */
export function coverage({ from, until }: { from: number | null; until: number | null }, snapshot: Snapshot): Slice {
  const filled = snapshot.partitions.filter(partition => partition.lines > 0)
  const first = Math.min(...filled.map(partition => partition.from!))
  const last = Math.max(...filled.map(partition => partition.until!))
  if (filled.length === 0) return { from: 0, until: 0 }
  return {
    from: Math.max(Math.ceil(from ?? 0), first),
    until: Math.min(Math.ceil(until ?? MAX_TIMESTAMP + 1), last + 1),
  }
}

export type SearchJob = {
  /** Calls `visit` for each partition with lines in the slice, searched for the selection. */
  each(slice: Slice, visit: (search: PartitionSearch, state: PartitionState) => void): void
  /** As `eachSlice`. */
  slices(
    whole: Slice,
    order: Order,
    timeoutMs: number,
    visit: (slice: Slice) => 'continue' | 'stop',
  ): Promise<Slice | null>
}

/** A search for one selection. Skips a dropped partition, and a damaged one, which it reports. */
export function searchJob(snapshot: Snapshot, selection: Selection): SearchJob {
  // By connection: a partition that was closed meanwhile is searched by the one that has it open now.
  const searches = new WeakMap<PartitionConnection, PartitionSearch>()
  const visitor = partitionVisitor(snapshot)
  const overlapping = (slice: Slice) =>
    snapshot.partitions.filter(({ lines, from, until }) => lines > 0 && from! < slice.until && until! >= slice.from)
  return {
    each(slice, visit) {
      for (const state of overlapping(slice))
        visitor(state.name, connection => {
          const search = searches.get(connection) ?? connection.search(selection, snapshot.after ?? 0)
          searches.set(connection, search)
          visit(search, state)
        })
    },
    slices(whole, order, timeoutMs, visit) {
      const deadline = performance.now() + timeoutMs
      const marks = overlapping(whole).flatMap(
        ({ name, lines }) => visitor(name, connection => connection.marks(lines)) ?? [],
      )
      return eachSlice(whole, marks, order, deadline, visit, selection.isSlow)
    },
  }
}

/**
 * Calls `visit` with a partition by name, on one state of its file; returns null for a dropped partition and for a damaged
 * one, each of which is reported once.
 */
export function partitionVisitor(
  snapshot: Snapshot,
): <T>(name: string, visit: (connection: PartitionConnection) => T) => T | null {
  const damaged = new Set<string>()
  const report = (name: string, error: Error) => {
    damaged.add(name)
    snapshot.onCorruption(name, error)
    return null
  }
  return (name, visit) => {
    if (damaged.has(name)) return null
    try {
      const connection = snapshot.connections.open(name)
      if (!connection) return report(name, new Error('its file is gone'))
      return connection.atOnce(() => visit(connection))
    } catch (error) {
      if (!isCorruptionError(error)) throw error
      return report(name, error as Error)
    }
  }
}
