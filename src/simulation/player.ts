// Sends what a scenario plays, at its times: bounded in flight, in order for each source, patient with a busy server.

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

/** What the player tells as it happens. */
export type Told =
  | { kind: 'fault'; step: Extract<Step, { kind: 'fault' }> }
  | { kind: 'sent'; step: Lines | Beat; rejected: number }
  | { kind: 'again'; step: Lines | Beat; why: string; afterMs: number }
  | { kind: 'lost'; step: Lines | Beat; why: string }

export type PlayerOptions = {
  clock: Clock
  /** How many times faster than written. */
  speed: number
  /** The instant of the scenario's beginning, epoch ms. */
  begin: number
  /** Ends the playing; what is under way is finished, what waits is dropped. */
  signal: AbortSignal
  tell(told: Told): void
}

const IN_FLIGHT = 8
/** When so many requests wait, the scenario waits too: it falls behind rather than pile up. */
const WAITING = 64
const TRIES = 8
const FIRST_PAUSE = SECOND / 2
const LONGEST_PAUSE = 60 * SECOND

/**
 * Plays steps to a target. Requests of one source go one after another. A busy answer (429, 5xx, no connection) is tried
 * again after Retry-After, or a pause that doubles; after eight tries it is lost and told so.
 * Throws `forbidden` when the server refuses the key, for then nothing would be taken.
 */
export async function playTo(target: Target, steps: Iterable<Step>, options: PlayerOptions): Promise<void> {
  const { clock, speed, begin, signal, tell } = options
  const lanes = new Map<string, Promise<void>>()
  const flights = gate(IN_FLIGHT)
  const room = gate(WAITING)
  let number = 0
  let refusal: Problem | null = null

  /** One try: null when there is no more to do, else why it was not taken and, if it may be tried again, after how long. */
  const attempt = async (step: Lines | Beat, mine: number, tried: number) => {
    const reply = step.kind === 'lines' ? await target.sendLines(step, mine) : await target.sendBeat(step)
    if (reply.kind === 'taken') {
      tell({ kind: 'sent', step, rejected: reply.rejected })
      return null
    }
    const { why } = reply
    if (reply.kind === 'again') return { why, afterMs: tried < TRIES ? patience(reply.afterMs, tried) : null }
    if (reply.forGood) refusal = new Problem('forbidden', `The server refuses the key: ${why}`)
    return { why, afterMs: null }
  }

  const deliver = async (step: Lines | Beat, mine: number) => {
    for (let tried = 1; refusal === null; tried++) {
      const failed = await attempt(step, mine, tried)
      if (failed === null) return
      const { why, afterMs } = failed
      if (afterMs === null || signal.aborted) return tell({ kind: 'lost', step, why })
      tell({ kind: 'again', step, why, afterMs })
      await pause(clock, clock.now() + afterMs, signal)
    }
  }

  for (const step of steps) {
    await pause(clock, begin + step.at / speed, signal)
    await room.enter()
    if (signal.aborted || refusal) break
    if (step.kind === 'fault') {
      room.leave()
      tell({ kind: 'fault', step })
      continue
    }
    const mine = number++
    const before = lanes.get(step.source) ?? Promise.resolve()
    const lane = before
      .then(() => flights.enter())
      .then(() => (signal.aborted ? undefined : deliver(step, mine)))
      .finally(() => {
        flights.leave()
        room.leave()
      })
    lanes.set(step.source, lane)
  }
  await Promise.all(lanes.values())
  if (refusal) throw refusal
}

/** How long to wait before the next try, ms: as the server says, else twice as long every time. */
function patience(asked: number | null, tried: number): number {
  return Math.min(LONGEST_PAUSE, asked ?? FIRST_PAUSE * 2 ** (tried - 1))
}

/** Waits until an instant, or until the signal ends the waiting. */
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

/** Lets so many in at a time; the others wait in the order they came. */
function gate(places: number) {
  let free = places
  const queue: (() => void)[] = []
  return {
    async enter(): Promise<void> {
      if (free > 0) free--
      else await new Promise<void>(resolve => queue.push(resolve))
    },
    leave(): void {
      const next = queue.shift()
      if (next) next()
      else free++
    },
  }
}
