// Batches on their way to the writers: grouped, so that many share a transaction, and bounded, so that memory is.
import { Problem } from '../../../problem.ts'
import type { Batch, Stored } from '../../store.ts'
import type { PartitionState } from '../partitions/partition.ts'
import type { WorkerClient } from './worker-client.ts'
import { problemOf } from './worker-protocol.ts'
import type { Appended, WriterCalls } from './writer.ts'

type Waiting = { batch: Batch; bytes: number; resolve: (stored: Stored) => void; reject: (error: unknown) => void }

/** One transaction takes about so much: large enough to pay for its sync, small enough to be over in a moment. */
const GROUP_BYTES = 512 * 1024
/** While one group is stored the next one already waits at the writer, so that it never idles. */
const GROUPS_AT_WRITER = 2
/** Below this backlog one writer takes everything: fuller transactions, fewer partitions to search. */
const SPILL_BYTES = 128 * 1024
/** What even an empty body costs in the queue. */
const BATCH_BYTES = 500
export const MOST_QUEUED = 20_000

/** The lane to one writer. */
type Lane = { thread: WorkerClient<WriterCalls>; waiting: Waiting[]; bytes: number; groups: number; planned: boolean }

export class AppendQueue {
  readonly #lanes: Lane[]
  readonly #mostBytes: number
  readonly #onChanged: (states: readonly PartitionState[]) => void
  #batches = 0
  #bytesPerMs = 5_000
  #idle: (() => void)[] = []

  constructor(
    threads: readonly WorkerClient<WriterCalls>[],
    mostBytes: number,
    onChanged: (states: readonly PartitionState[]) => void,
  ) {
    this.#lanes = threads.map(thread => ({ thread, waiting: [], bytes: 0, groups: 0, planned: false }))
    this.#mostBytes = mostBytes
    this.#onChanged = onChanged
  }

  /** Batches that are not stored yet. */
  get length(): number {
    return this.#batches
  }

  /** Resolves when the batch is on disk. `busy` when too much waits already. */
  append(batch: Batch): Promise<Stored> {
    const bytes = batch.body.byteLength + BATCH_BYTES
    const queued = this.#lanes.reduce((sum, lane) => sum + lane.bytes, 0)
    if (this.#batches > 0 && (queued + bytes > this.#mostBytes || this.#batches >= MOST_QUEUED))
      return Promise.reject(this.#full(queued))
    const lane = this.#laneFor(batch)
    lane.bytes += bytes
    this.#batches++
    return new Promise((resolve, reject) => {
      lane.waiting.push({ batch, bytes, resolve, reject })
      this.#plan(lane)
    })
  }

  /** Sends what waits for a writer that has come back. */
  resume(thread: WorkerClient<WriterCalls>): void {
    const lane = this.#lanes.find(each => each.thread === thread)
    if (lane) this.#plan(lane)
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    if (this.#batches > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  /** Refuses what still waits. */
  giveUp(): void {
    const problem = new Problem('busy', 'The log store is closing; this was not stored.', { retryAfterMs: 5_000 })
    for (const lane of this.#lanes) for (const { reject } of lane.waiting.splice(0)) reject(problem)
  }

  /** Everything that arrives in this turn of the event loop goes together. */
  #plan(lane: Lane): void {
    if (lane.planned) return
    lane.planned = true
    setImmediate(() => {
      lane.planned = false
      while (lane.waiting.length > 0 && lane.groups < GROUPS_AT_WRITER && lane.thread.ready) this.#send(lane)
    })
  }

  async #send(lane: Lane): Promise<void> {
    let bytes = 0
    let count = 0
    while (count < lane.waiting.length && (count === 0 || bytes < GROUP_BYTES)) bytes += lane.waiting[count++]!.bytes
    const group = lane.waiting.splice(0, count)
    lane.groups++
    const begun = performance.now()
    try {
      const batches = group.map(({ batch }) => batch)
      const bodies = [...new Set(batches.map(({ body }) => body))]
      const { outcomes, changed } = await lane.thread.call('append', [batches], bodies)
      this.#onChanged(changed)
      this.#bytesPerMs = (this.#bytesPerMs * 3 + bytes / (performance.now() - begun)) / 4
      settle(group, outcomes)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    lane.groups--
    lane.bytes -= bytes
    this.#batches -= group.length
    if (this.#batches === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#plan(lane)
  }

  /** A key always goes to the same writer, which knows its first answer. */
  #laneFor({ idempotencyKey, project }: Batch): Lane {
    const [first] = this.#lanes
    if (idempotencyKey !== null) return this.#lanes[spread(`${project}\0${idempotencyKey}`) % this.#lanes.length]!
    if (first!.thread.ready && first!.bytes < SPILL_BYTES) return first!
    const ready = this.#lanes.filter(lane => lane.thread.ready)
    return (ready.length > 0 ? ready : this.#lanes).reduce((a, b) => (b.bytes < a.bytes ? b : a))
  }

  #full(queued: number): Problem {
    const retryAfterMs = Math.round(Math.min(10_000, Math.max(250, queued / this.#bytesPerMs / 2)))
    return new Problem('busy', 'More logs wait to be stored than fit in memory. Try again in a moment.', {
      retryAfterMs,
    })
  }
}

function settle(group: readonly Waiting[], outcomes: Appended['outcomes']): void {
  for (const [i, { resolve, reject }] of group.entries()) {
    const outcome = outcomes[i]!
    if ('problem' in outcome) reject(problemOf(outcome.problem))
    else resolve(outcome.stored)
  }
}

/** A number that spreads texts evenly (FNV-1a). */
function spread(text: string): number {
  let number = 2_166_136_261
  for (let at = 0; at < text.length; at++) number = Math.imul(number ^ text.charCodeAt(at), 16_777_619) >>> 0
  return number
}
