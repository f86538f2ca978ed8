// Why Vakt cannot start on a data folder: a full disk is named as such, and no advice costs data.
import { statfsSync } from 'node:fs'
import { Problem } from '../problem.ts'
import { storageFailure } from '../storage-failure.ts'
import { errorMessage } from '../text.ts'

/** A disk with less room than this counts as full: SQLite then fails with other errors, too. */
const MIN_FREE_BYTES = 1024 * 1024

/** The problem of a start that failed because the disk with `folder` is full or fails; null for any other error. */
export function diskProblem(error: unknown, folder: string): Problem | null {
  const failure = storageFailure(error)
  if (failure === 'full' || (failure !== null && failure !== 'damaged' && failure !== 'locked' && isFull(folder)))
    return new Problem(
      'internal',
      `The disk with the data folder ${folder} is full, so Vakt cannot start. Free some space and start it again; the data is not lost.`,
      { isStorage: true, cause: error },
    )
  if (failure !== 'failing') return null
  return new Problem(
    'internal',
    `The disk with the data folder ${folder} is full or fails (${rootMessage(error)}), so Vakt cannot start. Free some space, check the disk, and start it again; the data is not lost.`,
    { isStorage: true, cause: error },
  )
}

/** Why the state database cannot be opened. */
export function openProblem(error: unknown, folder: string, file: string): Problem {
  const known = diskProblem(error, folder)
  if (known) return known
  const failure = storageFailure(error)
  const sentence = failure !== null && failure in SENTENCES ? SENTENCES[failure as keyof typeof SENTENCES] : UNKNOWN
  return new Problem('internal', sentence(file, rootMessage(error)), { isStorage: failure !== null, cause: error })
}

const SENTENCES = {
  unwritable: (file: string, message: string) =>
    `The state database ${file} cannot be written (${message}). Make it writable for the user that runs Vakt.`,
  damaged: (file: string, message: string) =>
    `The state database ${file} is damaged (${message}). Restore it from a backup. Keep the damaged file: "sqlite3 vakt.db .recover" may save most of it.`,
  locked: (file: string, message: string) =>
    `The state database ${file} is locked by another program (${message}). End that program and start Vakt again.`,
} as const

const UNKNOWN = (file: string, message: string) =>
  `The state database ${file} cannot be opened (${message}). Nothing was changed. Start the version of Vakt that wrote it, or restore it from a backup; keep the file in any case.`

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < MIN_FREE_BYTES
  } catch {
    return false
  }
}

/** The message and code of the first error that has a code. */
function rootMessage(error: unknown): string {
  let root = error
  while (
    root instanceof Error &&
    !/^[A-Z_]+$/.test(String((root as { code?: unknown }).code)) &&
    root.cause instanceof Error
  )
    root = root.cause
  const { code } = root as { code?: unknown }
  return typeof code === 'string' ? `${errorMessage(root)}, ${code}` : errorMessage(root)
}
