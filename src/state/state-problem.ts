// What a person reads when the state database takes nothing: a full disk, one that fails, a damaged or a missing file.
import { Problem } from '../problem.ts'

const SOON = 5_000

/** The problem that a failed transaction is; what is no trouble of the database stays as it is. */
export function stateProblem(error: unknown): unknown {
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  if (error instanceof Problem || !code.startsWith('SQLITE_')) return error
  if (code === 'SQLITE_FULL')
    return new Problem(
      'busy',
      "The disk with Vakt's data is full, so nothing was changed. Make room there; Vakt then goes on by itself.",
      { retryAfterMs: SOON, cause: error },
    )
  if (/^SQLITE_(READONLY|IOERR|CANTOPEN|PERM)/.test(code))
    return new Problem(
      'busy',
      `Vakt's state database cannot be written (${code}), so nothing was changed. Look after the disk and the data folder; Vakt then goes on by itself.`,
      { retryAfterMs: SOON, cause: error },
    )
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new Problem(
      'internal',
      `Vakt's state database is damaged (${(error as Error).message}), so nothing was changed. Stop Vakt and restore vakt.db from a backup.`,
      { cause: error },
    )
  return error
}

/** The problem of a database whose file is gone: what is written to it goes with the process. */
export function goneProblem(file: string): Problem {
  return new Problem(
    'busy',
    `The state database ${file} was removed while Vakt runs, so nothing that comes now would be kept. Put it back, or restart Vakt to begin anew.`,
    { retryAfterMs: SOON },
  )
}
