// Copies a SQLite database while Vakt writes it: the copy is the database as it was at one instant.
import { Sqlite } from '../../state/sqlite.ts'

/** 8 MB of pages: between two such steps others may run. */
const STEP_PAGES = 2_000

/**
 * Copies the database `from` to the new file `to`. A read transaction keeps the instant, so that a writer never makes the copy
 * begin again. Rejects with SQLite's errors.
 */
export async function copyDatabase(from: string, to: string, onProgress: (share: number) => void): Promise<void> {
  const source = new Sqlite(from, { readonly: true, fileMustExist: true })
  try {
    source.pragma('busy_timeout = 5000')
    source.exec('begin')
    source.prepare('select count(*) from sqlite_master').get()
    await source.backup(to, {
      progress({ totalPages, remainingPages }) {
        if (totalPages > 0) onProgress((totalPages - remainingPages) / totalPages)
        return STEP_PAGES
      },
    })
  } finally {
    source.close()
  }
}

/** What is wrong with a database file, in the words of SQLite; null when it is whole. */
export function databaseFault(file: string): string | null {
  let database: Sqlite | null = null
  try {
    database = new Sqlite(file, { fileMustExist: true })
    const found = database.pragma('quick_check(1)', { simple: true }) as string
    return found === 'ok' ? null : found
  } catch (error) {
    return (error as Error).message
  } finally {
    database?.close()
  }
}
