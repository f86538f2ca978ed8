// The lock of a data folder: one Vakt per folder.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { Sqlite } from './sqlite.ts'
import { diskProblem } from './start-problem.ts'

/**
 * Creates `folder` if it is missing and locks it; the operating system releases the lock with the process, however it
 * ends. Returns the function that releases it. Throws a `Problem` when another Vakt has the lock or the folder cannot be used.
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
    const disk = diskProblem(error, folder)
    if (disk) throw disk
    throw new Problem(
      'internal',
      `The data folder ${folder} cannot be used (${(error as Error).message}). Make it writable, or set DATA_DIR.`,
    )
  }
}
