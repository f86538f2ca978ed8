// Renews a lease on a thread of its own, so that a busy main thread does not lose it; what that thread knows is in shared memory.
import { Worker } from 'node:worker_threads'
import type { LeaseConfig } from '../../config/lease-settings.ts'
import type { Environment } from '../../config/setting.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { leaseTimes } from './lease-record.ts'
import type { TimeBase } from './lease-time.ts'
import type { Renewal, RenewalOptions, WrittenLease } from './renewal.ts'
import { openSharedLease, sharedLeaseMemory } from './shared-lease.ts'

export type ThreadSettings = {
  lease: LeaseConfig
  environment: Environment
  /** Where the time of the process is measured from. */
  base: TimeBase
}

/** What the thread begins with. */
export type ThreadStart = ThreadSettings & {
  written: WrittenLease
  memory: SharedArrayBuffer
  /** How long the main thread may be busy without a pause before its lease is renewed no more, ms. */
  maxBusyMs: number
}

export type ToThread = 'release'
export type FromThread = { kind: 'lost' | 'trouble'; sentence: string } | { kind: 'released' }

/** A main thread that is busy for longer than this serves nobody, so that another Vakt should take over, ms. */
const MAX_BUSY_MS = MINUTE
const ALIVE_INTERVAL_MS = SECOND

/** What renews a lease on a thread of its own; see `startRenewal`. */
export function renewOnThread(settings: ThreadSettings): (options: RenewalOptions) => Renewal {
  return ({ time, written, onLost, onTrouble }) => {
    const memory = sharedLeaseMemory()
    const shared = openSharedLease(memory)
    const { actForMs, attemptMs } = leaseTimes(written.record.ttlMs)
    shared.setUntil(written.begunMs + actForMs)
    shared.setAlive(time.elapsedMs())
    const alive = setInterval(() => shared.setAlive(time.elapsedMs()), ALIVE_INTERVAL_MS)
    alive.unref()
    const maxBusyMs = Math.max(MAX_BUSY_MS, 3 * written.record.ttlMs)
    const start: ThreadStart = { ...settings, written, memory, maxBusyMs }
    const worker = new Worker(new URL('./renewal-worker.ts', import.meta.url), { workerData: start })
    worker.unref()
    let onReleased = () => {}
    const released = new Promise<void>(resolve => {
      onReleased = resolve
    })
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'released') onReleased()
      else if (message.kind === 'lost') onLost(message.sentence)
      else onTrouble?.(new Problem('busy', message.sentence))
    })
    // Without its thread the lease ends in time, and with it this process.
    worker.on('error', error =>
      onTrouble?.(new Problem('internal', `The thread that renews the lease has ended: ${errorMessage(error)}`)),
    )
    worker.on('exit', onReleased)
    return {
      until: shared.until,
      lost: shared.lost,
      async release() {
        clearInterval(alive)
        worker.postMessage('release' satisfies ToThread)
        let cancel = () => {}
        const limit = new Promise<void>(resolve => {
          cancel = time.after(2 * attemptMs, resolve)
        })
        await Promise.race([released, limit])
        cancel()
        await worker.terminate()
      },
    }
  }
}
