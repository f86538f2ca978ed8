// The embedded store keeps the contract of log stores, in this process and, for kill -9, in one of its own.
import { silentLogger } from '../../logger.ts'
import type { Made, StoreSettings } from '../contract/made.testing.ts'
import { storeContract } from '../contract/store.contract.ts'
import { openStoreProcess } from '../store-process.testing.ts'
import { fieldToken, levelToken } from './indexed/field-tokens.ts'
import { openLogStore } from './open-log-store.ts'
import { makeFolder } from './store.testing.ts'

const PROGRAM = new URL('./store-process.testing.ts', import.meta.url)
const INDEX_WORDS = [levelToken('fatal'), levelToken('info'), fieldToken('host', 'web')]

storeContract('the embedded store', openHere)
storeContract(
  'the embedded store, sealed',
  async settings => {
    const made = await openHere(settings)
    return Object.assign(made, { settle: () => made.seal!() })
  },
  ['search', 'seal'],
)

storeContract('the embedded store in a process', openInProcess, ['kill'])

async function openHere(settings: StoreSettings = {}): Promise<Made> {
  const folder = makeFolder()
  const open = () => openLogStore({ folder: folder.path, logger: silentLogger, ...settings })
  let store = await open()
  const made: Made = {
    store,
    async settle() {},
    async restart() {
      await store.close()
      store = await open()
      made.store = store
    },
    seal: () => store.seal(),
    indexWords: INDEX_WORDS,
    async remove() {
      await made.store.close()
      folder.remove()
    },
  }
  return made
}

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
