// Restores an archive, or what was salvaged of a damaged file, as a partition: whole, or not at all.
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { BlockPartition } from '../blocks/block-partition.ts'
import { readArchive } from './archive.ts'
import { parseId } from './line-key.ts'
import { openPartition } from './open-partition.ts'
import type { PlacedLine } from './partition.ts'
import type { Partitions } from './partitions.ts'

const UNFINISHED_SUFFIX = '.restoring'

/** Fills a partition `name` from an archive; lines keep their ids. Resolves with how many lines there were. */
export function restoreArchive(
  partitions: Partitions,
  folder: string,
  { file, name, expiresAt }: { file: string; name: string; expiresAt: number },
): Promise<number> {
  const chunks = async function* () {
    for await (const lines of readArchive(file)) yield lines.map(line => ({ line, ...parseId(line.id)! }))
  }
  return restoreLines(partitions, folder, { chunks: chunks(), name, expiresAt })
}

/** Fills a partition `name` with lines, which keep their ids. Resolves with how many there were. */
export async function restoreLines(
  partitions: Partitions,
  folder: string,
  {
    chunks,
    name,
    expiresAt,
  }: { chunks: AsyncIterable<PlacedLine[]> | Iterable<PlacedLine[]>; name: string; expiresAt: number },
): Promise<number> {
  removeUnfinished(folder, name)
  const partition = openPartition(folder, name + UNFINISHED_SUFFIX, expiresAt) as BlockPartition
  let count = 0
  try {
    for await (const lines of chunks) {
      partition.transaction(() => partition.add(lines))
      count += lines.length
      while (partition.seal(false) || partition.mergeWords());
      await setImmediate()
    }
    while (partition.seal(true) || partition.mergeWords());
    partition.compact()
    partition.close()
  } catch (error) {
    partition.close()
    removeUnfinished(folder, name)
    throw error
  }
  // A reader that searched while the last partition of this name was dropped may have left these.
  for (const suffix of ['-wal', '-shm']) rmSync(join(folder, `${name}.db${suffix}`), { force: true })
  renameSync(join(folder, `${name}${UNFINISHED_SUFFIX}.db`), join(folder, `${name}.db`))
  partitions.open(name)
  return count
}

/** Whether a file belongs to a restore that a crash cut short. */
export function isUnfinishedRestore(file: string): boolean {
  return file.includes(`${UNFINISHED_SUFFIX}.db`)
}

function removeUnfinished(folder: string, name: string): void {
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(folder, `${name}${UNFINISHED_SUFFIX}.db${suffix}`), { force: true })
}
