// Stores a group of batches: one transaction for each partition that they go to, and an answer for each batch.
import { Problem } from '../../../problem.ts'
import type { NewLine } from '../../line.ts'
import type { Batch, LineError, Stored } from '../../store.ts'
import { isDamage, storageProblem } from '../partitions/damage.ts'
import { storedTimestamp } from '../partitions/line-key.ts'
import { Full, type Partition, type PartitionState, type PlacedLine } from '../partitions/partition.ts'
import { dayOf, wholeRetention } from '../partitions/partition-name.ts'
import type { Partitions } from '../partitions/partitions.ts'
import { countBatch } from './batch-counts.ts'

export type ReadBatch = (batch: Batch) => {
  lines: NewLine[]
  rejected: LineError[]
  why: (line: NewLine) => string
}

export type Outcome = { stored: Stored } | { problem: Problem }

type Appending = {
  partitions: Partitions
  readBatch: ReadBatch
  /** Reserves so many positions for lines; answers with the first. */
  reserve: (count: number) => number
  /** Called with the lines of each transaction once it is on disk. */
  onStored: (lines: readonly PlacedLine[]) => void
}

/** Answers in the order of `batches`, with what has become of the partitions. */
export function appendGroup(
  appending: Appending,
  batches: readonly Batch[],
): { outcomes: Outcome[]; changed: PartitionState[] } {
  const groups = Map.groupBy(batches.keys(), i => kindOf(batches[i]!))
  const outcomes: Outcome[] = []
  const changed: PartitionState[] = []
  for (const indexes of groups.values()) {
    const members = indexes.map(i => batches[i]!)
    const { answers, state } = appendWhole(appending, members)
    for (const [i, index] of indexes.entries()) outcomes[index] = answers[i]!
    if (state) changed.push(state)
  }
  return { outcomes, changed }
}

/** One transaction; another partition takes it when the first is full or found damaged. */
function appendWhole(
  appending: Appending,
  batches: readonly Batch[],
): { answers: Outcome[]; state: PartitionState | null } {
  const { partitions, onStored } = appending
  const { receivedAt, retentionMs } = batches[0]!
  for (let attempt = 0; ; attempt++) {
    let partition: Partition | null = null
    try {
      partition = partitions.current(receivedAt, retentionMs)
      const { answers, lines } = appendTo(partition, appending, batches)
      if (lines.length > 0) onStored(lines)
      return { answers, state: partitions.note(partition) }
    } catch (error) {
      if (error instanceof Full && attempt < 3) {
        partition!.fill()
        partitions.note(partition!)
      } else if (isDamage(error) && partition && attempt < 3) {
        partitions.setAside(partition.name, error)
      } else {
        const problem = storageProblem(error)
        return { answers: batches.map(() => ({ problem })), state: null }
      }
    }
  }
}

function appendTo(
  partition: Partition,
  appending: Appending,
  batches: readonly Batch[],
): { answers: Outcome[]; lines: PlacedLine[] } {
  return partition.transaction(() => {
    const lines: PlacedLine[] = []
    const answers = batches.map(batch => place(partition, appending, batch, lines))
    partition.add(lines)
    return { answers, lines }
  })
}

/** Reads one batch and adds its lines to `all`, unless its key was seen. */
function place(partition: Partition, appending: Appending, batch: Batch, all: PlacedLine[]): Outcome {
  const { idempotencyKey: key, project, receivedAt } = batch
  const first = key === null ? null : appending.partitions.reply(project, key, receivedAt)
  if (first !== null) return { stored: { ...(JSON.parse(first) as Stored), repeated: true } }
  let read: ReturnType<ReadBatch>
  try {
    read = appending.readBatch(batch)
  } catch (error) {
    return { problem: error instanceof Problem ? error : storageProblem(error) }
  }
  const { lines, rejected: errors, why } = read
  let position = appending.reserve(lines.length)
  const placed = lines.map(line => ({ line, timestamp: storedTimestamp(line.timestamp), position: position++ }))
  for (const each of placed) all.push(each)
  const answer = { accepted: lines.length, rejected: errors.length, errors, counts: countBatch(placed, why) }
  // With the counts: Vakt may die before they are counted, and then they are when the batch is sent again.
  if (key !== null) partition.saveReply(project, key, receivedAt, JSON.stringify(answer))
  return { stored: { ...answer, repeated: false } }
}

/** Batches of one kind go to the same partition. */
function kindOf({ receivedAt, retentionMs }: Batch): string {
  return `${dayOf(receivedAt)} ${wholeRetention(retentionMs)}`
}
