// Queues batches for the writers: grouped, so that many share a transaction; bounded, so that memory is; and in turns, so
// that a sender of much makes nobody else wait.
import { MEBIBYTE } from '../../../bytes.ts'
import { Problem } from '../../../problem.ts'
import { BODY_KEY } from '../../repeat-memory.ts'
import type { AppendResult, Batch } from '../../store.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { FairQueue } from './fair-queue.ts'
import type { Uncommitted } from './uncommitted.ts'
import type { WorkerClient } from './worker-client.ts'
import { deserializeProblem } from './worker-protocol.ts'
import type { Appended, WriterCalls } from './writer.ts'

/** Batches that may wait for the writers together. */
export const MAX_QUEUED_BATCHES = 20_000
/** About the size of one transaction: large enough to pay for its sync, small enough to end in a moment. */
const GROUP_BYTES = 512 * 1024
/** The next group already waits at the writer while one is stored, so that the writer never idles. */
const GROUPS_PER_WRITER = 2
/** Behind a group of this size the last writer gets no second one: a small batch waits there for one group at most. */
const LONG_GROUP_BYTES = 128 * 1024
/** Below this backlog one writer takes everything: fuller transactions, fewer partitions to search. */
const SPILL_BYTES = 128 * 1024
/** A batch that keeps a writer busy for long goes to the last writer, so that the others stay free for small ones. */
const LARGE_BYTES = MEBIBYTE
/** Who has less than this part of the queue may still add to a full one, up to this multiple of its limit. */
const RESERVED_SHARE = 1 / 16
const MAX_OVERFILL = 2
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
  waiting: FairQueue<QueuedBatch>
  bytes: number
  groups: number
  /** The bytes of the groups that it is storing. */
  storing: number
  isScheduled: boolean
}

export class AppendQueue {
  readonly #queues: WriterQueue[]
  readonly #maxBytes: number
  readonly #onChanged: (states: readonly PartitionState[]) => void
  readonly #uncommitted: Uncommitted
  /** Groups whose writer died: their lines may be on disk, in partitions that are not known before it is back. */
  readonly #unanswered = new Map<WriterQueue, object[]>()
  #batches = 0
  /** What each project has in all queues. */
  readonly #shares = new Map<string, { batches: number; bytes: number }>()
  #bytesPerMs = 5_000
  #idle: (() => void)[] = []

  /** `onChanged` gets the new state of each partition that took lines; `uncommitted` follows what is being stored. */
  constructor(
    workers: readonly WorkerClient<WriterCalls>[],
    maxBytes: number,
    onChanged: (states: readonly PartitionState[]) => void,
    uncommitted: Uncommitted,
  ) {
    this.#queues = workers.map(worker => ({
      worker,
      waiting: new FairQueue(),
      bytes: 0,
      groups: 0,
      storing: 0,
      isScheduled: false,
    }))
    this.#maxBytes = maxBytes
    this.#onChanged = onChanged
    this.#uncommitted = uncommitted
  }

  /** Batches that are not stored yet. */
  get length(): number {
    return this.#batches
  }

  /** Resolves when the batch is on disk. Rejects with `busy` when the queue is full. */
  append(batch: Batch): Promise<AppendResult> {
    const bytes = batch.body.byteLength + BATCH_OVERHEAD_BYTES
    if (this.#isFull(batch.project, bytes)) return Promise.reject(this.#fullProblem())
    const queue = this.#queueFor(batch, bytes)
    queue.bytes += bytes
    this.#count(batch.project, 1, bytes)
    return new Promise((resolve, reject) => {
      queue.waiting.push([batch.project, batch.sender ?? ''], { batch, bytes, resolve, reject })
      this.#schedule(queue)
    })
  }

  /** Sends what waits for a writer that has come back, once the states of its partitions are known. */
  resume(worker: WorkerClient<WriterCalls>): void {
    const queue = this.#queues.find(candidate => candidate.worker === worker)
    if (!queue) return
    for (const group of this.#unanswered.get(queue) ?? []) this.#uncommitted.end(group)
    this.#unanswered.delete(queue)
    this.#schedule(queue)
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
    for (const queue of this.#queues) for (const { reject } of queue.waiting.drain()) reject(problem)
  }

  /** Everything that arrives in one tick of the event loop is sent together. */
  #schedule(queue: WriterQueue): void {
    if (queue.isScheduled) return
    queue.isScheduled = true
    // Its batches are sent by `resume` once it is ready.
    if (queue.worker.deferred) queue.worker.wake().catch(() => {})
    setImmediate(() => {
      queue.isScheduled = false
      while (queue.waiting.length > 0 && queue.worker.ready && this.#takesGroup(queue)) this.#send(queue)
    })
  }

  #takesGroup(queue: WriterQueue): boolean {
    const isLast = queue === this.#queues.at(-1) && this.#queues.length > 1
    const isLong = isLast && queue.storing > LONG_GROUP_BYTES
    return queue.groups < (isLong ? 1 : GROUPS_PER_WRITER)
  }

  async #send(queue: WriterQueue): Promise<void> {
    let bytes = 0
    const group: QueuedBatch[] = []
    // A batch that does not fit waits for the next group: a small one before it is stored at once.
    for (let next = queue.waiting.peek(); next; next = queue.waiting.peek()) {
      if (group.length > 0 && bytes + next.bytes > GROUP_BYTES) break
      group.push(queue.waiting.shift()!)
      bytes += next.bytes
    }
    queue.groups++
    queue.storing += bytes
    const startedAt = performance.now()
    this.#uncommitted.begin(group)
    try {
      const batches = group.map(({ batch }) => batch)
      const bodies = [...new Set(batches.map(({ body }) => body))]
      const { outcomes, changed } = await queue.worker.call('append', [batches], bodies)
      this.#onChanged(changed)
      this.#uncommitted.end(group)
      this.#bytesPerMs = (this.#bytesPerMs * 3 + bytes / (performance.now() - startedAt)) / 4
      answerGroup(group, outcomes)
    } catch (error) {
      if (queue.worker.ready) this.#uncommitted.end(group)
      else this.#unanswered.set(queue, [...(this.#unanswered.get(queue) ?? []), group])
      for (const { reject } of group) reject(error)
    }
    queue.groups--
    queue.storing -= bytes
    queue.bytes -= bytes
    for (const { batch, bytes: own } of group) this.#count(batch.project, -1, -own)
    if (this.#batches === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#schedule(queue)
  }

  /** An idempotency key always goes to the same writer, which knows the first reply to it; equal bodies have equal sizes. */
  #queueFor({ idempotencyKey, project }: Batch, bytes: number): WriterQueue {
    const [first] = this.#queues
    const last = this.#queues.at(-1)!
    if (idempotencyKey?.startsWith(BODY_KEY) && bytes > LARGE_BYTES) return last
    if (idempotencyKey !== null) return this.#queues[hashText(`${project}\0${idempotencyKey}`) % this.#queues.length]!
    if (bytes > LARGE_BYTES && (last.worker.ready || last.worker.deferred)) return last
    if (first!.worker.ready && first!.bytes < SPILL_BYTES) return first!
    // It is there for the batches after this one.
    if (last.worker.deferred) last.worker.wake().catch(() => {})
    const ready = this.#queues.filter(queue => queue.worker.ready)
    // A project with nothing queued has the next turn everywhere, so only what is being stored delays it.
    const delay = this.#shares.has(project)
      ? (queue: WriterQueue) => queue.bytes
      : (queue: WriterQueue) => queue.storing
    return (ready.length > 0 ? ready : this.#queues).reduce((a, b) => (delay(b) < delay(a) ? b : a))
  }

  get #queuedBytes(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.bytes, 0)
  }

  /** Whether a project must wait: it may still add its share when others have filled the queue. */
  #isFull(project: string, bytes: number): boolean {
    if (this.#batches === 0) return false
    const share = this.#shares.get(project) ?? { batches: 0, bytes: 0 }
    const isWithin = (own: number, all: number, limit: number) =>
      all <= limit || (own <= limit * RESERVED_SHARE && all <= limit * MAX_OVERFILL)
    return !(
      isWithin(share.bytes + bytes, this.#queuedBytes + bytes, this.#maxBytes) &&
      isWithin(share.batches + 1, this.#batches + 1, MAX_QUEUED_BATCHES)
    )
  }

  #count(project: string, batches: number, bytes: number): void {
    this.#batches += batches
    const share = this.#shares.get(project) ?? { batches: 0, bytes: 0 }
    share.batches += batches
    share.bytes += bytes
    if (share.batches === 0) this.#shares.delete(project)
    else this.#shares.set(project, share)
  }

  #fullProblem(): Problem {
    const queuedBytes = this.#queuedBytes
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
