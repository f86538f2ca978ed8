// The contract of log stores over a real cluster, whose nodes are in VAKT_ENGINE_URLS.
import { describe } from 'vitest'
import { storeContract } from '../../contract/store.contract.ts'
import { openEngineStore, partsFor, type Spool } from '../engine-made.testing.ts'
import { OpenSearchClient } from './client.ts'
import type { OpenSearchOptions } from './options.ts'

const urls = (process.env.VAKT_ENGINE_URLS ?? '').split(',').filter(Boolean)
const MODULE = new URL('./driver.ts', import.meta.url).href
let made = 0

for (const spool of ['empty', 'half', 'full'] as const satisfies Spool[])
  describe.skipIf(urls.length === 0)('a real cluster', () =>
    storeContract(
      `an engine with an ${spool} spool`,
      settings => openEngineStore(spool, anEngine(), settings),
      partsFor(spool),
    ),
  )

/** A prefix of its own, whose indexes are removed afterwards. */
function anEngine() {
  const prefix = `t${process.pid}-${++made}`
  const options: OpenSearchOptions = {
    ...{ urls, user: null, password: null, apiKey: null, ca: null, prefix, shards: 1, replicas: 1 },
  }
  return {
    source: { module: MODULE, options },
    async remove() {
      const client = new OpenSearchClient(options)
      const rows = await client.get<{ index: string }[]>('GET', `_cat/indices/${prefix}-*?format=json&h=index`)
      for (const { index } of rows) await client.send('DELETE', index)
      await client.send('DELETE', `_index_template/${prefix}-lines`)
      client.close()
    },
  }
}
