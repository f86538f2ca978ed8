// One log store for all tests of a file: opening one starts workers, which costs more than most tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { silentLogger } from '../logger.ts'
import { openLogStore } from '../logs/embedded/open-log-store.ts'
import type { LogStore } from '../logs/store.ts'
import { WEEK } from '../time.ts'

/**
 * Returns a function that gives each test a view of the shared store, and a start a week after the one before, so that its
 * windows contain no lines of other tests. Call it at the top of a test file.
 */
export function shareLogStore(): () => Promise<{ store: LogStore; start: string }> {
  let opened: ReturnType<typeof openStoreInFolder> | null = null
  let start = Date.now()
  afterAll(async () => (await opened)?.close())
  return async () => {
    opened ??= openStoreInFolder()
    const { store } = await opened
    start += WEEK
    return { store: withOverrides(store), start: new Date(start).toISOString() }
  }
}

/** Opens a log store in a folder of its own, which `close` deletes. */
export async function openStoreInFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-log-store-'))
  const store = await openLogStore({ folder, logger: silentLogger })
  return {
    store,
    async close() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A view of a store whose methods a test can replace without changing the store itself. */
function withOverrides(store: LogStore): LogStore {
  const overrides = new Map<PropertyKey, unknown>()
  return new Proxy(store, {
    get(target, name) {
      if (overrides.has(name)) return overrides.get(name)
      // A view by actor would not have the overrides.
      if (name === 'readBy') return undefined
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
    set(_, name, value) {
      overrides.set(name, value)
      return true
    },
  })
}
