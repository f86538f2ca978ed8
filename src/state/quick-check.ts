// Whether a state database is damaged, as `pragma quick_check` of SQLite finds out: at once, or beside the work for a large file.
import { Worker } from 'node:worker_threads'
import { storageFailure } from '../storage-failure.ts'
import { errorMessage } from '../text.ts'
import type { Sqlite } from './sqlite.ts'

/** How many findings of SQLite are read. */
const MAX_FINDINGS = 3

/** What is damaged in a database, in the words of SQLite; null when nothing is. It reads the whole file. */
export function quickCheck(sqlite: Sqlite): string | null {
  try {
    const rows = sqlite.pragma(`quick_check(${MAX_FINDINGS})`) as { quick_check: string }[]
    const findings = rows.map(row => row.quick_check.trim()).filter(finding => finding !== 'ok')
    return findings.length === 0 ? null : findings.join('; ')
  } catch (error) {
    if (storageFailure(error) === 'damaged') return errorMessage(error)
    throw error
  }
}

/** Checks a file in a thread of its own, because it may take seconds; `onDone` gets what `quickCheck` returns. */
export function quickCheckInBackground(file: string, onDone: (damage: string | null) => void): void {
  const worker = new Worker(new URL('./quick-check-worker.ts', import.meta.url), { workerData: file })
  worker.unref()
  worker.once('message', onDone)
  // A check that cannot run says nothing about the file; whatever is damaged is met when it is read.
  worker.once('error', () => {})
}
