// Runs the program that copies the state (REPLICATE_COMMAND) beside Vakt, and ends it with Vakt, however that ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { backOff } from '../../backoff.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'

const RETRY = { baseMs: SECOND, maxMs: 60 * SECOND }
/** A program that ran this long counts as one that works. */
const STEADY_MS = 60 * SECOND
/** How long it may take to copy the last changes when it is stopped, ms. */
const STOP_TIMEOUT_MS = 4 * SECOND
const MAX_OUTPUT = 2_000

/**
 * A shell that runs the command in a process group of its own and ends the group once standard input is closed: the kernel
 * closes it when Vakt ends, also by kill -9.
 */
const GUARD = `
exec 3<&0
trap : TERM INT HUP
sh -c "$1" </dev/null 3<&- & child=$!
{ cat <&3 >/dev/null; kill -TERM 0; } &
code=0
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
exit "$code"
`

/** What is known of the program; `failingSince` is null while it runs as it should (epoch ms). */
export type ReplicatorHealth = { command: string; failingSince: number | null; failures: number; output: string }

export interface Replicator {
  /** Whether it keeps ending; it must run for a minute to count as well again. */
  health(): ReplicatorHealth
  /** Stops the program; resolves once it has ended, which gives it time to copy the last changes. */
  stop(): Promise<void>
}

/** Starts the command and keeps it running; `environment` is added to that of Vakt. */
export function startReplicator(command: string, environment: Record<string, string>, logger: Logger): Replicator {
  let isStopping = false
  let failures = 0
  let failingSince: number | null = null
  let lastOutput = ''
  let begun = 0
  let isUp = false
  let retry: NodeJS.Timeout | undefined
  let child: ChildProcess
  let ended: Promise<void>

  const start = () => {
    begun = performance.now()
    isUp = true
    let output = ''
    child = spawn('sh', ['-c', GUARD, 'sh', command], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    child.stdin!.on('error', () => {})
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', chunk => {
        output = (output + String(chunk)).slice(-MAX_OUTPUT)
      })
    ended = new Promise(resolve => {
      child.once('error', error => {
        output = error.message
        resolve()
      })
      child.once('close', () => resolve())
    })
    void ended.then(() => {
      endGroup('SIGKILL')
      isUp = false
      if (isStopping) return
      const wasSteady = performance.now() - begun > STEADY_MS
      if (wasSteady || failingSince === null) failingSince = Date.now()
      failures = wasSteady ? 1 : failures + 1
      const ms = backOff(failures, RETRY)
      const said = output.trim().split('\n').slice(-3).join(' ')
      lastOutput = said
      logger.error('the copying of the state has ended; starting it again', { code: child.exitCode, ms, output: said })
      retry = setTimeout(start, ms)
    })
  }

  const endGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // The group has ended.
    }
  }

  start()
  return {
    health() {
      const isSteady = isUp && performance.now() - begun > STEADY_MS
      return {
        ...{ command, output: lastOutput },
        failingSince: isSteady ? null : failingSince,
        failures: isSteady ? 0 : failures,
      }
    },
    async stop() {
      isStopping = true
      clearTimeout(retry)
      child.stdin?.end()
      const cut = setTimeout(() => endGroup('SIGKILL'), STOP_TIMEOUT_MS)
      await ended
      clearTimeout(cut)
    },
  }
}
