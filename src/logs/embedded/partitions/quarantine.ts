// Damaged partition files: which errors of SQLite mean damage, and how such a file is quarantined so that the rest serves.
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../../problem.ts'
import { storageFailure } from '../../../storage-failure.ts'
import { errorMessage } from '../../../text.ts'

/** A partition that was quarantined, and the name that its file has now. */
export type QuarantinedPartition = { name: string; file: string; message: string }

const QUARANTINE_SUFFIX = '.damaged'
const SALVAGED_SUFFIX = '.salvaged'

/** Whether an error means that a file no longer holds what was written, rather than a full disk or a busy file. */
export function isCorruptionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return false
  return /^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code) || /^no such table/.test(error.message)
}

/** Renames the files of a partition; returns the new name. An earlier damaged file of the same name is left alone. */
export function quarantineFiles(folder: string, name: string): string {
  let file = `${name}.db${QUARANTINE_SUFFIX}`
  for (let copy = 2; existsSync(join(folder, file)); copy++) file = `${name}.db${QUARANTINE_SUFFIX}${copy}`
  for (const suffix of ['', '-wal', '-shm']) {
    const current = join(folder, `${name}.db${suffix}`)
    if (existsSync(current)) renameSync(current, join(folder, file + suffix))
  }
  return file
}

/** The name that the partition of a quarantined file had; null for any other file. */
export function quarantinedPartition(file: string): string | null {
  return /^(.+)\.db\.damaged\d*$/.exec(file)?.[1] ?? null
}

/** Renames a quarantined file whose lines were salvaged; returns the new name. */
export function renameSalvaged(folder: string, file: string): string {
  const salvaged = file.replace(QUARANTINE_SUFFIX, SALVAGED_SUFFIX)
  for (const suffix of ['', '-wal', '-shm']) {
    const current = join(folder, file + suffix)
    if (existsSync(current)) renameSync(current, join(folder, salvaged + suffix))
  }
  return salvaged
}

/** The name that the partition of a salvaged file had; null for any other file. */
export function salvagedPartition(file: string): string | null {
  return /^(.+)\.db\.salvaged\d*(?:-wal|-shm)?$/.exec(file)?.[1] ?? null
}

/** What a person reads about a quarantined partition. */
export function quarantineMessage(name: string, file: string, error: unknown): string {
  return `The log partition ${name} is damaged (${errorMessage(error)}) and was renamed to ${file}. Its lines cannot be found until "logs restore" brings them back from an archive or "logs salvage" those that can be read. All other logs are available.`
}

/** A failed transaction as a problem: `busy` when the machine is short of something and a retry may help. */
export function storageProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  const failure = storageFailure(error)
  if (failure === 'full')
    return new Problem('busy', 'The disk is full, so nothing was stored. Free some space or shorten the retention.', {
      retryAfterMs: 30_000,
      isStorage: true,
      cause: error,
    })
  if (failure !== null || code.startsWith('SQLITE_NOMEM'))
    return new Problem('busy', `The log store could not write (${code}), so nothing was stored. Try again.`, {
      retryAfterMs: 5_000,
      isStorage: failure !== null,
      cause: error,
    })
  return new Problem('internal', `The log store failed: ${errorMessage(error)}`, { cause: error })
}
