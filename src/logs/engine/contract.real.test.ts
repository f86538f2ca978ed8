// A store with an engine keeps the contract of log stores, wherever its lines are; the engine is a second embedded store here.
// It takes minutes, so only `npm run proof -- engine` asks for it.
import { describe } from 'vitest'
import type { StoreSettings } from '../contract/made.testing.ts'
import { storeContract } from '../contract/store.contract.ts'
import { makeFolder } from '../embedded/store.testing.ts'
import { openEngineStore, partsFor, type Spool } from './engine-made.testing.ts'

const MODULE = new URL('./embedded-driver.testing.ts', import.meta.url).href
const isAsked = Boolean(process.env.VAKT_ENGINE_URLS)

for (const spool of ['empty', 'half', 'full'] as const)
  describe.skipIf(!isAsked)('the engine store', () =>
    storeContract(
      `a store with an engine and an ${spool} spool`,
      settings => openHere(spool, settings),
      partsFor(spool),
    ),
  )

function openHere(spool: Spool, settings?: StoreSettings) {
  const folder = makeFolder()
  const remove = async () => folder.remove()
  return openEngineStore(spool, { source: { module: MODULE, options: { folder: folder.path } }, remove }, settings)
}
