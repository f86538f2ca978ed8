// Stores a group of batches: one transaction for each partition that they go to, and an answer for each batch.
import { Problem } from '../../../problem.ts'
import type { NewLine } from '../../line.ts'
import { type AppendResult, type Batch, EMITTER_FIELD, type LineError } from '../../store.ts'
import { clampTimestamp } from '../partitions/line-key.ts'
import {
  type Partition,
  PartitionFullError,
  PartitionGoneError,
  type PartitionState,
  type PlacedLine,
} from '../partitions/partition.ts'
import { clampRetention, dayOf } from '../partitions/partition-name.ts'
import type { Partitions } from '../partitions/partitions.ts'
import { isCorruptionError, storageProblem } from '../partitions/quarantine.ts'
import { countBatch } from './batch-counts.ts'

export type BatchReader = (batch: Batch) => {
  lines: NewLine[]
  rejected: LineError[]
  why: (line: NewLine) => string
}

export type Outcome = { result: AppendResult } | { problem: Problem }

type Appending = {
  partitions: Partitions
  readBatch: BatchReader
  /** Reserves positions for `count` lines; returns the first. */
  reservePositions: (count: number) => number
  /** Whether `onStored` is called: lines that nobody waits for are garbage as soon as they are written. */
  isTailed: () => boolean
  /** Called with the lines of each transaction once they are on disk. */
  onStored: (lines: readonly PlacedLine[]) => void
}

/** How many other partitions a transaction is tried with. */
const MAX_RETRIES = 3

/** The outcomes in the order of `batches`, and the new state of each partition that took lines. */
export function appendGroup(
  appending: Appending,
  batches: readonly Batch[],
): { outcomes: Outcome[]; changed: PartitionState[] } {
  const groups = Map.groupBy(batches.keys(), i => partitionKey(batches[i]!))
  const outcomes: Outcome[] = []
  const changed: PartitionState[] = []
  for (const indexes of groups.values()) {
    const members = indexes.map(i => batches[i]!)
    const { answers, state } = appendToPartition(appending, members)
    for (const [i, index] of indexes.entries()) outcomes[index] = answers[i]!
    if (state) changed.push(state)
  }
  return { outcomes, changed }
}

/** One transaction; another partition takes it when the first is full or turns out to be damaged. */
function appendToPartition(
  appending: Appending,
  batches: readonly Batch[],
): { answers: Outcome[]; state: PartitionState | null } {
  const { partitions, onStored } = appending
  const { receivedAt, retentionMs } = batches[0]!
  for (let retries = 0; ; retries++) {
    let partition: Partition | null = null
    try {
      if (!partitions.hasFolder) throw folderGoneProblem()
      partition = partitions.current(receivedAt, retentionMs)
      const { answers, lines } = appendInTransaction(partition, appending, batches)
      // Stored is what can be found again.
      partition.mustBeThere()
      if (lines.length > 0) onStored(lines)
      return { answers, state: partitions.update(partition) }
    } catch (error) {
      if (partition && retries < MAX_RETRIES && makeWay(partitions, partition, error)) continue
      const problem = error instanceof PartitionGoneError ? folderGoneProblem() : storageProblem(error)
      return { answers: batches.map(() => ({ problem })), state: null }
    }
  }
}

/** Sets a partition that cannot take lines aside, so that another takes them; false when the error has another reason. */
function makeWay(partitions: Partitions, partition: Partition, error: unknown): boolean {
  if (error instanceof PartitionFullError) {
    partition.markFull()
    partitions.update(partition)
  } else if (error instanceof PartitionGoneError && partitions.hasFolder) partitions.forgetGone(partition.name)
  else if (isCorruptionError(error)) partitions.quarantine(partition.name, error)
  else return false
  return true
}

function folderGoneProblem(): Problem {
  return new Problem(
    'busy',
    'The folder of the log files was removed while Vakt runs, so nothing was stored. Put it back, or restart Vakt to begin with an empty one.',
    { retryAfterMs: 10_000, isStorage: true },
  )
}

function appendInTransaction(
  partition: Partition,
  appending: Appending,
  batches: readonly Batch[],
): { answers: Outcome[]; lines: PlacedLine[] } {
  return partition.transaction(() => {
    const lines: PlacedLine[] = []
    const isTailed = appending.isTailed()
    const onPlaced = (placed: readonly PlacedLine[]) => {
      if (isTailed) for (const line of placed) lines.push(line)
    }
    return { answers: batches.map(batch => placeBatch(partition, appending, batch, onPlaced)), lines }
  })
}

/** Reads one batch and adds its lines to the partition, unless its idempotency key is known. */
function placeBatch(
  partition: Partition,
  appending: Appending,
  batch: Batch,
  onPlaced: (placed: readonly PlacedLine[]) => void,
): Outcome {
  const { idempotencyKey: key, project, receivedAt } = batch
  const firstReply = key === null ? null : appending.partitions.findReply(project, key, receivedAt)
  if (firstReply !== null) return { result: { ...(JSON.parse(firstReply) as AppendResult), repeated: true } }
  let read: ReturnType<BatchReader>
  try {
    read = appending.readBatch(batch)
  } catch (error) {
    return { problem: error instanceof Problem ? error : storageProblem(error) }
  }
  const { lines, rejected: errors, why } = read
  let position = appending.reservePositions(lines.length)
  const placed = lines.map(line => ({ line, timestamp: clampTimestamp(line.timestamp), position: position++ }))
  partition.add(placed)
  onPlaced(placed)
  const reply = { accepted: lines.length, rejected: errors.length, errors, counts: countBatch(placed, why) }
  // The counts are stored too: when Vakt dies before they are counted, they are counted when the batch is sent again.
  // What an emitter may not send now is sent again later.
  const isLater = lines.length === 0 && errors.some(({ field }) => field === EMITTER_FIELD)
  if (key !== null && !isLater) partition.saveReply(project, key, receivedAt, JSON.stringify(reply))
  return { result: { ...reply, repeated: false } }
}

/** Batches with the same key go to the same partition. */
function partitionKey({ receivedAt, retentionMs }: Batch): string {
  return `${dayOf(receivedAt)} ${clampRetention(retentionMs)}`
}
