// A process that stores batches until it is killed: `node store-under-load.testing.ts <folder> <first number> <numbers to retry>`.
import { writeSync } from 'node:fs'
import { silentLogger } from '../../logger.ts'
import { DAY } from '../../time.ts'
import { openLogStore } from './open-log-store.ts'

const [folder, first, retried] = process.argv.slice(2)
const store = await openLogStore({ folder: folder!, logger: silentLogger })
const retries = JSON.parse(retried!) as number[]
let next = Number(first)

for (let sender = 0; sender < 24; sender++) void send()

async function send(): Promise<void> {
  for (;;) {
    const batch = retries.pop() ?? next++
    const lines = Array.from({ length: 7 }, (_, i) => ({ message: `batch ${batch} line ${i}` }))
    print(`sent ${batch}\n`)
    await store.append({
      body: new TextEncoder().encode(JSON.stringify(lines)).buffer as ArrayBuffer,
      format: 'json',
      project: 'default',
      defaults: {},
      receivedAt: Date.now(),
      limits: { lines: 100, messageBytes: 1_000 },
      retentionMs: 3 * DAY,
      privacy: {},
      idempotencyKey: `batch ${batch}`,
    })
    print(`stored ${batch}\n`)
  }
}

/** Writes immediately, not through a stream whose buffer the kill would lose; a full pipe is tried again. */
function print(text: string): void {
  for (;;) {
    try {
      writeSync(1, text)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}
