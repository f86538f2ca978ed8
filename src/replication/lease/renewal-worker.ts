// The thread that renews the lease.
import { parentPort, workerData } from 'node:worker_threads'
import { systemLeaseTime } from './lease-time.ts'
import { openLeaseStore } from './open-lease-store.ts'
import { startRenewal } from './renewal.ts'
import type { FromThread, ThreadStart, ToThread } from './renewal-thread.ts'
import { openSharedLease } from './shared-lease.ts'

const { lease, environment, base, written, memory, maxBusyMs } = workerData as ThreadStart
const time = systemLeaseTime(base)
const shared = openSharedLease(memory)
const post = (message: FromThread) => parentPort!.postMessage(message)

const renewal = startRenewal({
  ...{ store: openLeaseStore(lease, environment), time, written },
  isHolderAlive: () => time.elapsedMs() - shared.aliveAt() < maxBusyMs,
  onExtended: shared.setUntil,
  onLost(sentence) {
    // First where the main thread looks before each step, however busy it is.
    shared.setLost(sentence)
    post({ kind: 'lost', sentence })
  },
  onTrouble: ({ message }) => post({ kind: 'trouble', sentence: message }),
})

parentPort!.on('message', (message: ToThread) => {
  if (message === 'release') void renewal.release().then(() => post({ kind: 'released' }))
})
