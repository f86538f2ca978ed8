// Runs an action on a host once, within its time limit.
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import type { RunningCommand } from '../machine.ts'
import type { RunEnd } from './action-runs.ts'

/** The host itself ends a run at its time limit; Vakt gives up this much later. */
const KILL_GRACE_MS = 10 * SECOND

export type Execution = {
  hostRuntime: Pick<HostRuntime, 'connections'>
  clock: Clock
  host: Host
  argv: readonly string[]
  /** Time limit, ms. */
  timeLimitMs: number
  /** Called with the output of both streams, in the order of arrival. */
  onOutput(chunk: Buffer): void
  /** Whether the action is still to be run; called just before it starts. */
  isWanted(): boolean
}

export type ExecutionResult = Pick<RunEnd, 'outcome' | 'exitStatus' | 'problem'>

/** Resolves with the result, at the latest 10 s after the time limit; never rejects. */
export function executeAction({
  hostRuntime,
  clock,
  host,
  argv,
  timeLimitMs,
  onOutput,
  isWanted,
}: Execution): Promise<ExecutionResult> {
  return new Promise(resolve => {
    const startedAt = clock.now()
    let running: RunningCommand | null = null
    let isOver = false
    const finish = (result: ExecutionResult) => {
      isOver = true
      cancel()
      resolve(result)
    }
    const cancel = clock.at(startedAt + timeLimitMs + KILL_GRACE_MS, () => {
      running?.stop()
      finish({ outcome: 'out of time' })
    })
    const collect = (chunk: Buffer) => {
      if (!isOver) onOutput(chunk)
    }
    const run = async () => {
      if (!isWanted()) return finish({ outcome: 'failed', problem: 'It was cancelled before it started.' })
      const machine = hostRuntime.connections.machine(host, { ignoreBackoff: true, isSentOnce: true })
      running = await machine.stream(argv, { stdout: collect, stderr: collect })
      if (isOver) return running.stop()
      const code = await running.ended
      // timeout(1) exits with one of these; a command may exit with them before the limit.
      const isTimedOut = clock.now() - startedAt >= timeLimitMs && (code === 124 || code === 137)
      finish(isTimedOut ? { outcome: 'out of time' } : toResult(code))
    }
    // After the transaction that records the start.
    setImmediate(() => {
      run().catch(error => finish({ outcome: 'failed', problem: describeError(error, running !== null) }))
    })
  })
}

function toResult(code: number): ExecutionResult {
  return code < 0 ? { outcome: 'failed', problem: 'A signal ended it.' } : { outcome: 'exited', exitStatus: code }
}

function describeError(error: unknown, hasStarted: boolean): string {
  const message = error instanceof Problem ? error.message : `It failed: ${errorMessage(error)}.`
  return hasStarted ? `${message} It is not known whether the command finished.` : message
}
