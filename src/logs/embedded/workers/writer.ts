// The worker that writes: it parses batches, stores them in groups, and maintains the partitions that it owns.
import { join } from 'node:path'
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
import { type Releasable, releasableLines, releaseLines } from '../partitions/release.ts'
import { restoreArchive, restoreLines } from '../partitions/restore.ts'
import { salvageLines } from '../partitions/salvage.ts'
import type { SealTally } from '../partitions/seal-tally.ts'
import { appendGroup } from './append.ts'
import { answerCalls, notify, type SerializedProblem, serializeProblem } from './worker-protocol.ts'

export type WriterStart = {
  folder: string
  writer: number
  /** A partition takes no more lines after this many. */
  maxLines: number
  /** The position of the next line, shared by all writers. */
  positions: BigInt64Array<SharedArrayBuffer>
  /** Where all writers count what they seal. */
  sealing: SealTally
  /** Encrypts personal data where a project wants that; without it such data is masked. */
  privacyKey: Uint8Array | null
}
export type WriterReady = { states: PartitionState[] }
/**
 * Lines for the tails, each once: every group has the tails of one query, which of the lines are theirs, and how many were
 * left out.
 */
export type TailLines = { lines: LogLine[]; groups: { tails: number[]; lines: number[]; leftOut: number }[] }
/** The outcome of each batch of a group, and the new state of each partition that took lines. */
export type Appended = {
  outcomes: ({ result: AppendResult } | { problem: SerializedProblem })[]
  changed: PartitionState[]
}

/** A tail gets at most this many lines of one transaction, the last ones: nobody can read more. */
const MAX_TAIL_LINES = 500

const { folder, writer, maxLines, positions, sealing, privacyKey } = workerData as WriterStart
/** The tails of each query, which is matched once for all of them. */
const tails = new Map<string, { query: Query; ids: number[] }>()
const partitions = new Partitions({
  folder,
  writer,
  maxLines,
  onQuarantine: partition => notify('quarantine', partition),
  onGone: name => notify('gone', name),
  sealing,
})

const calls = {
  append(batches: readonly Batch[]): Appended {
    const { outcomes, changed } = appendGroup(
      {
        partitions,
        readBatch: batch => readBatch(batch, privacyKey),
        reservePositions,
        isTailed: () => tails.size > 0,
        onStored: sendToTails,
      },
      batches,
    )
    // The memory of the bodies is free at once: the collector does not know their size and lets many pile up. Batches may share one.
    for (const { body } of batches) if (!body.detached) body.transfer(0)
    changed.push(...partitions.sealOverdue())
    scheduleSealing()
    return {
      outcomes: outcomes.map(outcome =>
        'problem' in outcome ? { problem: serializeProblem(outcome.problem) } : outcome,
      ),
      changed,
    }
  },
  /** Removes matching lines stored after a position and until now. */
  async purge(query: Query, after: number, upTo: number): Promise<{ removed: number; states: PartitionState[] }> {
    const last = Math.min(upTo, Number(Atomics.load(positions, 0)) - 1)
    const removed = await purgeLines(partitions, query, { after, last })
    return { removed, states: partitions.states() }
  },
  drop(name: string): void {
    partitions.drop(name)
  },
  /** What `release` would remove. */
  releasable(upTo: number): Releasable {
    return releasableLines(partitions, upTo)
  },
  /** Removes what is stored elsewhere up to a position; of partitions from before `day` also the files. */
  async release(upTo: number, day: number): Promise<{ dropped: string[]; states: PartitionState[] }> {
    const dropped = await releaseLines(partitions, upTo, day)
    return { dropped, states: partitions.states() }
  },
  quarantine(name: string, message: string): void {
    if (partitions.has(name)) partitions.quarantine(name, new Error(message))
  },
  forgetGone(name: string): void {
    if (partitions.has(name)) partitions.forgetGone(name)
  },
  /** Seals the lines that wait in partitions which take none now, or of days before `day`. */
  sealIdle(day: number): PartitionState[] {
    return partitions.sealIdle(day)
  },
  sealAll(): PartitionState[] {
    return partitions.sealAll()
  },
  /** `readable`: how many lines of a partition of this name can be read. */
  async restore(
    file: string,
    name: string,
    expiresAt: number,
    readable: number,
  ): Promise<{ lines: number; states: PartitionState[] }> {
    const lines = await restoreArchive(partitions, folder, { file, name, expiresAt, readable })
    return { lines, states: partitions.states() }
  },
  /** Makes a partition `name` of what can be read of the damaged file `file`. */
  async salvage(file: string, name: string, expiresAt: number): Promise<{ lines: number; states: PartitionState[] }> {
    const lines = await restoreLines(partitions, folder, { chunks: salvageLines(join(folder, file)), name, expiresAt })
    return { lines, states: partitions.states() }
  },
  startTail(tail: number, query: Query): void {
    const key = JSON.stringify(query)
    const same = tails.get(key) ?? { query, ids: [] }
    tails.set(key, { query, ids: [...same.ids, tail] })
  },
  stopTail(tail: number): void {
    for (const [key, { query, ids }] of tails) {
      const others = ids.filter(id => id !== tail)
      if (others.length === 0) tails.delete(key)
      else tails.set(key, { query, ids: others })
    }
  },
  close(): void {
    partitions.closeAll()
  },
}
export type WriterCalls = typeof calls

answerCalls(calls)
notify('ready', { states: partitions.states() } satisfies WriterReady)

let isSealing = false

/** Seals full blocks one by one; batches that wait are stored in between. */
function scheduleSealing(): void {
  if (isSealing) return
  isSealing = true
  setImmediate(() => {
    isSealing = false
    const state = partitions.sealNext()
    if (!state) return
    notify('sealed', state)
    scheduleSealing()
  })
}

function reservePositions(count: number): number {
  return Number(Atomics.add(positions, 0, BigInt(count)))
}

function sendToTails(stored: readonly PlacedLine[]): void {
  if (tails.size === 0) return
  const lines: LogLine[] = []
  const places = new Map<PlacedLine, number>()
  const placeOf = (placed: PlacedLine): number => {
    const known = places.get(placed)
    if (known !== undefined) return known
    places.set(placed, lines.length)
    return lines.push({ ...placed.line, id: lineId(placed), timestamp: placed.timestamp }) - 1
  }
  const groups = [...tails.values()].map(({ query, ids }) => {
    const matching = stored.filter(({ line }) => matchesQuery(query, line))
    const leftOut = Math.max(0, matching.length - MAX_TAIL_LINES)
    return { tails: ids, lines: matching.slice(leftOut).map(placeOf), leftOut }
  })
  if (lines.length > 0) notify('tail', { lines, groups } satisfies TailLines)
}
