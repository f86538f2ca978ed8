// The port to a place for archives and backups: a file is put there under a key, whole or not at all, and can be fetched again.
import { dirname } from 'node:path'
import { Problem } from '../../problem.ts'

/** `onProgress` is called with the bytes transferred so far; the transfer rejects when `signal` is aborted. */
export type TransferOptions = { signal: AbortSignal; onProgress: (doneBytes: number) => void }

/** Every method rejects with a `Problem`: `busy` when a retry may help, else with what a person must fix. */
export interface ArchiveStorage {
  /** For people, such as `s3://logs/vakt`. */
  readonly name: string
  /** Stores a file and replaces an earlier one; resolves when it is safe and its size is verified. */
  put(file: string, key: string, options: TransferOptions): Promise<void>
  /** Fetches a file; `not_found` when there is none under the key. */
  get(key: string, file: string, options: TransferOptions): Promise<void>
  /** The keys that begin with `prefix`, in order; none when the place does not exist yet. */
  list(prefix: string, signal: AbortSignal): Promise<string[]>
  /** Removes a file; one that is not there counts as removed. */
  remove(key: string, signal: AbortSignal): Promise<void>
}

/** The problem of a `get` that failed because `file`, where it writes, cannot be written; null when the place itself failed. */
export function targetProblem(file: string, error: unknown): Problem | null {
  const { code, path, message } = error as NodeJS.ErrnoException
  // Reading never fails for want of room.
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Problem('internal', `The disk with ${dirname(file)} is full. Free some space there.`, { cause: error })
  if (code === undefined || path !== file) return null
  return new Problem('internal', `${file} cannot be written (${message}).`, { cause: error })
}
