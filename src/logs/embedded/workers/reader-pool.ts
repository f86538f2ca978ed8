// The pool of workers that search: each request goes to the worker with the least to do.
import type { Logger } from '../../../logger.ts'
import { Problem } from '../../../problem.ts'
import type { ReaderCalls, ReaderStart } from './reader.ts'
import { WorkerClient } from './worker-client.ts'

const MAX_PENDING_CALLS = 200

export type ReaderPoolOptions = {
  folder: string
  logger: Logger
  count: number
  program: URL | undefined
  /** Called when a reader meets a damaged partition. */
  onCorruption: (name: string, message: string) => void
}

export class ReaderPool {
  readonly #workers: WorkerClient<ReaderCalls>[]

  constructor({ folder, logger, count, program, onCorruption }: ReaderPoolOptions) {
    this.#workers = Array.from(
      { length: Math.max(1, count) },
      (_, i) =>
        new WorkerClient<ReaderCalls>({
          name: `log reader ${i + 1}`,
          file: program ?? new URL('./reader.ts', import.meta.url),
          start: { folder } satisfies ReaderStart,
          logger,
          retryAdvice: 'Try again.',
          onReady() {},
          onNotice(notice, content) {
            const { name, message } = content as { name: string; message: string }
            if (notice === 'corruption') onCorruption(name, message)
          },
        }),
    )
  }

  async start(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.start()))
  }

  /** Calls a reader. Rejects with `busy` when all readers have too many calls pending. */
  call<N extends keyof ReaderCalls & string>(
    name: N,
    args: Parameters<ReaderCalls[N]>,
  ): Promise<Awaited<ReturnType<ReaderCalls[N]>>> {
    const idlest = this.#workers.reduce((a, b) =>
      Number(b.ready) - Number(a.ready) > 0 || (b.ready === a.ready && b.pending < a.pending) ? b : a,
    )
    if (idlest.pending < MAX_PENDING_CALLS) return idlest.call(name, args)
    return Promise.reject(
      new Problem('busy', 'Too many log searches are running. Try again in a moment.', { retryAfterMs: 1_000 }),
    )
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
