// Opens the embedded log store: SQLite partition files, written by worker threads and searched by others.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { EmbeddedLogStore } from './embedded-log-store.ts'
import { Catalog } from './partitions/catalog.ts'
import type { Damage } from './partitions/damage.ts'
import { WRITERS } from './partitions/partitions.ts'
import { isUnfinished } from './partitions/restore.ts'
import { AppendQueue } from './workers/append-queue.ts'
import { ReaderPool } from './workers/reader-pool.ts'
import { Tails } from './workers/tails.ts'
import { WorkerClient } from './workers/worker-client.ts'
import type { TailLines, WriterCalls, WriterReady, WriterStart } from './workers/writer.ts'

export type LogStoreOptions = {
  /** Where the partition files are; made when it is not there. */
  folder: string
  logger: Logger
  /** How much may wait to be stored, bytes; beyond, `append` is refused as `busy`. */
  queueBytes?: number
  /** How much disk the store may use; `maintain` drops the oldest partitions beyond it. */
  diskBudgetBytes?: number | null
  /** The key for personal data that a project wants encrypted, 32 bytes; it is masked without one. */
  privacyKey?: Uint8Array
  /** How many workers search. */
  readers?: number
  /** A day's partition is closed and another begun after so many lines. */
  partitionLines?: number
  /** Other programs for the workers, for tests. */
  programs?: { writer?: URL; reader?: URL }
}

const QUEUE_BYTES = 32 * 1024 * 1024
/** Below the `SLOTS` that a partition has. */
const PARTITION_LINES = 2_000_000

/** Opens the store; rejects with a `Problem` when the folder or a file in it cannot be used. */
export async function openLogStore(options: LogStoreOptions): Promise<EmbeddedLogStore> {
  const { folder, logger, queueBytes = QUEUE_BYTES, diskBudgetBytes = null, readers = 1, programs = {} } = options
  prepareFolder(folder)
  const catalog = new Catalog(folder)
  // Positions go on from the clock, so that those of lines long dropped are not given again.
  const positions = new BigInt64Array(new SharedArrayBuffer(8))
  positions[0] = BigInt(Date.now()) * 1000n
  const reading = new ReaderPool({ folder, logger, count: readers, program: programs.reader, onDamage: reportDamage })
  const writers: WorkerClient<WriterCalls>[] = Array.from({ length: WRITERS }, (_, writer) => startable(writer))
  const queue = new AppendQueue(writers, queueBytes, states => catalog.update(states))
  const tails = new Tails(writers)

  function startable(writer: number): WorkerClient<WriterCalls> {
    const mostLines = options.partitionLines ?? PARTITION_LINES
    const thread: WorkerClient<WriterCalls> = new WorkerClient({
      name: `log writer ${writer + 1}`,
      file: programs.writer ?? new URL('./workers/writer.ts', import.meta.url),
      start: { folder, writer, mostLines, positions, privacyKey: options.privacyKey ?? null } satisfies WriterStart,
      logger,
      onReady(content) {
        catalog.replace(writer, (content as WriterReady).states)
        tails.resume(thread)
        queue.resume(thread)
      },
      onNotice(notice, content) {
        if (notice === 'tail') tails.feed(content as TailLines)
        if (notice === 'damage') setAside(content as Damage)
      },
    })
    return thread
  }

  /** A reader came upon damage: the writer that owns the file sets it aside. */
  function reportDamage(name: string, message: string): void {
    const owner = writers[catalog.writerOf(name)]
    owner?.call('setAside', [name, message]).catch(() => {})
  }

  function setAside({ name, aside, message }: Damage): void {
    catalog.remove(name)
    catalog.addDamaged(aside, message)
    reading.forget(name)
    logger.error(message, { partition: name })
  }

  try {
    await Promise.all([...writers.map(writer => writer.start()), reading.start()])
  } catch (error) {
    await Promise.all([...writers.map(writer => writer.close()), reading.close()])
    const why = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message
    throw new Problem('internal', `The log store in ${folder} cannot be opened: ${why}.`, { cause: error })
  }
  if (BigInt(catalog.lastPosition()) >= positions[0]) positions[0] = BigInt(catalog.lastPosition() + 1)
  return new EmbeddedLogStore({ diskBudgetBytes, catalog, queue, writers, reading, tails })
}

/** Makes the folder and removes what a crash left half restored, and logs of files that are gone. */
function prepareFolder(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const files = new Set(readdirSync(folder))
  const isOrphan = (file: string) => /-(wal|shm)$/.test(file) && !files.has(file.slice(0, -4))
  for (const file of files) if (isUnfinished(file) || isOrphan(file)) rmSync(join(folder, file), { force: true })
}
