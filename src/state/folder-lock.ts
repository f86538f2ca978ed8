// One Vakt to a data folder.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { Sqlite } from './sqlite.ts'

/**
 * Makes `folder` where it is missing and holds a lock in it, which the operating system drops with the process, however it
 * ends; returns what lets it go. Throws a `Problem` when another Vakt holds it or the folder cannot be used.
 */
export function lockFolder(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const lock = new Sqlite(join(folder, 'vakt.lock'))
    lock.pragma('busy_timeout = 0')
    lock.prepare('begin exclusive').run()
    return () => lock.close()
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      throw new Problem(
        'conflict',
        `Another Vakt is already running on ${folder}. Stop it first, or set DATA_DIR to another folder.`,
      )
    }
    throw new Problem(
      'internal',
      `The data folder ${folder} cannot be used (${(error as Error).message}). Make it writable, or set DATA_DIR.`,
    )
  }
}
