// Which data folder on which machine, until it boots again: tells a restart from a copy.
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/**
 * Identifies a data folder on this machine until it boots again: only one process at a time has the lock of the folder, so
 * that an earlier process with the same identity has ended. A copied folder and a cloned machine have another identity.
 */
export function folderIdentity(folder: string): string {
  const { dev, ino } = statSync(folder)
  const parts = [bootId() ?? randomUUID(), dev, ino, folder]
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 24)
}

/** Linux gives every boot an id (https://man7.org/linux/man-pages/man4/random.4.html); elsewhere a restart waits its turn. */
function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null
  }
}
