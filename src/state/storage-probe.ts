// Tries whether the state database can be written again: as much as a large beat, on disk.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from './database.ts'
import { deleteValue, writeValue } from './key-value.ts'

/** More than the largest beat with its indexes needs. */
const PROBE_SIZE = 64 * 1024

/** Commits a large value and deletes it again, and rehearses `work`. Throws a `Problem` while the database cannot be written. */
export function probeState(state: State, work: () => void = () => {}): void {
  state.rehearse(work)
  writeValue(state, 'storage probe', '0'.repeat(PROBE_SIZE))
  deleteValue(state, 'storage probe')
}

/** Writes a file of the same size into `folder`, and removes it. Throws while the folder is missing or cannot be written. */
export function probeFolder(folder: string): void {
  const file = join(folder, '.storage-probe')
  const handle = openSync(file, 'w', 0o600)
  try {
    writeSync(handle, Buffer.alloc(PROBE_SIZE))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
    rmSync(file, { force: true })
  }
}
