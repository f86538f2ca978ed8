// Keeps the compiled code between two starts: Vakt is ready sooner, and no thread has to translate TypeScript, which takes memory.
import { accessSync, constants } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { MINUTE } from '../time.ts'

/** After this everything that a start needs is compiled. */
const FLUSH_AFTER_MS = MINUTE

/**
 * Has this process and its workers read and keep compiled code: beside the installed packages, or where nobody may write there, in
 * the data folder. Without a folder that can be written, everything is compiled at each start. `NODE_COMPILE_CACHE` and
 * `NODE_DISABLE_COMPILE_CACHE` win.
 */
export function useCompileCache(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.NODE_COMPILE_CACHE || environment.NODE_DISABLE_COMPILE_CACHE) return
  const folder = cacheFolder(join(import.meta.dirname, '../../node_modules'), environment.DATA_DIR)
  if (folder === null) return
  enableCompileCache(folder)
  // Workers read it when they start.
  environment.NODE_COMPILE_CACHE = folder
  // Otherwise it is written at the end only, which a killed process does not see.
  setTimeout(flushCompileCache, FLUSH_AFTER_MS).unref()
}

/**
 * The folder of the cache: in `packages` (the installed packages), or else in the data folder, whichever can be written; null when
 * neither can. Never one that others may write, such as that for temporary files: what is in the cache is executed.
 */
export function cacheFolder(packages: string, dataFolder: string | undefined): string | null {
  if (isWritable(packages)) return join(packages, '.cache/vakt')
  return dataFolder && isWritable(dataFolder) ? join(dataFolder, 'cache') : null
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
