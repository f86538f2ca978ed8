// Restores an archive, or what was salvaged of a damaged file, as a partition: whole, or not at all.
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '../../../problem.ts'
import type { BlockPartition } from '../blocks/block-partition.ts'
import { readArchive } from './archive.ts'
import { parseId } from './line-key.ts'
import { openPartition } from './open-partition.ts'
import type { PartitionState, PlacedLine } from './partition.ts'
import type { Partitions } from './partitions.ts'
import { isCorruptionError } from './quarantine.ts'

const UNFINISHED_SUFFIX = '.restoring'

/**
 * Fills a partition `name` from an archive; lines keep their ids. Resolves with how many lines there were. A partition of
 * this name, of which `readable` lines can be read, is replaced: `conflict` when the archive does not have more of its lines,
 * or lacks some of them.
 */
export function restoreArchive(
  partitions: Partitions,
  folder: string,
  { file, name, expiresAt, readable }: { file: string; name: string; expiresAt: number; readable: number },
): Promise<number> {
  const chunks = async function* () {
    for await (const lines of readArchive(file)) yield lines.map(line => ({ line, ...parseId(line.id)! }))
  }
  const existing = partitions.states().find(state => state.name === name)
  const lasting = Math.max(expiresAt, existing?.expiresAt ?? 0)
  return restoreLines(partitions, folder, { chunks: chunks(), name, expiresAt: lasting }, restored => {
    const now = partitions.states().find(state => state.name === name)
    if (now && (now.lastPosition > restored.lastPosition || readable >= restored.lines)) throw searchableAlready(name)
  })
}

function searchableAlready(name: string): Problem {
  return new Problem('conflict', `The log partition ${name} is searchable already; there is nothing to restore.`)
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
  mayReplace: (restored: PartitionState) => void = () => {},
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
    mayReplace(partition.state())
    if (partitions.has(name)) copyReplies(partition, join(folder, `${name}.db`))
    partition.close()
  } catch (error) {
    partition.close()
    removeUnfinished(folder, name)
    throw error
  }
  partitions.close(name)
  // A reader that searched while the last partition of this name was dropped may have left these.
  for (const suffix of ['-wal', '-shm']) rmSync(join(folder, `${name}.db${suffix}`), { force: true })
  renameSync(join(folder, `${name}${UNFINISHED_SUFFIX}.db`), join(folder, `${name}.db`))
  partitions.open(name)
  return count
}

/** Takes over the replies of the partition that is replaced, as far as they can be read. */
function copyReplies(partition: BlockPartition, file: string): void {
  try {
    partition.copyReplies(file)
  } catch (error) {
    if (!isCorruptionError(error)) throw error
  }
}

/** Whether a file belongs to a restore that a crash cut short. */
export function isUnfinishedRestore(file: string): boolean {
  return file.includes(`${UNFINISHED_SUFFIX}.db`)
}

function removeUnfinished(folder: string, name: string): void {
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(folder, `${name}${UNFINISHED_SUFFIX}.db${suffix}`), { force: true })
}
