// Queues batches for the writers: grouped, so that many share a transaction, and bounded, so that memory is.
import { Problem } from '../../../problem.ts'
import type { AppendResult, Batch } from '../../store.ts'
import type { PartitionState } from '../partitions/partition.ts'
import type { WorkerClient } from './worker-client.ts'
import { deserializeProblem } from './worker-protocol.ts'
import type { Appended, WriterCalls } from './writer.ts'

/** Batches that may wait for the writers together. */
export const MAX_QUEUED_BATCHES = 20_000
/** About the size of one transaction: large enough to pay for its sync, small enough to end in a moment. */
const GROUP_BYTES = 512 * 1024
/** The next group already waits at the writer while one is stored, so that the writer never idles. */
const GROUPS_PER_WRITER = 2
/** Below this backlog one writer takes everything: fuller transactions, fewer partitions to search. */
const SPILL_BYTES = 128 * 1024
/** What even an empty body takes in the queue. */
const BATCH_OVERHEAD_BYTES = 500
const MIN_RETRY_MS = 250
const MAX_RETRY_MS = 10_000

type QueuedBatch = {
  batch: Batch
  bytes: number
  resolve: (result: AppendResult) => void
  reject: (error: unknown) => void
}

/** What waits for one writer, and what it is storing (`groups`). */
type WriterQueue = {
  worker: WorkerClient<WriterCalls>
  waiting: QueuedBatch[]
  bytes: number
  groups: number
  isScheduled: boolean
}

export class AppendQueue {
  readonly #queues: WriterQueue[]
  readonly #maxBytes: number
  readonly #onChanged: (states: readonly PartitionState[]) => void
  #batches = 0
  #bytesPerMs = 5_000
  #idle: (() => void)[] = []

  /** `onChanged` gets the new state of each partition that took lines. */
  constructor(
    workers: readonly WorkerClient<WriterCalls>[],
    maxBytes: number,
    onChanged: (states: readonly PartitionState[]) => void,
  ) {
    this.#queues = workers.map(worker => ({ worker, waiting: [], bytes: 0, groups: 0, isScheduled: false }))
    this.#maxBytes = maxBytes
    this.#onChanged = onChanged
  }

  /** Batches that are not stored yet. */
  get length(): number {
    return this.#batches
  }

  /** Resolves when the batch is on disk. Rejects with `busy` when the queue is full. */
  append(batch: Batch): Promise<AppendResult> {
    const bytes = batch.body.byteLength + BATCH_OVERHEAD_BYTES
    const queuedBytes = this.#queues.reduce((sum, queue) => sum + queue.bytes, 0)
    if (this.#batches > 0 && (queuedBytes + bytes > this.#maxBytes || this.#batches >= MAX_QUEUED_BATCHES))
      return Promise.reject(this.#fullProblem(queuedBytes))
    const queue = this.#queueFor(batch)
    queue.bytes += bytes
    this.#batches++
    return new Promise((resolve, reject) => {
      queue.waiting.push({ batch, bytes, resolve, reject })
      this.#schedule(queue)
    })
  }

  /** Sends what waits for a writer that has come back. */
  resume(worker: WorkerClient<WriterCalls>): void {
    const queue = this.#queues.find(candidate => candidate.worker === worker)
    if (queue) this.#schedule(queue)
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    if (this.#batches > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  /** Rejects every batch that still waits. */
  rejectWaiting(): void {
    const problem = new Problem('busy', 'The log store is closing; these lines were not stored.', {
      retryAfterMs: 5_000,
    })
    for (const queue of this.#queues) for (const { reject } of queue.waiting.splice(0)) reject(problem)
  }

  /** Everything that arrives in one tick of the event loop is sent together. */
  #schedule(queue: WriterQueue): void {
    if (queue.isScheduled) return
    queue.isScheduled = true
    setImmediate(() => {
      queue.isScheduled = false
      while (queue.waiting.length > 0 && queue.groups < GROUPS_PER_WRITER && queue.worker.ready) this.#send(queue)
    })
  }

  async #send(queue: WriterQueue): Promise<void> {
    let bytes = 0
    let count = 0
    while (count < queue.waiting.length && (count === 0 || bytes < GROUP_BYTES)) bytes += queue.waiting[count++]!.bytes
    const group = queue.waiting.splice(0, count)
    queue.groups++
    const startedAt = performance.now()
    try {
      const batches = group.map(({ batch }) => batch)
      const bodies = [...new Set(batches.map(({ body }) => body))]
      const { outcomes, changed } = await queue.worker.call('append', [batches], bodies)
      this.#onChanged(changed)
      this.#bytesPerMs = (this.#bytesPerMs * 3 + bytes / (performance.now() - startedAt)) / 4
      answerGroup(group, outcomes)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    queue.groups--
    queue.bytes -= bytes
    this.#batches -= group.length
    if (this.#batches === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#schedule(queue)
  }

  /** An idempotency key always goes to the same writer, which knows the first reply to it. */
  #queueFor({ idempotencyKey, project }: Batch): WriterQueue {
    const [first] = this.#queues
    if (idempotencyKey !== null) return this.#queues[hashText(`${project}\0${idempotencyKey}`) % this.#queues.length]!
    if (first!.worker.ready && first!.bytes < SPILL_BYTES) return first!
    const ready = this.#queues.filter(queue => queue.worker.ready)
    return (ready.length > 0 ? ready : this.#queues).reduce((a, b) => (b.bytes < a.bytes ? b : a))
  }

  #fullProblem(queuedBytes: number): Problem {
    const retryAfterMs = Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, queuedBytes / this.#bytesPerMs / 2)))
    return new Problem('busy', 'The queue of logs to store is full. Try again in a moment.', { retryAfterMs })
  }
}

function answerGroup(group: readonly QueuedBatch[], outcomes: Appended['outcomes']): void {
  for (const [i, { resolve, reject }] of group.entries()) {
    const outcome = outcomes[i]!
    if ('problem' in outcome) reject(deserializeProblem(outcome.problem))
    else resolve(outcome.result)
  }
}

/** A number that spreads texts evenly (FNV-1a). */
function hashText(text: string): number {
  let hash = 2_166_136_261
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619) >>> 0
  return hash
}
