// The problems of a state database that cannot be written: full disk, failing disk, damaged file, missing file.
import { Problem } from '../problem.ts'

const RETRY_AFTER_MS = 5_000

/** The problem behind a failed transaction; errors that do not come from SQLite are returned unchanged. */
export function stateProblem(error: unknown): unknown {
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  if (error instanceof Problem || !code.startsWith('SQLITE_')) return error
  if (code === 'SQLITE_FULL')
    return new Problem(
      'busy',
      "The disk with Vakt's data is full; nothing was changed. Free some space, and Vakt continues by itself.",
      { retryAfterMs: RETRY_AFTER_MS, cause: error },
    )
  if (/^SQLITE_(READONLY|IOERR|CANTOPEN|PERM)/.test(code))
    return new Problem(
      'busy',
      `Vakt's state database cannot be written (${code}); nothing was changed. Check the disk and the data folder; Vakt continues by itself.`,
      { retryAfterMs: RETRY_AFTER_MS, cause: error },
    )
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new Problem(
      'internal',
      `Vakt's state database is damaged (${(error as Error).message}); nothing was changed. Stop Vakt and restore vakt.db from a backup.`,
      { cause: error },
    )
  return error
}

/** The problem of a database whose file is gone: everything written to it is lost with the process. */
export function goneProblem(file: string): Problem {
  return new Problem(
    'busy',
    `The state database ${file} was removed while Vakt is running; nothing can be stored. Put it back, or restart Vakt to begin with an empty one.`,
    { retryAfterMs: RETRY_AFTER_MS },
  )
}
