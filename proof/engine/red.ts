// An index whose only copy is lost for a while: answers come soon, have everything else, and say what is missing.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { silentLogger } from '../../src/logger.ts'
import { openEngineLogStore } from '../../src/logs/engine/open-engine-log-store.ts'
import { diagnose } from '../../src/logs/engine/opensearch/diagnosis/diagnose.ts'
import { ALL, batchOf } from '../../src/logs/store.testing.ts'
import { DAY } from '../../src/time.ts'
import type { Cluster } from './cluster.ts'
import { driverOptions } from './story.ts'

const DAYS = 4
const LINES = 500
/** No answer may take longer than this, ms. */
const LIMIT_MS = 10_000

export async function playRed(cluster: Cluster): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-spool-'))
  const module = new URL('../../src/logs/engine/opensearch/driver.ts', import.meta.url).href
  const options = { ...driverOptions(cluster, 'red'), replicas: 0 }
  const store = await openEngineLogStore({
    ...{ folder, logger: silentLogger, source: { module, options }, spoolBudgetBytes: 1e12, now: Date.now, keepMs: 0 },
  })
  const now = Date.now()
  const ask = async (when: string, wanted: number, isMissing: boolean) => {
    const began = performance.now()
    const { total } = await store.count(ALL, 2_000)
    const missing = await store.missing({ from: null, until: null })
    const took = Math.round(performance.now() - began)
    const isRight = total === wanted && missing.length > 0 === isMissing && took < LIMIT_MS
    const said = missing.map(({ message }) => message).join(' ') || 'nothing is missing'
    console.log(`${when}: ${total} of ${DAYS * LINES} lines in ${took} ms; ${said}${isRight ? '' : ' (WRONG)'}`)
    return isRight
  }
  /** Whether "doctor" finds a fault that says so, and no other, unless it is of the disks of this machine. */
  const examine = async (text: string | null) => {
    const failed = (await diagnose(options)).filter(({ state }) => state === 'failed').map(own => own.text)
    for (const fault of failed) console.log(`  doctor: ${fault}`)
    const others = failed.filter(fault => !fault.startsWith('The disk of'))
    return text === null ? others.length === 0 : others.length === 1 && others[0]!.includes(text)
  }
  try {
    for (let day = 0; day < DAYS; day++) {
      const at = now - day * DAY
      const lines = Array.from({ length: LINES }, (_, i) => ({ message: `d${day} ${i}`, timestamp: at }))
      await store.append(batchOf(lines, { receivedAt: at, retentionMs: 30 * DAY }))
    }
    await store.shipped()
    await store.seal()
    await store.release(now)
    await cluster.green()
    const reply = await fetch(`${cluster.urls[0]}/_cat/shards/red-2*?format=json&h=index,node`)
    const shards = (await reply.json()) as { index: string; node: string }[]
    // The oldest day, so that new lines have an index.
    const lost = shards.toSorted((a, b) => (a.index < b.index ? -1 : 1))[0]!.node
    const gone = shards.filter(({ node }) => node === lost).length
    const before = await ask('all nodes', DAYS * LINES, false)
    const isWell = await examine(null)
    await cluster.kill(Number(lost.slice(1)) - 1)
    const without = await ask(`without ${lost}`, (DAYS - gone) * LINES, true)
    const again = await ask(`without ${lost}, again`, (DAYS - gone) * LINES, true)
    const isNamed = await examine(shards.find(({ node }) => node === lost)!.index)
    const purged = await store.purge(ALL).then(
      () => 'done',
      (error: Error) => error.message,
    )
    console.log(`a purge meanwhile: ${purged}`)
    cluster.start(Number(lost.slice(1)) - 1)
    await cluster.green()
    // The first answer finds out that it is back; what was left out a moment ago is still named for a while.
    await store.count(ALL, 2_000)
    await setTimeout(20_000)
    const after = await ask('all nodes again', DAYS * LINES, false)
    return before && isWell && without && again && isNamed && after && purged !== 'done'
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
