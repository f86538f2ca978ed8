// Runs the words of an action on a host once, within its time limit.

import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import type { Running } from '../machine.ts'
import type { RunEnd } from './action-runs.ts'

/** The host ends what takes too long itself; should it not, Vakt waits no longer than so much more. */
const MERCY = 10 * SECOND

export type Execution = {
  fleet: Pick<HostRuntime, 'connections'>
  clock: Clock
  host: Host
  words: readonly string[]
  /** How long it may take, ms. */
  limit: number
  /** Told what it says, both streams in the order they come. */
  say(chunk: Buffer): void
  /** Whether it is still to be run, asked just before. */
  wanted(): boolean
}

export type Executed = Pick<RunEnd, 'outcome' | 'exitStatus' | 'problem'>

/** Resolves with how it ended, at the latest a little after its limit; never rejects. */
export function execute({ fleet, clock, host, words, limit, say, wanted }: Execution): Promise<Executed> {
  return new Promise(resolve => {
    const began = clock.now()
    let running: Running | null = null
    let over = false
    const settle = (end: Executed) => {
      over = true
      cancel()
      resolve(end)
    }
    const cancel = clock.at(began + limit + MERCY, () => {
      running?.stop()
      settle({ outcome: 'out of time' })
    })
    const take = (chunk: Buffer) => {
      if (!over) say(chunk)
    }
    const go = async () => {
      if (!wanted()) return settle({ outcome: 'failed', problem: 'It was called off before it began.' })
      running = await fleet.connections.machine(host, true, true).stream(words, { stdout: take, stderr: take })
      if (over) return running.stop()
      const code = await running.ended
      // What `timeout` ends has one of these; a command may say the same earlier.
      const late = clock.now() - began >= limit && (code === 124 || code === 137)
      settle(late ? { outcome: 'out of time' } : exitOf(code))
    }
    // After the transaction in which it was begun.
    setImmediate(() => {
      go().catch(error => settle({ outcome: 'failed', problem: said(error, running !== null) }))
    })
  })
}

function exitOf(code: number): Executed {
  return code < 0 ? { outcome: 'failed', problem: 'A signal ended it.' } : { outcome: 'exited', exitStatus: code }
}

function said(error: unknown, began: boolean): string {
  const message = error instanceof Problem ? error.message : `It could not be run (${(error as Error).message}).`
  return began ? `${message} Whether it ran to its end is not known.` : message
}
