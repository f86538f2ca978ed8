// The program of the worker that makes a scheduled backup, so that copying never delays a beat.
import { parentPort, workerData } from 'node:worker_threads'
import type { Environment } from '../../config/setting.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { openPlace } from './backup-place.ts'
import { createBackup, removeSurplus } from './create-backup.ts'

/** What the worker starts from. */
export type BackupOrder = {
  dataDir: string
  to: string
  keep: number
  passphrase: string | null
  environment: Environment
  workingFolder: string
  version: string
  now: number
}

/** What it answers with, once. */
export type BackupAnswer =
  | { ok: true; name: string; bytes: number; removed: readonly string[]; remarks: readonly string[] }
  /** `isConflict`: another backup of the folder is being made. */
  | { ok: false; message: string; isConflict?: boolean }

const order = workerData as BackupOrder
parentPort!.postMessage(await answer())

async function answer(): Promise<BackupAnswer> {
  try {
    const place = openPlace(order.to, order.environment)
    const { signal } = new AbortController()
    const made = await createBackup({ ...order, place, signal, onProgress() {} })
    const removed = await removeSurplus(place, order.keep, order.now, signal)
    return { ok: true, name: made.name, bytes: made.bytes, removed, remarks: made.remarks }
  } catch (error) {
    const message = error instanceof Problem ? error.message : `The backup failed (${errorMessage(error)}).`
    return { ok: false, message, isConflict: error instanceof Problem && error.code === 'conflict' }
  }
}
