// A worker as the main thread has it: calls with answers, and another worker in its place when it dies.
import { Worker } from 'node:worker_threads'
import type { Logger } from '../../../logger.ts'
import { Problem } from '../../../problem.ts'
import { type Answer, type Callable, type Notice, problemOf } from './worker-protocol.ts'

type Pending = { resolve: (result: unknown) => void; reject: (problem: Problem) => void }

export type WorkerClientOptions = {
  /** For people: `log writer 1`. */
  name: string
  file: URL
  /** What the worker starts from. */
  start: unknown
  logger: Logger
  /** Called when a worker is ready, the first and each that replaces it, with what it says then. */
  onReady: (content: unknown) => void
  onNotice: (notice: string, content: unknown) => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/**
 * Bounds of a worker's heap, MB. Left to itself V8 lets garbage pile up: 350 MB instead of 290 for a process with the store
 * under load, at the same speed. The old generation has room for the largest body an intake takes, read into lines.
 */
const YOUNG_MB = 24
const OLD_MB = 512

export class WorkerClient<Calls extends Callable> {
  readonly #options: WorkerClientOptions
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | null = null
  #ready = false
  #everReady = false
  #closed = false
  #calls = 0
  #pause = FIRST_PAUSE_MS
  #restart: NodeJS.Timeout | null = null

  constructor(options: WorkerClientOptions) {
    this.#options = options
  }

  /** Whether calls are answered now. */
  get ready(): boolean {
    return this.#ready
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#pending.size
  }

  /** Starts the worker; rejects when it dies before it is ready. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => this.#begin(resolve, reject))
  }

  /** Calls a function of the worker. Rejects with its problem, or with `busy` when the worker is gone. */
  call<N extends keyof Calls & string>(
    name: N,
    args: Parameters<Calls[N]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<Calls[N]>>> {
    return new Promise((resolve, reject) => {
      if (!this.#ready) return reject(this.#gone())
      const call = ++this.#calls
      this.#worker!.postMessage({ call, name, args }, [...transfer])
      this.#pending.set(call, { resolve: resolve as Pending['resolve'], reject })
    })
  }

  /** Ends the worker for good; it should have been asked to finish before. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#restart) clearTimeout(this.#restart)
    await this.#worker?.terminate()
  }

  #begin(onReady: () => void, onFailure: (problem: Problem) => void): void {
    const worker = new Worker(this.#options.file, {
      workerData: this.#options.start,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB },
      execArgv: [],
    })
    this.#worker = worker
    let failure: Error | null = null
    worker.on('message', (message: Answer | Notice) => {
      if (!('notice' in message)) return this.#settle(message)
      if (message.notice !== 'ready') return this.#options.onNotice(message.notice, message.content)
      this.#ready = true
      this.#everReady = true
      this.#options.onReady(message.content)
      onReady()
    })
    worker.on('error', error => {
      failure = error as Error
    })
    worker.on('exit', () => {
      this.#ready = false
      const gone = this.#gone(failure)
      onFailure(gone)
      for (const { reject } of this.#pending.values()) reject(gone)
      this.#pending.clear()
      if (!this.#closed && this.#everReady) this.#startAgain(failure)
    })
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.call)
    this.#pending.delete(answer.call)
    this.#pause = FIRST_PAUSE_MS
    if ('problem' in answer) pending?.reject(problemOf(answer.problem))
    else pending?.resolve(answer.result)
  }

  #startAgain(failure: Error | null): void {
    const { name, logger } = this.#options
    logger.error(`The ${name} stopped and is started again`, {
      error: failure?.message ?? 'it ended',
      inMs: this.#pause,
    })
    this.#restart = setTimeout(
      () =>
        this.#begin(
          () => logger.info(`The ${name} is back`),
          () => {},
        ),
      this.#pause,
    )
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2)
  }

  #gone(failure: Error | null = null): Problem {
    const why = failure ? ` (${failure.message})` : ''
    return new Problem(
      'busy',
      `The ${this.#options.name} stopped${why} and is started again. Whether this was stored is not known: try again, with the same idempotency key if there is one.`,
      { retryAfterMs: 1_000, cause: failure },
    )
  }
}
