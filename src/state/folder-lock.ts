// The locks of a data folder: one Vakt per folder, and one backup of it at a time.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { giveToOwner } from './folder-owner.ts'
import { Sqlite } from './sqlite.ts'
import { diskProblem } from './start-problem.ts'

/**
 * Creates `folder` if it is missing and locks it; the operating system releases the lock with the process, however it
 * ends. Returns the function that releases it. Throws a `Problem` when another Vakt has the lock or the folder cannot be used.
 */
export function lockFolder(folder: string): () => void {
  return lock(
    folder,
    'vakt.lock',
    `Another Vakt is already running on ${folder}. Stop it first, or set DATA_DIR to another folder.`,
  )
}

/** Locks `folder` for one backup at a time, beside a running Vakt. Throws a `Problem` as `lockFolder` does. */
export function lockForBackup(folder: string): () => void {
  return lock(folder, 'backup.lock', `Another backup of ${folder} is running. Try again when it has ended.`)
}

function lock(folder: string, name: string, conflict: string): () => void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = new Sqlite(join(folder, name))
    file.pragma('busy_timeout = 0')
    file.prepare('begin exclusive').run()
    giveToOwner(folder, [name])
    return () => file.close()
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') throw new Problem('conflict', conflict)
    const disk = diskProblem(error, folder)
    if (disk) throw disk
    throw new Problem(
      'internal',
      `The data folder ${folder} cannot be used (${(error as Error).message}). Make it writable, or set DATA_DIR.`,
    )
  }
}
