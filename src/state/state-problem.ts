// The problems of a state database that cannot be written: full disk, failing disk, damaged file, missing file.
import { Problem } from '../problem.ts'
import { type StorageFailure, storageFailure } from '../storage-failure.ts'

const RETRY_AFTER_MS = 5_000

/** The problem behind a failed transaction; errors that do not come from SQLite's storage are returned unchanged. */
export function stateProblem(error: unknown): unknown {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string }
  const failure = String(code ?? '').startsWith('SQLITE_') ? storageFailure(error) : null
  if (error instanceof Problem || failure === null) return error
  return new Problem(failure === 'damaged' ? 'internal' : 'busy', sentenceOf(failure, String(code), message ?? ''), {
    ...(failure === 'damaged' ? {} : { retryAfterMs: RETRY_AFTER_MS }),
    isStorage: true,
    cause: error,
  })
}

function sentenceOf(failure: StorageFailure, code: string, message: string): string {
  if (failure === 'full')
    return "The disk with Vakt's data is full; nothing was changed. Free some space, and Vakt continues by itself."
  if (failure === 'damaged')
    return `Vakt's state database is damaged (${message}); nothing was changed. Stop Vakt and restore vakt.db from a backup.`
  if (failure === 'locked')
    return `Vakt's state database is locked by another program (${code}); nothing was changed. End that program; Vakt continues by itself.`
  return `Vakt's state database cannot be written (${code}); nothing was changed. Check the disk and the data folder; Vakt continues by itself.`
}

/** The problem of a database whose file is gone: everything written to it is lost with the process. */
export function goneProblem(file: string): Problem {
  return new Problem(
    'busy',
    `The state database ${file} was removed while Vakt is running; nothing can be stored. Put it back, or restore a backup; a restart without it begins with an empty database.`,
    { retryAfterMs: RETRY_AFTER_MS, isStorage: true },
  )
}
