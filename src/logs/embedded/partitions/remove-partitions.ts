// Which partitions of a store go: those past their retention, and the oldest beyond the disk budget; an archive comes first.
import { formatBytes } from '../../../bytes.ts'
import { plural } from '../../../text.ts'
import type { ArchiveStatus, PartitionStatus, RemovedPartition } from '../../store.ts'

export type Removal = {
  archive: ArchiveStatus | null
  diskBudgetBytes: number | null
  /** The partitions past their retention. */
  expired: readonly PartitionStatus[]
  /** What to drop, oldest first, so that the rest fits a budget: never a partition that is open or protected. */
  overBudget(bytes: number, isProtected: (partition: PartitionStatus) => boolean): readonly PartitionStatus[]
  drop(name: string): Promise<void>
}

/** Drops what is due; returns what it was and why. */
export async function removePartitions({ archive, diskBudgetBytes, expired, overBudget, drop }: Removal) {
  const removed: RemovedPartition[] = []
  const isArchived = (partition: PartitionStatus) => archive?.isArchived(partition) ?? false
  const awaitsArchive = (partition: PartitionStatus) =>
    archive !== null && partition.lines > 0 && !isArchived(partition)
  const remove = async (partition: PartitionStatus, reason: RemovedPartition['reason'], because: string) => {
    await drop(partition.name)
    const size = `${plural(partition.lines, 'line')}, ${formatBytes(partition.bytes)}`
    const message = `Dropped the log partition ${partition.name} (${size})${because}.`
    removed.push({ partition, reason, isArchived: isArchived(partition), message })
  }
  for (const partition of expired)
    if (!awaitsArchive(partition)) await remove(partition, 'retention', ': its lines are past their retention')
  const budget = diskBudgetBytes ?? Number.POSITIVE_INFINITY
  const isProtected = (partition: PartitionStatus) => (archive?.isReachable ?? false) && awaitsArchive(partition)
  for (const partition of overBudget(budget, isProtected)) {
    const lost = awaitsArchive(partition) ? ' and before it was archived, because the archive cannot be reached' : ''
    const because = ` before the end of its retention${lost}: the logs exceed their disk budget of ${formatBytes(budget)}`
    await remove(partition, 'budget', because)
  }
  return removed
}
