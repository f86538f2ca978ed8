// The worker that writes: reads batches, stores them in groups, and looks after the partitions that are its own.
import { workerData } from 'node:worker_threads'
import { readBatch } from '../../intake/read-batch.ts'
import type { LogLine } from '../../line.ts'
import { matchesQuery } from '../../query/matches.ts'
import type { Query } from '../../query/tree.ts'
import type { Batch, Stored } from '../../store.ts'
import { lineId } from '../partitions/line-key.ts'
import type { PartitionState, PlacedLine } from '../partitions/partition.ts'
import { Partitions } from '../partitions/partitions.ts'
import { purgeLines } from '../partitions/purge.ts'
import { restoreFrom } from '../partitions/restore.ts'
import { appendGroup } from './append.ts'
import { answerCalls, type PlainProblem, plainProblem, tell } from './worker-protocol.ts'

export type WriterStart = {
  folder: string
  writer: number
  mostLines: number
  /** The position of the next line, shared by all writers. */
  positions: BigInt64Array<SharedArrayBuffer>
  /** For personal data that a project wants encrypted; masked without it. */
  privacyKey: Uint8Array | null
}
export type WriterReady = { states: PartitionState[] }
export type TailLines = { tail: number; lines: LogLine[] }
/** What became of each batch of a group, and of the partitions. */
export type Appended = { outcomes: ({ stored: Stored } | { problem: PlainProblem })[]; changed: PartitionState[] }

/** A tail gets at most so many lines of one transaction, the last ones: whoever watches cannot read more. */
const MOST_TAILED = 500

const { folder, writer, mostLines, positions, privacyKey } = workerData as WriterStart
const tails = new Map<number, Query>()
const partitions = new Partitions({ folder, writer, mostLines, onDamage: damage => tell('damage', damage) })

const read = (batch: Batch) => readBatch(batch, privacyKey)

const calls = {
  append(batches: readonly Batch[]): Appended {
    const { outcomes, changed } = appendGroup({ partitions, readBatch: read, reserve, onStored: feedTails }, batches)
    return {
      outcomes: outcomes.map(each => ('problem' in each ? { problem: plainProblem(each.problem) } : each)),
      changed,
    }
  },
  async purge(query: Query): Promise<{ removed: number; states: PartitionState[] }> {
    const removed = await purgeLines(partitions, query, Number(Atomics.load(positions, 0)) - 1)
    return { removed, states: partitions.states() }
  },
  drop(name: string): void {
    partitions.drop(name)
  },
  setAside(name: string, message: string): void {
    if (partitions.has(name)) partitions.setAside(name, new Error(message))
  },
  /** Merges the indexes of full partitions, and of those of days before `day`, for about `forMs`. */
  merge(day: number, forMs: number): PartitionState[] {
    const until = performance.now() + forMs
    const changed = new Map<string, PartitionState>()
    for (const name of partitions.unmerged(day)) {
      const partition = partitions.open(name)
      let merged = false
      while (!merged && performance.now() < until) merged = partition.mergeSome()
      changed.set(name, partitions.note(partition))
      if (!merged) break
      partitions.close(name)
    }
    return [...changed.values()]
  },
  async restore(file: string, name: string, expiresAt: number): Promise<{ lines: number; states: PartitionState[] }> {
    const lines = await restoreFrom(partitions, folder, { file, name, expiresAt })
    return { lines, states: partitions.states() }
  },
  tail(tail: number, query: Query): void {
    tails.set(tail, query)
  },
  endTail(tail: number): void {
    tails.delete(tail)
  },
  close(): void {
    partitions.closeAll()
  },
}
export type WriterCalls = typeof calls

answerCalls(calls)
tell('ready', { states: partitions.states() } satisfies WriterReady)

function reserve(count: number): number {
  return Number(Atomics.add(positions, 0, BigInt(count)))
}

function feedTails(stored: readonly PlacedLine[]): void {
  for (const [tail, query] of tails) {
    const fitting = stored.filter(({ line }) => matchesQuery(query, line)).slice(-MOST_TAILED)
    const lines = fitting.map(placed => ({ ...placed.line, id: lineId(placed), timestamp: placed.timestamp }))
    if (lines.length > 0) tell('tail', { tail, lines } satisfies TailLines)
  }
}
