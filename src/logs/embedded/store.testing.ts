// Embedded log stores for tests, in folders that are removed afterwards.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { silentLogger } from '../../logger.ts'
import type { EmbeddedLogStore } from './embedded-log-store.ts'
import { type LogStoreOptions, openLogStore } from './open-log-store.ts'

/** A folder for a store, and how to remove it. */
export function makeFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'vakt-logs-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A folder that is removed after the test. */
export function aFolder(): string {
  const folder = makeFolder()
  onTestFinished(folder.remove)
  return folder.path
}

/** An open store that is closed after the test. */
export async function aStore(options: Partial<LogStoreOptions> = {}): Promise<EmbeddedLogStore> {
  const store = await openLogStore({ folder: options.folder ?? aFolder(), logger: silentLogger, ...options })
  onTestFinished(() => store.close())
  return store
}
