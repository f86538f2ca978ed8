// The worker that writes: it parses batches, stores them in groups, and maintains the partitions that it owns.
import { workerData } from 'node:worker_threads'
import { readBatch } from '../../intake/read-batch.ts'
import type { LogLine } from '../../line.ts'
import { matchesQuery } from '../../query/matches.ts'
import type { Query } from '../../query/tree.ts'
import type { AppendResult, Batch } from '../../store.ts'
import { lineId } from '../partitions/line-key.ts'
import type { PartitionState, PlacedLine } from '../partitions/partition.ts'
import { Partitions } from '../partitions/partitions.ts'
import { purgeLines } from '../partitions/purge.ts'
import { restoreArchive } from '../partitions/restore.ts'
import { appendGroup } from './append.ts'
import { answerCalls, notify, type SerializedProblem, serializeProblem } from './worker-protocol.ts'

export type WriterStart = {
  folder: string
  writer: number
  /** A partition takes no more lines after this many. */
  maxLines: number
  /** The position of the next line, shared by all writers. */
  positions: BigInt64Array<SharedArrayBuffer>
  /** Encrypts personal data where a project wants that; without it such data is masked. */
  privacyKey: Uint8Array | null
}
export type WriterReady = { states: PartitionState[] }
export type TailLines = { tail: number; lines: LogLine[] }
/** The outcome of each batch of a group, and the new state of each partition that took lines. */
export type Appended = {
  outcomes: ({ result: AppendResult } | { problem: SerializedProblem })[]
  changed: PartitionState[]
}

/** A tail gets at most this many lines of one transaction, the last ones: nobody can read more. */
const MAX_TAIL_LINES = 500

const { folder, writer, maxLines, positions, privacyKey } = workerData as WriterStart
const tails = new Map<number, Query>()
const partitions = new Partitions({
  folder,
  writer,
  maxLines,
  onQuarantine: partition => notify('quarantine', partition),
})

const calls = {
  append(batches: readonly Batch[]): Appended {
    const { outcomes, changed } = appendGroup(
      { partitions, readBatch: batch => readBatch(batch, privacyKey), reservePositions, onStored: sendToTails },
      batches,
    )
    return {
      outcomes: outcomes.map(outcome =>
        'problem' in outcome ? { problem: serializeProblem(outcome.problem) } : outcome,
      ),
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
  quarantine(name: string, message: string): void {
    if (partitions.has(name)) partitions.quarantine(name, new Error(message))
  },
  /** Merges the indexes of full partitions, and of those of days before `day`, for about `forMs`. */
  merge(day: number, forMs: number): PartitionState[] {
    const until = performance.now() + forMs
    const changed = new Map<string, PartitionState>()
    for (const name of partitions.unmerged(day)) {
      const partition = partitions.open(name)
      let isMerged = false
      while (!isMerged && performance.now() < until) isMerged = partition.mergeStep()
      changed.set(name, partitions.update(partition))
      if (!isMerged) break
      partitions.close(name)
    }
    return [...changed.values()]
  },
  async restore(file: string, name: string, expiresAt: number): Promise<{ lines: number; states: PartitionState[] }> {
    const lines = await restoreArchive(partitions, folder, { file, name, expiresAt })
    return { lines, states: partitions.states() }
  },
  startTail(tail: number, query: Query): void {
    tails.set(tail, query)
  },
  stopTail(tail: number): void {
    tails.delete(tail)
  },
  close(): void {
    partitions.closeAll()
  },
}
export type WriterCalls = typeof calls

answerCalls(calls)
notify('ready', { states: partitions.states() } satisfies WriterReady)

function reservePositions(count: number): number {
  return Number(Atomics.add(positions, 0, BigInt(count)))
}

function sendToTails(stored: readonly PlacedLine[]): void {
  for (const [tail, query] of tails) {
    const matching = stored.filter(({ line }) => matchesQuery(query, line)).slice(-MAX_TAIL_LINES)
    const lines = matching.map(placed => ({ ...placed.line, id: lineId(placed), timestamp: placed.timestamp }))
    if (lines.length > 0) notify('tail', { tail, lines } satisfies TailLines)
  }
}
