// Opens the embedded log store: SQLite partition files that worker threads write and other worker threads search.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MEBIBYTE } from '../../bytes.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { storageFailure } from '../../storage-failure.ts'
import { errorMessage } from '../../text.ts'
import { EmbeddedLogStore } from './embedded-log-store.ts'
import { Catalog } from './partitions/catalog.ts'
import type { BlockDamage } from './partitions/open-partitions.ts'
import type { PartitionState } from './partitions/partition.ts'
import { parsePartition } from './partitions/partition-name.ts'
import { WRITER_COUNT } from './partitions/partitions.ts'
import type { QuarantinedPartition } from './partitions/quarantine.ts'
import { isUnfinishedRestore } from './partitions/restore.ts'
import { createSealTally } from './partitions/seal-tally.ts'
import { AppendQueue } from './workers/append-queue.ts'
import { LiveTails } from './workers/live-tails.ts'
import { ReaderPool } from './workers/reader-pool.ts'
import { Uncommitted } from './workers/uncommitted.ts'
import { WorkerClient } from './workers/worker-client.ts'
import type { TailLines, WriterCalls, WriterReady, WriterStart } from './workers/writer.ts'

export type LogStoreOptions = {
  /** The folder of the partition files; created when there is none. */
  folder: string
  logger: Logger
  /** How many bytes may wait to be stored (default: 48 MiB); beyond it `append` rejects with `busy`. */
  queueBytes?: number
  /** How many bytes on disk the store may use (default: no limit); `maintain` drops the oldest partitions beyond it. */
  diskBudgetBytes?: number | null
  /** Encrypts personal data where a project wants that, 32 bytes; without it such data is masked. */
  privacyKey?: Uint8Array
  /** How many workers search (default: 1). */
  readers?: number
  /** A partition takes no more lines after this many; the next one of its day is started. */
  partitionLines?: number
  /** The positions of new lines begin after this one (default: 0), also when the clock is behind it. */
  lastPosition?: number
  /** Programs to run in place of the workers', for tests. */
  programs?: { writer?: URL; reader?: URL }
}

/** Four requests of the default limit, and small ones beside them. */
const QUEUE_BYTES = 48 * MEBIBYTE
const PARTITION_LINES = 2_000_000

/** Opens the store. Rejects with a `Problem` when the folder or a file in it cannot be used. */
export async function openLogStore(options: LogStoreOptions): Promise<EmbeddedLogStore> {
  const { folder, logger, queueBytes = QUEUE_BYTES, diskBudgetBytes = null, programs = {} } = options
  const catalog = openCatalog(folder)
  // Positions start at the clock, so that those of lines dropped long ago are not used again.
  const positions = new BigInt64Array(new SharedArrayBuffer(8))
  positions[0] = BigInt(Date.now()) * 1000n
  const sealing = createSealTally()
  const readers = new ReaderPool({
    folder,
    logger,
    count: options.readers ?? 1,
    program: programs.reader,
    onCorruption: quarantineInWriter,
    onDamagedBlock,
  })
  const writers: WorkerClient<WriterCalls>[] = Array.from({ length: WRITER_COUNT }, (_, index) => createWriter(index))
  const uncommitted = new Uncommitted(() => Number(Atomics.load(positions, 0)))
  const queue = new AppendQueue(writers, queueBytes, states => catalog.update(states), uncommitted)
  const tails = new LiveTails(writers)

  function createWriter(index: number): WorkerClient<WriterCalls> {
    const maxLines = options.partitionLines ?? PARTITION_LINES
    const writer: WorkerClient<WriterCalls> = new WorkerClient({
      name: `log writer ${index + 1}`,
      file: programs.writer ?? new URL('./workers/writer.ts', import.meta.url),
      start: {
        folder,
        writer: index,
        maxLines,
        positions,
        sealing,
        privacyKey: options.privacyKey ?? null,
      } satisfies WriterStart,
      logger,
      retryAdvice:
        'The lines may or may not be stored: send them again, with the same idempotency key if there is one.',
      onReady(content) {
        catalog.replace(index, (content as WriterReady).states)
        tails.resume(writer)
        queue.resume(writer)
      },
      onNotice(notice, content) {
        if (notice === 'tail') tails.deliver(content as TailLines)
        if (notice === 'sealed') catalog.update([content as PartitionState])
        if (notice === 'quarantine') onQuarantined(content as QuarantinedPartition)
        if (notice === 'gone') onGone(content as string)
      },
    })
    return writer
  }

  /** The first takes the first lines; another begins when that one is busy, unless it has partitions of its own. */
  async function startWriter(writer: WorkerClient<WriterCalls>, index: number): Promise<void> {
    if (index === 0 || hasPartitions(folder, index)) await writer.start()
    else writer.defer()
  }

  /** A reader met a damaged partition: the writer that owns it quarantines it. */
  function quarantineInWriter(name: string, message: string): void {
    // One that was dropped meanwhile is gone because it had to go.
    if (!catalog.has(name)) return
    // At once: the answer of the search that found the damage follows this notice.
    catalog.addMissing(name, null, `The log partition ${name} cannot be read: ${message}.`)
    const owner = writers[catalog.writerOf(name)]
    if (existsSync(join(folder, `${name}.db`))) owner?.call('quarantine', [name, message]).catch(() => {})
    else if (existsSync(folder)) owner?.call('forgetGone', [name]).catch(() => {})
  }

  /** The other blocks of the partition serve on. */
  function onDamagedBlock(damage: BlockDamage): void {
    const message = catalog.addDamagedBlock(damage)
    if (message !== null) logger.error(message, { partition: damage.partition })
  }

  function onQuarantined({ name, file, message }: QuarantinedPartition): void {
    catalog.addQuarantined(file, message)
    catalog.remove(name)
    readers.closePartition(name)
    logger.error(message, { partition: name })
  }

  /** The file of a partition was removed while Vakt runs. */
  function onGone(name: string): void {
    const message = `The file of the log partition ${name} was removed while Vakt runs. Its lines cannot be found; "logs restore" brings them back from an archive.`
    catalog.addMissing(name, null, message)
    catalog.remove(name)
    readers.closePartition(name)
    logger.error(message, { partition: name })
  }

  try {
    readers.defer()
    await Promise.all(writers.map((writer, index) => startWriter(writer, index)))
  } catch (error) {
    await Promise.all([...writers.map(writer => writer.close()), readers.close()])
    throw openProblem(folder, error)
  }
  const lastPosition = BigInt(Math.max(catalog.lastPosition(), options.lastPosition ?? 0))
  if (lastPosition >= positions[0]) positions[0] = lastPosition + 1n
  return new EmbeddedLogStore({ diskBudgetBytes, catalog, queue, uncommitted, writers, readers, tails, sealing })
}

/** Whether a folder has files of the partitions that a writer owns. */
function hasPartitions(folder: string, writer: number): boolean {
  return readdirSync(folder).some(file => {
    const kind = parsePartition(file.replace(/\.db.*$/, ''))
    return kind !== null && kind.number % WRITER_COUNT === writer
  })
}

function openCatalog(folder: string): Catalog {
  try {
    prepareFolder(folder)
    return new Catalog(folder)
  } catch (error) {
    throw openProblem(folder, error)
  }
}

function openProblem(folder: string, error: unknown): Problem {
  const reason = errorMessage((error as Error).cause ?? error)
  const isStorage = storageFailure(error) !== null
  const code = isStorage ? 'busy' : 'internal'
  return new Problem(code, `The log store in ${folder} cannot be opened: ${reason}.`, { isStorage, cause: error })
}

/** Creates the folder; removes partitions that a crash left half restored, and write-ahead logs without a file. */
function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const files = new Set(readdirSync(folder))
  const isOrphan = (file: string) => /-(wal|shm)$/.test(file) && !files.has(file.slice(0, -4))
  for (const file of files) if (isUnfinishedRestore(file) || isOrphan(file)) rmSync(join(folder, file), { force: true })
}
