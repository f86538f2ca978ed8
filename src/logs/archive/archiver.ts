// Archives closed partitions, each once, and brings them back when asked; what a crash cuts short is done again.
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
import { MINUTE } from '../../time.ts'
import { findArchive, isArchived, type LogArchive, nextArchiveName, recordArchive } from '../archives.ts'
import type { Keeper, LogStore, PartitionStatus, StoreStatus } from '../store.ts'
import type { ArchivePlace } from './place.ts'

export type ArchiverOptions = {
  state: State
  store: LogStore
  place: ArchivePlace
  /** Where files are on their way; emptied first. */
  folder: string
  clock: Clock
  logger: Logger
}

/** What is under way: `done` of `total` bytes, 0 of 0 while the store works. */
export type ArchiveJob = { what: 'archive' | 'restore'; name: string; since: number; done: number; total: number }

export type Archiver = {
  /** Where archives go. */
  place: string
  /** Which partitions are archived, and whether the others can be before room is made without them. */
  keeper(): Keeper
  /** Closed partitions that are not archived yet, oldest first. */
  waiting(partitions: StoreStatus['partitions']): PartitionStatus[]
  /**
   * Archives what waits, one after the other; resolves with how many. With `settled` only what has not changed since the
   * last call, as a batch may still be on its way to a partition just closed. Rejects with the first failure.
   */
  run(settled?: boolean): Promise<number>
  /** Makes an archive searchable until `keptUntil`; resolves with how many lines came back. */
  restore(name: string, keptUntil: number): Promise<number>
  jobs(): readonly ArchiveJob[]
  /** Since when archiving fails, and why; null when it does not, undefined until it was tried. */
  failing(): { since: number; problem: Problem } | null | undefined
  /** The last restoring that failed after nobody waited for it any more. */
  restoreFailure(): { name: string; problem: Problem } | null
  /** Gives up what is under way; it is begun again by the next Vakt. */
  close(): Promise<void>
}

/** So long an archive may be out of reach before partitions are dropped without it when room is needed. */
const GIVEN_UP = 10 * MINUTE
/** What a line takes on disk, about, with its words in the index. */
const LINE_BYTES = 400
/** So long the store gets to end what cannot be broken off. */
const CLOSE_MS = 1_000

/** An archiver for a store. Nothing runs until it is asked. */
export function createArchiver({ state, store, place, folder, clock, logger }: ArchiverOptions): Archiver {
  const ending = new AbortController()
  const { signal } = ending
  const jobs = new Set<ArchiveJob>()
  let running: Promise<number> | null = null
  let restoring: Promise<number> | null = null
  let failing: { since: number; problem: Problem } | null = null
  let tried = false
  let failedRestore: { name: string; problem: Problem } | null = null
  let seen = new Map<string, number>()
  const emptied = rm(folder, { recursive: true, force: true }).catch(() => {})

  const waiting = (partitions: StoreStatus['partitions']) =>
    partitions.filter(one => one.state === 'closed' && one.lines > 0 && !isArchived(state, one))

  async function work<T>(what: ArchiveJob['what'], name: string, run: (job: ArchiveJob, folder: string) => Promise<T>) {
    const job: ArchiveJob = { what, name, since: clock.now(), done: 0, total: 0 }
    const own = join(folder, what)
    jobs.add(job)
    try {
      await emptied
      await mkdir(own, { recursive: true })
      return await run(job, own)
    } finally {
      jobs.delete(job)
      await rm(own, { recursive: true, force: true }).catch(() => {})
    }
  }

  const archiveOne = (partition: PartitionStatus) =>
    work('archive', partition.name, async (job, own) => {
      const { file, lines, bytes } = await store.archive(partition.name, own)
      const sha256 = await sumOf(file)
      const name = nextArchiveName(state, partition.name)
      // By its content: nobody else's archive in the same place is overwritten, and the same one twice is one.
      const key = `${partition.name}.${sha256.slice(0, 12)}.ndjson.zst`
      job.total = bytes
      await place.put(file, key, { signal, onBytes: done => Object.assign(job, { done }) })
      const { from, until, lastPosition } = partition
      const kept = { name, partition: partition.name, place: place.name, key, lines, bytes, sha256 }
      recordArchive(state, { ...kept, from, until, lastPosition, archivedAt: clock.now() })
      logger.info('a log partition is archived', { partition: partition.name, place: place.name, lines, bytes })
    })

  async function runAll(settled: boolean): Promise<number> {
    const { partitions } = await store.status()
    const before = seen
    const closed = waiting(partitions)
    seen = new Map(closed.map(({ name, lastPosition }) => [name, lastPosition]))
    let archived = 0
    for (const partition of closed) {
      if (settled && before.get(partition.name) !== partition.lastPosition) continue
      signal.throwIfAborted()
      try {
        await archiveOne(partition)
        failing = null
        archived++
      } catch (error) {
        signal.throwIfAborted()
        // One that was dropped meanwhile is no failure of the archive.
        if (!(await store.status()).partitions.some(({ name }) => name === partition.name)) continue
        const problem = problemOf(error)
        failing = { since: failing?.since ?? clock.now(), problem }
        logger.warn('a log partition could not be archived', { partition: partition.name, error: problem.message })
        throw problem
      }
    }
    if (closed.length === 0) failing = null
    return archived
  }

  const restoreOne = (archive: LogArchive, keptUntil: number) =>
    work('restore', archive.name, async (job, own) => {
      const file = join(own, `${archive.partition}.ndjson.zst`)
      job.total = archive.bytes
      await place.get(archive.key, file, { signal, onBytes: done => Object.assign(job, { done }) })
      const { size } = await stat(file)
      if (size !== archive.bytes || (await sumOf(file)) !== archive.sha256)
        throw new Problem('invalid', `The archive ${archive.name} in ${place.name} is not what was put there.`)
      Object.assign(job, { done: 0, total: 0 })
      return store.restore(file, keptUntil)
    })

  async function checkRestore(archive: LogArchive): Promise<void> {
    if (archive.place !== place.name)
      throw new Problem(
        'conflict',
        `The archive ${archive.name} was put in ${archive.place}, but ARCHIVE_TO is ${place.name}. Set it back to restore.`,
      )
    const { partitions, bytes, diskBudgetBytes } = await store.status()
    if (partitions.some(({ name }) => name === archive.partition))
      throw new Problem('conflict', `The lines of ${archive.name} are here; search for them.`)
    if (diskBudgetBytes !== null && bytes + archive.lines * LINE_BYTES > diskBudgetBytes)
      throw new Problem(
        'conflict',
        `The lines of ${archive.name} do not fit in LOG_DISK_BUDGET; they would be dropped.`,
      )
  }

  return {
    place: place.name,
    waiting,
    keeper: () => ({
      has: partition => isArchived(state, partition),
      reachable: failing === null || clock.now() - failing.since < GIVEN_UP,
    }),
    run(settled = false) {
      running ??= runAll(settled).finally(() => {
        tried = true
        running = null
      })
      return running
    },
    async restore(name, keptUntil) {
      const archive = findArchive(state, name)
      await checkRestore(archive)
      if (restoring) throw new Problem('busy', 'Another archive is being restored. Wait until it is done.')
      failedRestore = null
      restoring = restoreOne(archive, keptUntil)
        .catch(error => {
          failedRestore = { name, problem: problemOf(error) }
          logger.warn('an archive could not be restored', { archive: name, error: failedRestore.problem.message })
          throw error
        })
        .finally(() => {
          restoring = null
        })
      return restoring
    },
    jobs: () => [...jobs],
    failing: () => (tried ? failing : undefined),
    restoreFailure: () => failedRestore,
    async close() {
      ending.abort(new Problem('busy', 'Vakt is stopping; this is done again when it is back.'))
      await Promise.race([Promise.allSettled([running, restoring]), setTimeout(CLOSE_MS, null, { ref: false })])
    },
  }
}

async function sumOf(file: string): Promise<string> {
  const sum = createHash('sha256')
  await pipeline(createReadStream(file), sum)
  return sum.digest('hex')
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('busy', `The log partition could not be archived: ${(error as Error).message}.`, { cause: error })
}
