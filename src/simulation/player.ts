// Sends the steps of a scenario at their times: with bounded concurrency, in order per source, with retries.
import { backOff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { Problem } from '../problem.ts'
import { SECOND } from '../time.ts'
import type { Reply } from './client.ts'
import type { Beat, Lines, Step } from './play.ts'

/** Where the traffic goes. */
export interface Target {
  sendLines(step: Lines, number: number): Promise<Reply>
  sendBeat(step: Beat): Promise<Reply>
}

/** What happens while a scenario is played. */
export type PlayerEvent =
  | { kind: 'fault'; step: Extract<Step, { kind: 'fault' }> }
  | { kind: 'sent'; step: Lines | Beat; rejected: number }
  | { kind: 'again'; step: Lines | Beat; reason: string; afterMs: number }
  | { kind: 'lost'; step: Lines | Beat; reason: string }

export type PlayerOptions = {
  clock: Clock
  /** How many times faster than the scenario is written. */
  speed: number
  /** The start of the scenario, epoch ms. */
  begin: number
  /** Stops playing: running requests are finished, waiting ones are dropped. */
  signal: AbortSignal
  onEvent(event: PlayerEvent): void
}

const MAX_CONCURRENT_REQUESTS = 8
/** When this many requests wait, the scenario waits too: it falls behind rather than piling up requests. */
const MAX_QUEUED_REQUESTS = 64
const MAX_ATTEMPTS = 8
/** Without jitter: there is only one client, and a run can be repeated. */
const RETRY = { baseMs: SECOND / 2, maxMs: 60 * SECOND, random: () => 0 }

/**
 * Plays steps to a target. Requests of one source are sent one after another. A busy answer (429, 5xx, no connection) is
 * retried after Retry-After, or with back-off; after eight attempts the request is lost.
 * Throws `forbidden` when the server refuses the key, because it would refuse everything.
 */
export async function playTo(target: Target, steps: Iterable<Step>, options: PlayerOptions): Promise<void> {
  const { clock, speed, begin, signal, onEvent } = options
  const queues = new Map<string, Promise<void>>()
  const requests = createSemaphore(MAX_CONCURRENT_REQUESTS)
  const room = createSemaphore(MAX_QUEUED_REQUESTS)
  let number = 0
  let refusal: Problem | null = null

  /** One attempt: null when it succeeded, else the reason and, when a retry may help, the wait before it. */
  const attempt = async (step: Lines | Beat, requestNumber: number, attempts: number) => {
    const reply = step.kind === 'lines' ? await target.sendLines(step, requestNumber) : await target.sendBeat(step)
    if (reply.kind === 'taken') {
      onEvent({ kind: 'sent', step, rejected: reply.rejected })
      return null
    }
    const { reason } = reply
    if (reply.kind === 'again')
      return { reason, afterMs: attempts < MAX_ATTEMPTS ? retryDelay(reply.afterMs, attempts) : null }
    if (reply.isPermanent) refusal = new Problem('forbidden', `The server refuses the key: ${reason}`)
    return { reason, afterMs: null }
  }

  const deliver = async (step: Lines | Beat, requestNumber: number) => {
    for (let attempts = 1; refusal === null; attempts++) {
      const failed = await attempt(step, requestNumber, attempts)
      if (failed === null) return
      const { reason, afterMs } = failed
      if (afterMs === null || signal.aborted) return onEvent({ kind: 'lost', step, reason })
      onEvent({ kind: 'again', step, reason, afterMs })
      await pause(clock, clock.now() + afterMs, signal)
    }
  }

  for (const step of steps) {
    await pause(clock, begin + step.at / speed, signal)
    await room.enter()
    if (signal.aborted || refusal) break
    if (step.kind === 'fault') {
      room.leave()
      onEvent({ kind: 'fault', step })
      continue
    }
    const requestNumber = number++
    const before = queues.get(step.source) ?? Promise.resolve()
    const queue = before
      .then(() => requests.enter())
      .then(() => (signal.aborted ? undefined : deliver(step, requestNumber)))
      .finally(() => {
        requests.leave()
        room.leave()
      })
    queues.set(step.source, queue)
  }
  await Promise.all(queues.values())
  if (refusal) throw refusal
}

/** The wait before the next attempt, ms: the server's Retry-After, else a back-off. */
function retryDelay(retryAfterMs: number | null, attempts: number): number {
  return Math.min(RETRY.maxMs, retryAfterMs ?? backOff(attempts, RETRY))
}

/** Waits until an instant (epoch ms), or until the signal is aborted. */
export function pause(clock: Clock, until: number, signal: AbortSignal): Promise<void> {
  if (until <= clock.now() || signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.at(until, end)
    signal.addEventListener('abort', end)
  })
}

/** Admits a number of callers at a time; the others wait in their order. */
function createSemaphore(places: number) {
  let free = places
  const waiting: (() => void)[] = []
  return {
    async enter(): Promise<void> {
      if (free > 0) free--
      else await new Promise<void>(resolve => waiting.push(resolve))
    },
    leave(): void {
      const next = waiting.shift()
      if (next) next()
      else free++
    },
  }
}
