// A process that stores batches until it is killed: `node store-under-load.testing.ts <folder> <first number> <numbers to retry>`.
import { writeSync } from 'node:fs'
import { silentLogger } from '../../logger.ts'
import { DAY } from '../../time.ts'
import { openLogStore } from './open-log-store.ts'

const [folder, first, retried] = process.argv.slice(2)
const store = await openLogStore({ folder: folder!, logger: silentLogger })
const retries = JSON.parse(retried!) as number[]
let next = Number(first)

for (let lane = 0; lane < 24; lane++) void send()

async function send(): Promise<void> {
  for (;;) {
    const batch = retries.pop() ?? next++
    const lines = Array.from({ length: 7 }, (_, i) => ({ message: `batch ${batch} line ${i}` }))
    // At once, not through a stream that the kill would empty.
    writeSync(1, `sent ${batch}\n`)
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
    writeSync(1, `stored ${batch}\n`)
  }
}
