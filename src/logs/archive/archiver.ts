// Archives closed partitions, each once, and restores them on request; work that a crash cuts short is done again.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { errorMessage } from '../../text.ts'
import { MINUTE } from '../../time.ts'
import { findArchive, isArchived, type LogArchive, nextArchiveName, recordArchive } from '../archives.ts'
import { type ArchiveStatus, type LogStore, missingLines, type PartitionStatus, type StoreStatus } from '../store.ts'
import type { ArchiveStorage } from './storage.ts'

export type ArchiverOptions = {
  state: State
  store: LogStore
  storage: ArchiveStorage
  /** For files in transfer; emptied at first. */
  folder: string
  clock: Clock
  logger: Logger
}

/** Work in progress: `done` of `total` bytes are transferred, 0 of 0 while the store works. */
export type ArchiveJob = { what: 'archive' | 'restore'; name: string; since: number; done: number; total: number }

export type Archiver = {
  /** The name of the storage. */
  place: string
  /** Which partitions are archived, and whether the archive can take the others soon. */
  status(): ArchiveStatus
  /** Closed partitions that are not archived yet, oldest first. */
  pending(partitions: StoreStatus['partitions']): PartitionStatus[]
  /**
   * Archives pending partitions, one after the other; resolves with how many. With `onlyUnchanged` it skips partitions that
   * changed since the last call, because a batch may still be on its way to a partition just closed. Rejects with the first
   * failure.
   */
  run(onlyUnchanged?: boolean): Promise<number>
  /** Makes an archive searchable until `expiresAt` (epoch ms); resolves with how many lines were restored. */
  restore(name: string, expiresAt: number): Promise<number>
  jobs(): readonly ArchiveJob[]
  /** Since when archiving fails, and why; null when it works, undefined until it was tried. */
  failing(): { since: number; problem: Problem } | null | undefined
  /** The failure of the last restore, or null. */
  restoreFailure(): { name: string; problem: Problem } | null
  /** Cancels what is in progress; the next Vakt does it again. */
  close(): Promise<void>
}

/** After an outage of this length the archive counts as out of reach: partitions are dropped when the disk is full. */
const UNREACHABLE_AFTER_MS = 10 * MINUTE
/** About what a line takes on disk, with its words in the index. */
const BYTES_PER_LINE = 400
/** How long closing waits for store calls, which cannot be cancelled. */
const CLOSE_TIMEOUT_MS = 1_000

/** An archiver for a store. Nothing runs before it is called. */
export function createArchiver({ state, store, storage, folder, clock, logger }: ArchiverOptions): Archiver {
  const closing = new AbortController()
  const { signal } = closing
  const jobs = new Set<ArchiveJob>()
  let running: Promise<number> | null = null
  let restoring: Promise<number> | null = null
  let failing: { since: number; problem: Problem } | null = null
  let wasTried = false
  let restoreFailure: { name: string; problem: Problem } | null = null
  let lastSeen = new Map<string, number>()
  const emptied = rm(folder, { recursive: true, force: true }).catch(() => {})

  const pending = (partitions: StoreStatus['partitions']) =>
    partitions.filter(partition => partition.state === 'closed' && partition.lines > 0 && !isArchived(state, partition))

  async function runJob<T>(
    what: ArchiveJob['what'],
    name: string,
    run: (job: ArchiveJob, folder: string) => Promise<T>,
  ): Promise<T> {
    const job: ArchiveJob = { what, name, since: clock.now(), done: 0, total: 0 }
    const jobFolder = join(folder, what)
    jobs.add(job)
    try {
      await emptied
      await mkdir(jobFolder, { recursive: true })
      return await run(job, jobFolder)
    } finally {
      jobs.delete(job)
      await rm(jobFolder, { recursive: true, force: true }).catch(() => {})
    }
  }

  const archivePartition = (partition: PartitionStatus) =>
    runJob('archive', partition.name, async (job, jobFolder) => {
      const { file, lines, bytes } = await store.archive(partition.name, jobFolder)
      const sha256 = await sha256Of(file)
      const name = nextArchiveName(state, partition.name)
      // Named by its content: it never overwrites another archive in the same place, and the same archive is stored once.
      const key = `${partition.name}.${sha256.slice(0, 12)}.ndjson.zst`
      job.total = bytes
      await storage.put(file, key, { signal, onProgress: done => Object.assign(job, { done }) })
      const { from, until, lastPosition } = partition
      const archive = { name, partition: partition.name, place: storage.name, key, lines, bytes, sha256 }
      recordArchive(state, { ...archive, from, until, lastPosition, archivedAt: clock.now() })
      logger.info('log partition archived', { partition: partition.name, place: storage.name, lines, bytes })
    })

  async function archivePending(onlyUnchanged: boolean): Promise<number> {
    const { partitions } = await store.status()
    const seenBefore = lastSeen
    const closed = pending(partitions)
    lastSeen = new Map(closed.map(({ name, lastPosition }) => [name, lastPosition]))
    let archived = 0
    for (const partition of closed) {
      if (onlyUnchanged && seenBefore.get(partition.name) !== partition.lastPosition) continue
      signal.throwIfAborted()
      try {
        await archivePartition(partition)
        failing = null
        archived++
      } catch (error) {
        signal.throwIfAborted()
        // A partition that was dropped meanwhile is not a failure of the archive.
        if (!(await store.status()).partitions.some(({ name }) => name === partition.name)) continue
        const problem = toProblem(error)
        failing = { since: failing?.since ?? clock.now(), problem }
        logger.warn('log partition could not be archived', { partition: partition.name, error: problem.message })
        throw problem
      }
    }
    if (closed.length === 0) failing = null
    return archived
  }

  const restoreArchive = (archive: LogArchive, expiresAt: number) =>
    runJob('restore', archive.name, async (job, jobFolder) => {
      const file = join(jobFolder, `${archive.partition}.ndjson.zst`)
      job.total = archive.bytes
      await storage.get(archive.key, file, { signal, onProgress: done => Object.assign(job, { done }) })
      const { size } = await stat(file)
      if (size !== archive.bytes || (await sha256Of(file)) !== archive.sha256)
        throw new Problem('invalid', `The archive ${archive.name} in ${storage.name} was changed since it was stored.`)
      Object.assign(job, { done: 0, total: 0 })
      return store.restore(file, expiresAt)
    })

  /** Whether a partition lacks lines of its archive: they were purged, or a block of them is damaged. */
  async function hasLost(partition: PartitionStatus, archive: LogArchive): Promise<boolean> {
    if (partition.lines < archive.lines) return true
    const missing = await missingLines(store, { from: null, until: null })
    return missing.some(own => own.partition === partition.name)
  }

  async function checkRestore(archive: LogArchive): Promise<void> {
    if (archive.place !== storage.name)
      throw new Problem(
        'conflict',
        `The archive ${archive.name} is in ${archive.place}, but ARCHIVE_TO is ${storage.name}. Set it back to restore.`,
      )
    const { partitions, bytes, diskBudgetBytes } = await store.status()
    const existing = partitions.find(({ name }) => name === archive.partition)
    if (existing && !(await hasLost(existing, archive)))
      throw new Problem('conflict', `The lines of ${archive.name} are searchable already.`)
    if (diskBudgetBytes !== null && bytes + archive.lines * BYTES_PER_LINE > diskBudgetBytes)
      throw new Problem(
        'conflict',
        `The lines of ${archive.name} do not fit in LOG_DISK_BUDGET; they would be dropped. Raise it to restore them.`,
      )
  }

  return {
    place: storage.name,
    pending,
    status: () => ({
      isArchived: partition => isArchived(state, partition),
      isReachable: failing === null || clock.now() - failing.since < UNREACHABLE_AFTER_MS,
    }),
    run(onlyUnchanged = false) {
      running ??= archivePending(onlyUnchanged).finally(() => {
        wasTried = true
        running = null
      })
      return running
    },
    async restore(name, expiresAt) {
      const archive = findArchive(state, name)
      await checkRestore(archive)
      if (restoring) throw new Problem('busy', 'Another archive is being restored. Wait until it is done.')
      restoreFailure = null
      restoring = restoreArchive(archive, expiresAt)
        .catch(error => {
          restoreFailure = { name, problem: toProblem(error) }
          logger.warn('archive could not be restored', { archive: name, error: restoreFailure.problem.message })
          throw error
        })
        .finally(() => {
          restoring = null
        })
      return restoring
    },
    jobs: () => [...jobs],
    failing: () => (wasTried ? failing : undefined),
    restoreFailure: () => restoreFailure,
    async close() {
      closing.abort(new Problem('busy', 'Vakt is stopping; the archive job runs again after the restart.'))
      await Promise.race([Promise.allSettled([running, restoring]), setTimeout(CLOSE_TIMEOUT_MS, null, { ref: false })])
    },
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('busy', `The log partition could not be archived: ${errorMessage(error)}.`, { cause: error })
}
