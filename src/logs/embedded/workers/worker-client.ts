// The main thread's side of a worker: calls with answers, and a new worker when the old one dies.
import { Worker } from 'node:worker_threads'
import { backOff } from '../../../backoff.ts'
import type { Logger } from '../../../logger.ts'
import { Problem } from '../../../problem.ts'
import { aboutDuration } from '../../../time.ts'
import { type Answer, type Callable, deserializeProblem, type Notice, PING } from './worker-protocol.ts'

type PendingCall = { resolve: (result: unknown) => void; reject: (problem: Problem) => void }

export type WorkerClientOptions = {
  /** For people: `log writer 1`. */
  name: string
  file: URL
  /** What the worker starts from. */
  start: unknown
  logger: Logger
  /** Called when a worker is ready, the first one and each that replaces it, with the content of its `ready` notice. */
  onReady: (content: unknown) => void
  onNotice: (notice: string, content: unknown) => void
  /** What a caller should do whose call was cut off by the death of the worker: a sentence. */
  retryAdvice: string
  /** A worker that has calls and gives no sign of life for about so long (ms) is replaced (default: never). */
  unresponsiveMs?: number
}

/** How often an unresponsive worker is asked for a sign of life: a machine that sleeps or is very busy costs one time. */
const PINGS = 12
const PING_CALL = 0
const RESTART_DELAY = { baseMs: 100, maxMs: 10_000 }
/**
 * Limits of a worker's heap, MB. Without them V8 lets garbage pile up: 350 MB instead of 290 for a process with the store
 * under load, at the same speed. The old generation has room for the largest body an intake takes, parsed into lines.
 */
const YOUNG_GENERATION_MB = 12
const OLD_GENERATION_MB = 512

export class WorkerClient<Calls extends Callable> {
  readonly #options: WorkerClientOptions
  readonly #pending = new Map<number, PendingCall>()
  #worker: Worker | null = null
  #ready = false
  #wasReady = false
  #closed = false
  #calls = 0
  /** Deaths in a row, without an answered call between them. */
  #failures = 0
  #restart: NodeJS.Timeout | null = null
  #watch: NodeJS.Timeout | null = null
  /** Pings since the last sign of life. */
  #unanswered = 0
  /** Why the worker ends. */
  #failure: Error | null = null
  #deferred = false
  #waking: Promise<void> | null = null

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
    return new Promise((resolve, reject) => this.#startWorker(resolve, reject))
  }

  /** Has the worker start with its first call, or by `wake`: what nobody needs takes no memory and no time. */
  defer(): void {
    this.#deferred = true
  }

  /** Whether the worker waits for its first call. */
  get deferred(): boolean {
    return this.#deferred
  }

  /** Starts a deferred worker; resolves once it is ready. A worker that dies meanwhile is restarted as any other. */
  wake(): Promise<void> {
    if (this.#deferred && !this.#closed) {
      this.#deferred = false
      this.#wasReady = true
      this.#waking = this.start().finally(() => {
        this.#waking = null
      })
      // Whoever called hears of a failure by its call.
      this.#waking.catch(() => {})
    }
    return this.#waking ?? Promise.resolve()
  }

  /** Calls a function of the worker. Rejects with the worker's problem, or with `busy` when the worker is not running. */
  call<N extends keyof Calls & string>(
    name: N,
    args: Parameters<Calls[N]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<Calls[N]>>> {
    if (this.#deferred || this.#waking) return this.wake().then(() => this.#send(name, args, transfer))
    return this.#send(name, args, transfer)
  }

  #send<N extends keyof Calls & string>(
    name: N,
    args: Parameters<Calls[N]>,
    transfer: readonly ArrayBuffer[],
  ): Promise<Awaited<ReturnType<Calls[N]>>> {
    return new Promise((resolve, reject) => {
      if (!this.#ready) return reject(this.#stoppedProblem())
      const call = ++this.#calls
      this.#worker!.postMessage({ call, name, args }, [...transfer])
      this.#pending.set(call, { resolve: resolve as PendingCall['resolve'], reject })
      this.#startWatch()
    })
  }

  /** Watches over the worker while it has calls. */
  #startWatch(): void {
    const { unresponsiveMs } = this.#options
    if (unresponsiveMs === undefined || this.#watch) return
    this.#unanswered = 0
    this.#watch = setInterval(() => this.#ping(unresponsiveMs), unresponsiveMs / PINGS).unref()
  }

  #ping(unresponsiveMs: number): void {
    const isHanging = this.#unanswered++ >= PINGS
    if (isHanging || this.#pending.size === 0) this.#stopWatch()
    else this.#worker!.postMessage({ call: PING_CALL, name: PING, args: [] })
    if (!isHanging || this.#pending.size === 0) return
    this.#failure = new Error(`it did not answer for ${aboutDuration(unresponsiveMs)}`)
    void this.#worker!.terminate()
  }

  #stopWatch(): void {
    if (this.#watch) clearInterval(this.#watch)
    this.#watch = null
  }

  /** Ends the worker for good; ask it to finish its work before. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#restart) clearTimeout(this.#restart)
    this.#stopWatch()
    await this.#worker?.terminate()
  }

  #startWorker(onReady: () => void, onFailure: (problem: Problem) => void): void {
    const worker = new Worker(this.#options.file, {
      // Threads are told apart by it, as in `top -H`.
      name: this.#options.name,
      workerData: this.#options.start,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, maxOldGenerationSizeMb: OLD_GENERATION_MB },
      execArgv: [],
    })
    this.#worker = worker
    this.#failure = null
    worker.on('message', (message: Answer | Notice) => {
      this.#unanswered = 0
      if (!('notice' in message)) return this.#receiveAnswer(message)
      if (message.notice !== 'ready') return this.#options.onNotice(message.notice, message.content)
      this.#ready = true
      this.#wasReady = true
      this.#options.onReady(message.content)
      onReady()
    })
    worker.on('error', error => {
      this.#failure = error as Error
    })
    worker.on('exit', () => {
      this.#ready = false
      this.#stopWatch()
      const failure = this.#failure
      const problem = this.#stoppedProblem(failure)
      onFailure(problem)
      for (const { reject } of this.#pending.values()) reject(problem)
      this.#pending.clear()
      if (!this.#closed && this.#wasReady) this.#scheduleRestart(failure)
    })
  }

  #receiveAnswer(answer: Answer): void {
    const pending = this.#pending.get(answer.call)
    this.#pending.delete(answer.call)
    this.#failures = 0
    if ('problem' in answer) pending?.reject(deserializeProblem(answer.problem))
    else pending?.resolve(answer.result)
  }

  #scheduleRestart(failure: Error | null): void {
    const { name, logger } = this.#options
    const delayMs = backOff(++this.#failures, RESTART_DELAY)
    logger.error(`The ${name} stopped and is restarted`, { error: failure?.message ?? 'it exited', delayMs })
    this.#restart = setTimeout(
      () =>
        this.#startWorker(
          () => logger.info(`The ${name} is back`),
          () => {},
        ),
      delayMs,
    )
  }

  #stoppedProblem(failure: Error | null = null): Problem {
    if (this.#closed) return new Problem('busy', `The ${this.#options.name} is closed, because Vakt stops.`)
    const reason = failure ? ` (${failure.message})` : ''
    return new Problem(
      'busy',
      `The ${this.#options.name} stopped${reason} and is restarted. ${this.#options.retryAdvice}`,
      { retryAfterMs: 1_000, cause: failure },
    )
  }
}
