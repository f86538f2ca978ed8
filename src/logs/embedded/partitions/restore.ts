// Brings an archive back as a partition: complete, or not at all.
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { LineTokens } from '../query/field-tokens.ts'
import { archivedLines } from './archive.ts'
import { parseId } from './line-key.ts'
import { Partition } from './partition.ts'
import type { Partitions } from './partitions.ts'

const RESTORING = '.restoring'

/** Fills a partition `name` from an archive, under the ids that its lines had; answers with how many there were. */
export async function restoreFrom(
  partitions: Partitions,
  folder: string,
  { file, name, expiresAt }: { file: string; name: string; expiresAt: number },
): Promise<number> {
  removeUnfinished(folder, name)
  const partition = new Partition(folder, name + RESTORING, expiresAt, new LineTokens())
  let lines = 0
  try {
    for await (const some of archivedLines(file)) {
      partition.transaction(() => partition.add(some.map(line => ({ line, ...parseId(line.id)! }))))
      lines += some.length
      await setImmediate()
    }
    partition.close()
  } catch (error) {
    partition.close()
    removeUnfinished(folder, name)
    throw error
  }
  // A reader that looked while the last partition of this name was dropped may have left these.
  for (const end of ['-wal', '-shm']) rmSync(join(folder, `${name}.db${end}`), { force: true })
  renameSync(join(folder, `${name}${RESTORING}.db`), join(folder, `${name}.db`))
  partitions.open(name)
  return lines
}

/** Whether a file was left by a restoring that a crash cut short. */
export function isUnfinished(file: string): boolean {
  return file.includes(`${RESTORING}.db`)
}

function removeUnfinished(folder: string, name: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${name}${RESTORING}.db${end}`), { force: true })
}
