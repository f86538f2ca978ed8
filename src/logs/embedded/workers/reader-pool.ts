// The workers that search: each request goes to the one with the least to do.
import type { Logger } from '../../../logger.ts'
import { Problem } from '../../../problem.ts'
import type { ReaderCalls, ReaderStart } from './reader.ts'
import { WorkerClient } from './worker-client.ts'

const MOST_PENDING = 200

export type ReaderPoolOptions = {
  folder: string
  logger: Logger
  count: number
  program: URL | undefined
  onDamage: (name: string, message: string) => void
}

export class ReaderPool {
  readonly #threads: WorkerClient<ReaderCalls>[]

  constructor({ folder, logger, count, program, onDamage }: ReaderPoolOptions) {
    this.#threads = Array.from(
      { length: Math.max(1, count) },
      (_, i) =>
        new WorkerClient<ReaderCalls>({
          name: `log reader ${i + 1}`,
          file: program ?? new URL('./reader.ts', import.meta.url),
          start: { folder } satisfies ReaderStart,
          logger,
          onReady() {},
          onNotice(notice, content) {
            const { name, message } = content as { name: string; message: string }
            if (notice === 'damage') onDamage(name, message)
          },
        }),
    )
  }

  async start(): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.start()))
  }

  /** Calls a reader. `busy` when all of them have their hands full. */
  call<N extends keyof ReaderCalls & string>(
    name: N,
    args: Parameters<ReaderCalls[N]>,
  ): Promise<Awaited<ReturnType<ReaderCalls[N]>>> {
    const idlest = this.#threads.reduce((a, b) =>
      Number(b.ready) - Number(a.ready) > 0 || (b.ready === a.ready && b.pending < a.pending) ? b : a,
    )
    if (idlest.pending < MOST_PENDING) return idlest.call(name, args)
    return Promise.reject(
      new Problem('busy', 'Too many log searches are under way. Try again in a moment.', { retryAfterMs: 1_000 }),
    )
  }

  /** Has every reader close a partition that is going. */
  forget(name: string): void {
    for (const thread of this.#threads) if (thread.ready) thread.call('forget', [name]).catch(() => {})
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#threads.map(async thread => {
        if (thread.ready) await thread.call('close', []).catch(() => {})
        await thread.close()
      }),
    )
  }
}
