// A log store with an engine for the contract: with an empty spool, a full one, or one that is shipped half.
import { silentLogger } from '../../logger.ts'
import type { Made, StoreSettings } from '../contract/made.testing.ts'
import { COMMON_PARTS, type ContractPart } from '../contract/store.contract.ts'
import { makeFolder } from '../embedded/store.testing.ts'
import { NOON } from '../store.testing.ts'
import type { DriverSource } from './driver.ts'
import type { EngineLogStore } from './engine-log-store.ts'
import { openEngineLogStore } from './open-engine-log-store.ts'

/** `empty`: the engine has everything; `full`: nothing is shipped; `half`: every second time. */
export type Spool = 'empty' | 'full' | 'half'

/** What a store with an engine is held to: lines that wait for it are neither dropped for the disk budget nor archived. */
export function partsFor(spool: Spool): readonly ContractPart[] {
  if (spool !== 'full') return COMMON_PARTS
  return [...COMMON_PARTS.filter(part => part !== 'maintenance'), 'purge', 'retention', 'restart']
}

/** Opens an empty store whose engine `source` makes for it, and removes again. */
export async function openEngineStore(
  spool: Spool,
  engine: { source: DriverSource; remove(): Promise<void> },
  settings: StoreSettings = {},
): Promise<Made> {
  const folder = makeFolder()
  const open = () =>
    openEngineLogStore({
      ...settings,
      folder: folder.path,
      logger: silentLogger,
      source: engine.source,
      spoolBudgetBytes: 1e12,
      now: Date.now,
      keepMs: 0,
      isShipping: spool !== 'full',
      enginePartitionLines: settings.partitionLines ?? Number.POSITIVE_INFINITY,
    })
  let store: EngineLogStore = await open()
  let settled = 0
  const made: Made = {
    store,
    async settle() {
      if (spool === 'full' || (spool === 'half' && ++settled % 2 === 0)) return
      await store.shipped()
      // Blocks leave the spool as a whole.
      await store.seal()
      await store.release(NOON)
    },
    async restart() {
      await store.close()
      store = await open()
      made.store = store
    },
    seal: () => store.seal(),
    async remove() {
      await made.store.close()
      await engine.remove()
      folder.remove()
    },
  }
  return made
}
