// The embedded store keeps the contract of log stores, in this process and, for kill -9, in one of its own.
import { silentLogger } from '../../logger.ts'
import type { Made, StoreSettings } from '../contract/made.testing.ts'
import { storeContract } from '../store.contract.ts'
import { openStoreProcess } from '../store-process.testing.ts'
import { openLogStore } from './open-log-store.ts'
import { fieldToken, levelToken } from './query/field-tokens.ts'
import { makeFolder } from './store.testing.ts'

const PROGRAM = new URL('./store-process.testing.ts', import.meta.url)
const INDEX_WORDS = [levelToken('fatal'), levelToken('info'), fieldToken('host', 'web')]

storeContract('the embedded store', async (settings = {}) => {
  const folder = makeFolder()
  const open = () => openLogStore({ folder: folder.path, logger: silentLogger, ...settings })
  const made: Made = {
    store: await open(),
    async settle() {},
    async restart() {
      await made.store.close()
      made.store = await open()
    },
    indexWords: INDEX_WORDS,
    async remove() {
      await made.store.close()
      folder.remove()
    },
  }
  return made
})

storeContract('the embedded store in a process', openInProcess, ['kill'])

async function openInProcess(settings: StoreSettings = {}): Promise<Made> {
  const folder = makeFolder()
  const open = () => openStoreProcess(PROGRAM, [folder.path, JSON.stringify(settings)])
  let running = await open()
  const made: Made = {
    store: running.store,
    async settle() {},
    async restart() {
      await running.close()
      running = await open()
      made.store = running.store
    },
    async kill() {
      await running.kill()
      running = await open()
      made.store = running.store
    },
    async remove() {
      await running.kill()
      folder.remove()
    },
  }
  return made
}
