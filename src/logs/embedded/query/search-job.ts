// What all searches share: which partitions they concern, the plan for each, and how damaged ones are stepped over.
import type { Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import { matches } from '../../query/matches.ts'
import type { Query } from '../../query/tree.ts'
import { isDamage } from '../partitions/damage.ts'
import { LAST_TIMESTAMP } from '../partitions/line-key.ts'
import { type OpenPartitions, vocabularyOf } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { planFor } from './compile.ts'
import type { Vocabulary } from './field-plan.ts'
import type { Order } from './index-lookup.ts'
import type { Plan } from './plan.ts'
import { eachSlice, type Slice } from './slices.ts'

/** Which lines are wanted: how to find candidates, and the last word on each unless the plan is exact. */
export type Selection = { plan: (vocabulary: Vocabulary) => Plan; fits: (line: LogLine) => boolean }

/** The partitions as of the request, with what else a reader needs to search them. */
export type Library = {
  readables: OpenPartitions
  partitions: readonly PartitionState[]
  /** Called with each partition that turns out to be damaged. */
  onDamage: (name: string, error: Error) => void
}

/** The selection that a query's condition makes. */
export function selectionOf({ where }: Query): Selection {
  return {
    plan: vocabulary => planFor(where, vocabulary),
    fits: line => where === null || matches(where, line),
  }
}

/** The time that a query covers, as far as there are lines. */
export function coverage({ from, until }: { from: number | null; until: number | null }, library: Library): Slice {
  const filled = library.partitions.filter(partition => partition.lines > 0)
  const first = Math.min(...filled.map(partition => partition.from!))
  const last = Math.max(...filled.map(partition => partition.until!))
  if (filled.length === 0) return { from: 0, until: 0 }
  return {
    from: Math.max(Math.ceil(from ?? 0), first),
    until: Math.min(Math.ceil(until ?? LAST_TIMESTAMP + 1), last + 1),
  }
}

export type SearchJob = {
  /** Calls `visit` for each partition with lines in the slice, with its plan for the selection. */
  each(slice: Slice, visit: (db: Sqlite, plan: Plan, state: PartitionState) => void): void
  /** As `eachSlice`. */
  slices(whole: Slice, order: Order, withinMs: number, visit: (slice: Slice) => 'go on' | 'done'): Promise<Slice | null>
}

/** A search for one selection. A partition that is gone is stepped over, as is a damaged one, which is reported. */
export function searchJob(library: Library, selection: Selection): SearchJob {
  const plans = new Map<string, Plan>()
  const lost = new Set<string>()
  const guarded = <T>(name: string, work: () => T): T | null => {
    if (lost.has(name)) return null
    try {
      return work()
    } catch (error) {
      if (!isDamage(error)) throw error
      lost.add(name)
      library.onDamage(name, error as Error)
      return null
    }
  }
  const covering = (slice: Slice) =>
    library.partitions.filter(({ lines, from, until }) => lines > 0 && from! < slice.until && until! >= slice.from)
  return {
    each(slice, visit) {
      for (const state of covering(slice)) {
        guarded(state.name, () => {
          const db = library.readables.open(state.name)
          if (!db) return
          const plan = plans.get(state.name) ?? selection.plan(vocabularyOf(db))
          plans.set(state.name, plan)
          if (!plan.none) visit(db, plan, state)
        })
      }
    },
    slices(whole, order, withinMs, visit) {
      const deadline = performance.now() + withinMs
      const marks = covering(whole).flatMap(state => guarded(state.name, () => library.readables.marks(state)) ?? [])
      return eachSlice(whole, marks, order, deadline, visit)
    },
  }
}
