// Which errors of SQLite mean a damaged file, and how such a file is set aside so that the rest can serve.
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../../problem.ts'

/** A partition that was set aside, and the name its file has now. */
export type Damage = { name: string; aside: string; message: string }

const DAMAGED = '.damaged'

/** Whether an error tells of a file that no longer holds what was written, rather than of a full disk or a busy file. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return false
  return /^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code) || /^no such table/.test(error.message)
}

/** Renames a partition's files; answers with the new name. A damaged file of the same name stays untouched. */
export function setAside(folder: string, name: string): string {
  let aside = `${name}.db${DAMAGED}`
  for (let copy = 2; existsSync(join(folder, aside)); copy++) aside = `${name}.db${DAMAGED}${copy}`
  for (const end of ['', '-wal', '-shm']) {
    const file = join(folder, `${name}.db${end}`)
    if (existsSync(file)) renameSync(file, join(folder, aside + end))
  }
  return aside
}

/** The partition that a set-aside file was, or null when the file is something else. */
export function damagedPartition(file: string): string | null {
  return /^(.+)\.db\.damaged\d*$/.exec(file)?.[1] ?? null
}

/** What a person reads about it. */
export function damageMessage(name: string, aside: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error)
  return `The log partition ${name} is damaged (${why}) and was set aside as ${aside}; its lines cannot be found until it is repaired or restored from an archive. Everything else serves.`
}

/** What a failed transaction is to the one who asked: to be tried again when the machine is short of something. */
export function storageProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new Problem('busy', 'The disk is full, so nothing was stored. Make room or lower the retention.', {
      retryAfterMs: 30_000,
      cause: error,
    })
  if (/^SQLITE_(BUSY|LOCKED|IOERR|NOMEM)/.test(code))
    return new Problem('busy', `The log store could not write (${code}), so nothing was stored. Try again.`, {
      retryAfterMs: 5_000,
      cause: error,
    })
  const message = error instanceof Error ? error.message : String(error)
  return new Problem('internal', `The log store failed: ${message}`, { cause: error })
}
