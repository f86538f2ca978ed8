// What all searches share: which partitions they read, the plan for each, and how damaged ones are skipped.
import type { Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import type { WordVersion } from '../../query/line-words.ts'
import { matches } from '../../query/matches.ts'
import type { Query, QueryNode } from '../../query/tree.ts'
import { MAX_TIMESTAMP } from '../partitions/line-key.ts'
import { type OpenPartitions, vocabularyOf } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { isCorruptionError } from '../partitions/quarantine.ts'
import { planFor } from './compile.ts'
import type { Vocabulary } from './field-plan.ts'
import type { Order } from './index-lookup.ts'
import { MATCH_ALL, type Plan } from './plan.ts'
import { eachSlice, type Slice } from './slices.ts'

/** Which lines are wanted: the plan that finds candidates, and the test for each unless the plan is exact. */
export type Selection = {
  plan: (vocabulary: Vocabulary) => Plan
  matches: (line: LogLine, version: WordVersion) => boolean
  /** Whether a line takes long, such as a regular expression does. */
  isSlow?: boolean
}

/** The partitions at the time of a request, with what a reader needs to search them. */
export type Snapshot = {
  connections: OpenPartitions
  partitions: readonly PartitionState[]
  /** Called with each partition that turns out to be damaged. */
  onCorruption: (name: string, error: Error) => void
}

/** Every line. */
export const ALL_LINES: Selection = { plan: () => MATCH_ALL, matches: () => true }

/** The selection that a query's condition makes. */
export function selectionOf({ where }: Query): Selection {
  return {
    plan: vocabulary => planFor(where, vocabulary),
    matches: (line, version) => where === null || matches(where, line, version),
    isSlow: hasRegex(where),
  }
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
  /** Calls `visit` for each partition with lines in the slice, with its plan for the selection. */
  each(slice: Slice, visit: (db: Sqlite, plan: Plan, state: PartitionState) => void): void
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
  const plans = new Map<string, Plan>()
  const damaged = new Set<string>()
  const guarded = <T>(name: string, work: () => T): T | null => {
    if (damaged.has(name)) return null
    try {
      return work()
    } catch (error) {
      if (!isCorruptionError(error)) throw error
      damaged.add(name)
      snapshot.onCorruption(name, error as Error)
      return null
    }
  }
  const overlapping = (slice: Slice) =>
    snapshot.partitions.filter(({ lines, from, until }) => lines > 0 && from! < slice.until && until! >= slice.from)
  return {
    each(slice, visit) {
      for (const state of overlapping(slice)) {
        guarded(state.name, () => {
          const db = snapshot.connections.open(state.name)
          if (!db) return snapshot.onCorruption(state.name, new Error('its file is gone'))
          const plan = plans.get(state.name) ?? selection.plan(vocabularyOf(db))
          plans.set(state.name, plan)
          if (!plan.isEmpty) visit(db, plan, state)
        })
      }
    },
    slices(whole, order, timeoutMs, visit) {
      const deadline = performance.now() + timeoutMs
      const marks = overlapping(whole).flatMap(
        state => guarded(state.name, () => snapshot.connections.marks(state)) ?? [],
      )
      return eachSlice(whole, marks, order, deadline, visit, selection.isSlow)
    },
  }
}
