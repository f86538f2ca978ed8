// Ships the lines of the spool to the engine in the order of their positions, and remembers how far it came.
import { setTimeout } from 'node:timers/promises'
import { backOff } from '../../backoff.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { EmbeddedLogStore } from '../embedded/embedded-log-store.ts'
import { MAX_TIMESTAMP } from '../embedded/partitions/line-key.ts'
import { WorkerClient } from '../embedded/workers/worker-client.ts'
import type { Position } from '../store.ts'
import type { DriverSource, EngineDriver, EngineFacts, EnginePartition } from './driver.ts'
import type { EngineHealth } from './engine-health.ts'
import type { ShipCalls, ShipStart } from './ship-worker.ts'
import { numberFor, type Shipped, writeShipped } from './shipped-file.ts'

/** Lines wait so long for others, because each batch costs the engine the same. */
const GATHER_MS = 400
/** One call of the worker begins batches for so long; then what it shipped counts. */
const CALL_MS = 1_000
/** The same while much waits: at the end of each call the engine makes everything visible, which costs it time. */
const CATCH_UP_CALL_MS = 5_000
const RETRY_DELAY = { baseMs: 250, maxMs: 10_000 }
/** How long a pause waits for the batches under way. */
const PAUSE_TIMEOUT_MS = 60_000

export type ShipperOptions = {
  folder: string
  source: DriverSource
  driver: EngineDriver
  spool: EmbeddedLogStore
  health: EngineHealth
  logger: Logger
  /** The clock for people, epoch ms. */
  now: () => number
  shipped: Shipped
  /** Whether `shipped` is what the file says, rather than what is assumed until the engine answers. */
  isKnown: boolean
  /** A partition of the engine takes no more lines after about this many. */
  partitionLines: number
}

export class Shipper {
  readonly #options: ShipperOptions
  readonly #worker: WorkerClient<ShipCalls>
  #shipped: Shipped
  #isKnown: boolean
  #facts: EngineFacts | null = null
  /** How many lines each partition of the engine has, as far as it was asked or told. */
  readonly #lines = new Map<string, number>()
  #pauses = 0
  #isClosed = false
  #isUrgent = false
  /** Whether the last call left lines that were there when it began. */
  #isBehind = false
  #running: Promise<void> = Promise.resolve()
  #wake = () => {}
  #waiting: { position: Position; resolve: () => void }[] = []
  /** Whether lines beyond `shippedTo` may be in the engine. */
  #isUncertain = true
  #refusal: { since: number; message: string } | null = null

  constructor(options: ShipperOptions) {
    this.#options = options
    this.#shipped = options.shipped
    this.#isKnown = options.isKnown
    const { folder, source, logger } = options
    this.#worker = new WorkerClient({
      name: 'log shipper',
      file: new URL('./ship-worker.ts', import.meta.url),
      start: { folder, source } satisfies ShipStart,
      logger,
      retryAdvice: 'The lines are sent again.',
      onReady() {},
      onNotice() {},
    })
    this.#worker.defer()
  }

  /** Every line up to here is found in the engine. */
  get shippedTo(): Position {
    return this.#shipped.shippedTo
  }

  get shipped(): Shipped {
    return this.#shipped
  }

  /** What the engine said of itself when it was asked first; null until then. */
  get facts(): EngineFacts | null {
    return this.#facts
  }

  /** Since when (epoch ms) and why nothing is shipped although the engine answers; null when it is. */
  get refusal(): { since: number; message: string } | null {
    return this.#refusal
  }

  /** The newest timestamp (epoch ms) of lines that only the engine has; 0 for none. */
  get goneUntil(): number {
    const { position, until } = this.#shipped.released
    if (!this.#isKnown) return MAX_TIMESTAMP
    return position === 0 ? 0 : until
  }

  /** Whether everything that is stored now is in the engine. */
  get hasAll(): boolean {
    return this.shippedTo >= this.#options.spool.stored().committedTo
  }

  get isUncertain(): boolean {
    return this.#isUncertain
  }

  start(): void {
    this.#running = this.#run()
  }

  /** There are new lines. */
  wake(): void {
    this.#hasNews = true
    this.#wake()
  }
  #hasNews = false

  /** Resolves when everything that is stored now is in the engine. */
  async drained(): Promise<void> {
    const { committedTo: position } = this.#options.spool.stored()
    if (this.shippedTo >= position) return
    this.#isUrgent = true
    await new Promise<void>(resolve => {
      this.#waiting.push({ position, resolve })
      this.wake()
    })
  }

  /**
   * Begins no further batch; resolves when those under way are answered, with a function that ends the pause. Rejects with
   * `busy` when they are not.
   */
  async pause(): Promise<() => void> {
    this.#pauses++
    let isOver = false
    const resume = () => {
      if (isOver) return
      isOver = true
      this.#pauses--
      this.wake()
    }
    const isLate = setTimeout(PAUSE_TIMEOUT_MS, true, { ref: false })
    if (!(await Promise.race([this.#underWay.then(() => false), isLate]))) return resume
    resume()
    throw new Problem('busy', 'Lines are on their way to the log engine, which does not answer. Try again later.')
  }
  #underWay: Promise<unknown> = Promise.resolve()

  /** Changes what is remembered; it is on disk when this resolves. */
  async remember(change: (shipped: Shipped) => Shipped): Promise<void> {
    this.#shipped = change(this.#shipped)
    this.#saving = this.#saving.catch(() => {}).then(() => writeShipped(this.#options.folder, this.#shipped))
    await this.#saving
  }
  #saving: Promise<void> = Promise.resolve()

  /** A dropped partition's name is not used again: what comes now goes to the next one of its kind. */
  async onDropped(partition: string): Promise<void> {
    this.#lines.delete(partition)
    const dot = partition.lastIndexOf('.')
    await this.#startPartition(partition.slice(0, dot), Number(partition.slice(dot + 1)) + 1)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#wake()
    await Promise.race([this.#running, setTimeout(CALL_MS, null, { ref: false })])
    await this.#saving.catch(() => {})
    if (this.#worker.ready) await this.#worker.call('close', []).catch(() => {})
    await this.#worker.close()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#isClosed) {
      const beganAt = performance.now()
      try {
        this.#facts ??= await this.#connect()
        this.#hasNews = false
        const shipping = this.#shipNext()
        this.#underWay = shipping.catch(() => {})
        const hasMore = await shipping
        failures = 0
        this.#refusal = null
        if (!hasMore && !this.#hasNews) await this.#sleep(Number.POSITIVE_INFINITY)
        const restMs = this.#isUrgent ? 0 : GATHER_MS - (performance.now() - beganAt)
        if (!hasMore && restMs > 0) await this.#sleep(restMs, () => this.#isUrgent)
      } catch (error) {
        this.#isUncertain = true
        // The batch under way was cut off with the worker: it is sent again after the next start.
        if (this.#isClosed) return
        const delayMs = backOff(++failures, RETRY_DELAY)
        const since = this.#refusal?.since ?? this.#options.now()
        this.#refusal = { since, message: (error as Error).message }
        if (failures === 1) this.#options.logger.warn('log lines are not shipped; retrying', { error, delayMs })
        await this.#sleep(delayMs, () => false)
      }
    }
  }

  /** Ships for a moment; returns whether there is more. */
  async #shipNext(): Promise<boolean> {
    if (this.#pauses > 0) return false
    const { states, committedTo } = this.#options.spool.stored()
    const { shippedTo, starts } = this.#shipped
    if (committedTo <= shippedTo) return false
    const later = states.filter(({ lastPosition }) => lastPosition > shippedTo)
    const forMs = this.#isBehind ? CATCH_UP_CALL_MS : CALL_MS
    this.#isBehind = false
    const request = { states: later, after: shippedTo, committedTo, starts, forMs }
    const result = await this.#options.health.try(() => this.#worker.call('ship', [request]))
    // The engine answers, so searches go on.
    if (result.delayed !== null) throw new Problem('busy', result.delayed)
    this.#isUncertain = false
    await this.remember(shipped => ({
      ...shipped,
      shippedTo: result.shippedTo,
      refused: shipped.refused + result.refused,
    }))
    for (const [partition, lines] of Object.entries(result.lines)) await this.#count(partition, lines)
    const reached = this.#waiting.filter(({ position }) => position <= result.shippedTo)
    this.#waiting = this.#waiting.filter(({ position }) => position > result.shippedTo)
    for (const { resolve } of reached) resolve()
    if (this.#waiting.length === 0) this.#isUrgent = false
    this.#isBehind = result.shippedTo < committedTo
    return this.#isBehind
  }

  async #count(partition: string, lines: number): Promise<void> {
    const total = (this.#lines.get(partition) ?? 0) + lines
    this.#lines.set(partition, total)
    if (total < this.#options.partitionLines) return
    const dot = partition.lastIndexOf('.')
    await this.#startPartition(partition.slice(0, dot), Number(partition.slice(dot + 1)) + 1)
  }

  /** Lines of a kind that are not shipped yet go to the partition of a number. Nothing may be under way. */
  async #startPartition(kind: string, number: number): Promise<void> {
    const { starts, shippedTo } = this.#shipped
    if (numberFor(starts[kind], Number.POSITIVE_INFINITY) >= number) return
    await this.remember(shipped => ({
      ...shipped,
      starts: { ...starts, [kind]: [...(starts[kind] ?? []), { number, from: shippedTo + 1 }] },
    }))
  }

  /** Asks the engine who it is; where nothing is known of it, it says what it has. */
  async #connect(): Promise<EngineFacts> {
    const { health, driver, logger } = this.#options
    const facts = await health.try(() => driver.check())
    const partitions = await health.try(() => driver.partitions(Number.MAX_SAFE_INTEGER))
    for (const { name, lines } of partitions) this.#lines.set(name, lines)
    if (!this.#isKnown || this.#shipped.engine !== facts.identity) {
      const { shippedTo } = this.#shipped
      const until = Math.max(0, ...partitions.map(own => own.until ?? 0))
      const isOther = this.#isKnown && this.#shipped.engine !== ''
      if (isOther) logger.warn('this log engine is another one: the lines that are here are shipped to it again')
      await this.remember(shipped => ({
        ...shipped,
        engine: facts.identity,
        shippedTo: isOther ? shipped.released.position : shippedTo,
        released: isOther ? shipped.released : { position: shippedTo, until },
        starts: startsOf(partitions),
      }))
      this.#isKnown = true
    }
    for (const warning of facts.warnings) logger.warn(warning)
    return facts
  }

  /** Waits, at most so long; new lines end it when `isOver` says so. */
  async #sleep(ms: number, isOver: () => boolean = () => true): Promise<void> {
    if (this.#isClosed) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const abort = new AbortController()
    this.#wake = () => {
      if (this.#isClosed || isOver()) resolve()
    }
    const timer = Number.isFinite(ms)
      ? setTimeout(ms, null, { ref: false, signal: abort.signal }).catch(() => {})
      : null
    await (timer ? Promise.race([promise, timer]) : promise)
    abort.abort()
    this.#wake = () => {}
  }
}

/** Which lines went to which partition, as far as the lines themselves say. */
function startsOf(partitions: readonly EnginePartition[]): Shipped['starts'] {
  const starts: Record<string, { number: number; from: Position }[]> = {}
  for (const { name, firstPosition } of partitions.toSorted((a, b) => a.firstPosition - b.firstPosition)) {
    const dot = name.lastIndexOf('.')
    const kind = name.slice(0, dot)
    starts[kind] = [...(starts[kind] ?? []), { number: Number(name.slice(dot + 1)), from: firstPosition }]
  }
  return starts
}
