// The pool of workers that search: each request waits for the turn of its actor and goes to the worker with the least to do.
import type { Logger } from '../../../logger.ts'
import { Tallies } from '../../../telemetry.ts'
import { MINUTE, SECOND } from '../../../time.ts'
import type { StoreStatus } from '../../store.ts'
import type { BlockDamage } from '../partitions/open-partitions.ts'
import { CallScheduler, type SchedulerLimits } from './call-scheduler.ts'
import type { ReaderCalls, ReaderStart } from './reader.ts'
import { WorkerClient } from './worker-client.ts'

/** A worker shares its time evenly among what runs in it, so few searches run of whoever has many. */
const LIMITS: SchedulerLimits = { perActor: 2, total: 6, actors: 24, waitingPerActor: 100, waiting: 500 }

/** A search gives way after a moment: one that takes so long at a stretch never ends, and no other search is answered. */
const UNRESPONSIVE_MS = 2 * MINUTE

export type ReaderPoolOptions = {
  folder: string
  logger: Logger
  count: number
  program: URL | undefined
  /** Called when a reader meets a damaged partition. */
  onCorruption: (name: string, message: string) => void
  /** Called when a reader meets a damaged block in a partition that can be read otherwise. */
  onDamagedBlock: (damage: BlockDamage) => void
}

export class ReaderPool {
  readonly #workers: WorkerClient<ReaderCalls>[]
  readonly #scheduler = new CallScheduler(LIMITS)
  readonly #durations = new Tallies()

  constructor({ folder, logger, count, program, onCorruption, onDamagedBlock }: ReaderPoolOptions) {
    this.#workers = Array.from(
      { length: Math.max(1, count) },
      (_, i) =>
        new WorkerClient<ReaderCalls>({
          name: `log reader ${i + 1}`,
          file: program ?? new URL('./reader.ts', import.meta.url),
          start: { folder } satisfies ReaderStart,
          logger,
          retryAdvice: 'Try again.',
          unresponsiveMs: UNRESPONSIVE_MS,
          onReady() {},
          onNotice(notice, content) {
            if (notice === 'damagedBlock') onDamagedBlock(content as BlockDamage)
            if (notice !== 'corruption') return
            const { name, message } = content as { name: string; message: string }
            onCorruption(name, message)
          },
        }),
    )
  }

  /** Has each reader start with the first search that needs it. */
  defer(): void {
    for (const worker of this.#workers) worker.defer()
  }

  /** Calls a reader in the turn of an actor. Rejects with `limited` or `busy` when too many calls wait. */
  async call<N extends keyof ReaderCalls & string>(
    actor: string,
    name: N,
    args: Parameters<ReaderCalls[N]>,
  ): Promise<Awaited<ReturnType<ReaderCalls[N]>>> {
    const begun = performance.now()
    try {
      return await this.#scheduler.run(actor, () => this.#idlest().call(name, args))
    } finally {
      this.#durations.record(name, (performance.now() - begun) / SECOND)
    }
  }

  status(): NonNullable<StoreStatus['readers']> {
    const { running, waiting } = this.#scheduler
    return { ready: this.#workers.filter(({ ready }) => ready).length, running, waiting, durations: this.#durations }
  }

  /** The ready reader with the least to do; one that is not started yet when all others are busy. */
  #idlest(): WorkerClient<ReaderCalls> {
    const idlest = this.#workers.reduce((a, b) =>
      Number(b.ready) - Number(a.ready) > 0 || (b.ready === a.ready && b.pending < a.pending) ? b : a,
    )
    const isBusy = !idlest.ready || idlest.pending > 0
    return (isBusy && this.#workers.find(worker => worker.deferred)) || idlest
  }

  /** Has every reader close a partition, so that its file can be removed. */
  closePartition(name: string): void {
    for (const worker of this.#workers) if (worker.ready) worker.call('closePartition', [name]).catch(() => {})
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#workers.map(async worker => {
        if (worker.ready) await worker.call('close', []).catch(() => {})
        await worker.close()
      }),
    )
  }
}
