// Lines of senders without HTTP on their way to the store: bounded for each sender and in all, in batches, in turns.
import { type BackOff, backOff } from '../../backoff.ts'
import { KIBIBYTE, MEBIBYTE } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem, type ProblemCode } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Datagram } from '../protocols/protocol.ts'

/** What one sender may have waiting, what all may, and what each may even when all have too much. */
const MAX_SENDER_BYTES = 4 * MEBIBYTE
const MAX_BYTES = 48 * MEBIBYTE
const MIN_SENDER_BYTES = 64 * KIBIBYTE
/** A batch is about this large; a single load may be larger. */
const BATCH_BYTES = 512 * KIBIBYTE
/** What a line costs beside its bytes. */
const LINE_OVERHEAD_BYTES = 100
/** How many batches are stored at a time; the senders take turns. */
const MAX_STORING = 32
/** How many batches of one sender are stored at a time where each is acknowledged by itself; others keep their order. */
const MAX_STORING_ACKNOWLEDGED = 16
const RETRY: BackOff = { baseMs: SECOND / 4, maxMs: 10 * SECOND }
/** Failures of a kind that nobody knows: so often the batch is tried again. */
const MAX_UNKNOWN_FAILURES = 5
const LOG_INTERVAL_MS = MINUTE

/** Lines that belong together. Loads of one sender whose `defaults` are the same share batches, but for those with a key. */
export type Load = {
  /** The lines, without what stands between two. */
  lines: readonly Buffer[]
  defaults?: Datagram['defaults']
  /** Known again when the sender repeats it. */
  idempotencyKey?: string
  /** Called once the lines are on disk. */
  onStored?(): void
}

export type LineQueueOptions = {
  /** What stands between two lines of a batch. */
  separator: string
  project: string | undefined
  /** The most lines that a batch may have now. */
  maxLines(): number
  receive(datagram: Datagram): Promise<unknown>
  /** Counts lines that are given up. */
  drop(dropped: { address: string; lines: number; reason: ProblemCode; message: string }): void
  clock: Clock
  logger: Logger
}

/**
 * `isPatient`: the sender can wait, so its lines are tried until they are stored; those of others are dropped where a limit
 * refuses them. `onRoom` is called when a sender that had too much may send again.
 */
export type SenderOptions = { address: string; isPatient: boolean; onRoom?(): void }

export type Sender = {
  /** Takes lines; false when the sender has too much waiting. An impatient sender's lines are then dropped and counted. */
  add(load: Load): boolean
  readonly isFull: boolean
}

type Waiting = SenderOptions & { loads: Load[]; bytes: number; storing: number; wasFull: boolean }

export type LineQueue = ReturnType<typeof createLineQueue>

/** The queue of one listener. */
export function createLineQueue(options: LineQueueOptions) {
  const { clock, logger, drop } = options
  /** Senders with something to store that is not being stored. */
  const ready = new Set<Waiting>()
  const pauses = new Set<() => void>()
  let bytes = 0
  let storing = 0
  /** Batches that wait before they are tried again. */
  let paused = 0
  let isStopping = false
  let loggedAt = Number.NEGATIVE_INFINITY
  let onIdle: (() => void) | null = null

  const isFull = (sender: Waiting) =>
    sender.bytes >= MAX_SENDER_BYTES || (bytes >= MAX_BYTES && sender.bytes >= MIN_SENDER_BYTES)

  const schedule = () => {
    while (storing < MAX_STORING && ready.size > 0) {
      const [sender] = ready as unknown as [Waiting]
      ready.delete(sender)
      storing++
      sender.storing++
      void store(sender, takeBatch(sender, options.maxLines()))
      if (mayStore(sender)) ready.add(sender)
    }
    if (storing + paused === 0 && ready.size === 0) onIdle?.()
  }

  const store = async (sender: Waiting, batch: Load) => {
    if (await isStored(sender, batch)) batch.onStored?.()
    const size = bytesOf(batch)
    sender.bytes -= size
    bytes -= size
    storing--
    sender.storing--
    if (mayStore(sender)) ready.add(sender)
    if (sender.wasFull && !isFull(sender)) {
      sender.wasFull = false
      sender.onRoom?.()
    }
    schedule()
  }

  /** Whether the batch is on disk in the end. */
  const isStored = async (sender: Waiting, batch: Load): Promise<boolean> => {
    for (let failures = 1; ; failures++) {
      try {
        await options.receive(datagramOf(sender, batch, options))
        return true
      } catch (error) {
        const wait = isStopping ? null : waitAfter(error, failures, sender.isPatient)
        report(error, sender, batch, wait)
        if (wait === null) return false
        // Who waits leaves its place to others.
        storing--
        paused++
        schedule()
        await pause(wait)
        paused--
        storing++
      }
    }
  }

  /** Logs that lines wait or are lost, and counts lost ones. */
  const report = (error: unknown, { address }: Waiting, { lines }: Load, wait: number | null) => {
    if (clock.now() - loggedAt >= LOG_INTERVAL_MS) {
      loggedAt = clock.now()
      logger.warn(wait === null ? 'lines are dropped' : 'lines wait to be stored', {
        address,
        lines: lines.length,
        error,
      })
    }
    if (wait !== null) return
    const reason = error instanceof Problem ? error.code : 'internal'
    drop({ address, lines: lines.length, reason, message: errorMessage(error) })
  }

  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      const end = () => {
        cancel()
        pauses.delete(end)
        resolve()
      }
      const cancel = clock.at(clock.now() + ms, end)
      pauses.add(end)
    })

  return {
    /** Bytes that wait to be stored. */
    waitingBytes: () => bytes,
    /** Whether everybody should send less. */
    isCrowded: () => bytes >= MAX_BYTES,

    open(sender: SenderOptions): Sender {
      const waiting: Waiting = { ...sender, loads: [], bytes: 0, storing: 0, wasFull: false }
      return {
        get isFull() {
          return isFull(waiting)
        },
        add(load) {
          if (load.lines.length === 0) return true
          if (!sender.isPatient && isFull(waiting)) {
            const message = 'The store is slower than this sender: lines were dropped because too many were waiting.'
            drop({ address: sender.address, lines: load.lines.length, reason: 'busy', message })
            return false
          }
          const size = bytesOf(load)
          waiting.loads.push(load)
          waiting.bytes += size
          bytes += size
          if (mayStore(waiting) && !ready.has(waiting)) {
            ready.add(waiting)
            // What else comes in this turn shares the batch.
            if (ready.size === 1) setImmediate(schedule)
          }
          if (!isFull(waiting)) return true
          waiting.wasFull = true
          return false
        },
      }
    },

    /** Resolves once everything is stored, or after `withinMs`; what is not stored by then is dropped and counted. */
    async stop(withinMs: number): Promise<void> {
      let isLate = false
      const giveUp = () => {
        isLate = true
        isStopping = true
        for (const end of [...pauses]) end()
      }
      const cancel = clock.at(clock.now() + withinMs, giveUp)
      // What waits for a retry gets its last one at once.
      for (const end of [...pauses]) end()
      if (storing + paused > 0 || ready.size > 0) {
        await new Promise<void>(resolve => {
          onIdle = resolve
          schedule()
        })
      }
      cancel()
      if (isLate) logger.warn('the log store was too slow at the stop; lines that could not be stored were dropped')
    },
  }
}

/** Whether a sender has a load that need not wait for those before it. */
function mayStore({ loads, storing }: Waiting): boolean {
  const [next] = loads
  if (next === undefined) return false
  return storing === 0 || (next.idempotencyKey !== undefined && storing < MAX_STORING_ACKNOWLEDGED)
}

const TEMPORARY: ReadonlySet<ProblemCode> = new Set(['busy', 'internal'])
/** What a patient sender waits for too: a limit that passes, a project that somebody may add again. */
const WORTH_WAITING: ReadonlySet<ProblemCode> = new Set(['busy', 'internal', 'limited', 'not_found'])

/** How long to wait before the batch is tried again, ms; null when that is no use. */
function waitAfter(error: unknown, failures: number, isPatient: boolean): number | null {
  if (!(error instanceof Problem)) return failures < MAX_UNKNOWN_FAILURES ? backOff(failures, RETRY) : null
  if (!(isPatient ? WORTH_WAITING : TEMPORARY).has(error.code)) return null
  return error.retryAfterMs ?? backOff(failures, RETRY)
}

/** The next batch of a sender: its first load, and those after it that may share a batch. */
function takeBatch(sender: Waiting, maxLines: number): Load {
  const [first] = sender.loads as [Load]
  if (first.lines.length > maxLines) return splitOff(sender, first, maxLines)
  let count = 1
  let lines = first.lines.length
  let bytes = bytesOf(first)
  while (count < sender.loads.length) {
    const next = sender.loads[count]!
    const size = bytesOf(next)
    if (!mayShare(first, next) || lines + next.lines.length > maxLines || bytes + size > BATCH_BYTES) break
    lines += next.lines.length
    bytes += size
    count++
  }
  const loads = sender.loads.splice(0, count)
  if (count === 1) return first
  return {
    ...first,
    lines: loads.flatMap(load => load.lines),
    onStored() {
      for (const load of loads) load.onStored?.()
    },
  }
}

/** The first lines of a load with too many for one batch; the rest stays, with a key of its own. */
function splitOff(sender: Waiting, load: Load, maxLines: number): Load {
  const [key, part = '0'] = load.idempotencyKey?.split(PART) ?? []
  sender.loads[0] = {
    ...load,
    lines: load.lines.slice(maxLines),
    ...(key === undefined ? {} : { idempotencyKey: `${key}${PART}${Number(part) + 1}` }),
  }
  const { onStored: _, ...first } = load
  return { ...first, lines: load.lines.slice(0, maxLines) }
}

/** What stands before the number of a part in its key. */
const PART = ' part '

function mayShare(first: Load, next: Load): boolean {
  if (first.idempotencyKey !== undefined || next.idempotencyKey !== undefined) return false
  return first.defaults === next.defaults || first.defaults?.source === next.defaults?.source
}

function datagramOf(
  { address }: Waiting,
  { lines, defaults, idempotencyKey }: Load,
  { separator, project }: LineQueueOptions,
): Datagram {
  return {
    body: joined(lines, separator),
    address,
    lines: lines.length,
    isCountedElsewhere: true,
    ...(project === undefined ? {} : { project }),
    ...(defaults ? { defaults } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

function bytesOf({ lines }: Load): number {
  let bytes = lines.length * LINE_OVERHEAD_BYTES
  for (const line of lines) bytes += line.length
  return bytes
}

function joined(lines: readonly Buffer[], separator: string): Buffer {
  const between = Buffer.from(separator)
  let length = between.length * lines.length
  for (const line of lines) length += line.length
  const body = Buffer.allocUnsafe(length)
  let at = 0
  for (const line of lines) {
    at += line.copy(body, at)
    at += between.copy(body, at)
  }
  return body
}
