// What the state knows of scheduled backups: the last one, and since when they fail.
import type { State } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'

/** Times in epoch ms. `nextAt` is when the next one is due. */
export type BackupRecord = {
  place: string
  lastAt: number | null
  name: string | null
  bytes: number
  nextAt: number
  failingSince: number | null
  error: string | null
}

/** The record, or null when no backup was ever scheduled. */
export function readBackupRecord(state: State): BackupRecord | null {
  const text = readValue(state, 'backup')
  return text === null ? null : (JSON.parse(text) as BackupRecord)
}

/** Replaces the record. */
export function writeBackupRecord(state: State, record: BackupRecord): void {
  writeValue(state, 'backup', JSON.stringify(record))
}
