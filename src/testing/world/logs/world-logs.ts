// The log store of a world: the partitions, the writer's transactions and the searches of the real one, in this process and without workers.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenPartitions } from '../../../logs/embedded/partitions/open-partitions.ts'
import type { PartitionState } from '../../../logs/embedded/partitions/partition.ts'
import { Partitions } from '../../../logs/embedded/partitions/partitions.ts'
import { createSealTally } from '../../../logs/embedded/partitions/seal-tally.ts'
import { searchPage } from '../../../logs/embedded/query/search-page.ts'
import { appendGroup } from '../../../logs/embedded/workers/append.ts'
import { readBatch } from '../../../logs/intake/read-batch.ts'
import type { Batch, LogStore, PageRequest, Position } from '../../../logs/store.ts'
import { DAY } from '../../../time.ts'
import { Killed } from '../mortal-database.ts'
import { closedPartition, type DamagedPlace, damageFile } from './file-damage.ts'

/** In memory where the system has a folder for that: a world asks nothing of real disks. */
const MEMORY = '/dev/shm'
const MAX_LINES = 2_000
const NO_LIMIT = 4_294_967_294

/** Where in an append the process dies: with its lines read but not committed, or right after the commit. */
export type AppendDeath = 'before commit' | 'after commit'

export interface WorldLogs {
  /** The folder of the data of all lives. */
  readonly folder: string
  /** Opens the store for one life, which `onDeath` ends. */
  open(life: { isAlive(): boolean; onDeath(): void }): LogStore
  /** Ends the life that has it open; what was not committed is gone. */
  kill(): void
  dieInAppend(death: AppendDeath | null): void
  /** The disk of the lines takes so many pages more; null for plenty. */
  limit(pages: number | null): void
  /** Damages the file of a partition of the day before; returns its name, or null without one. */
  damage(now: number, place: DamagedPlace): string | null
  /** The partitions of which Vakt said that lines cannot be read. */
  readonly named: ReadonlySet<string>
  /** Those of them that it set aside as a whole. */
  readonly setAside: ReadonlySet<string>
  remove(): void
}

/** An empty store. */
export function createWorldLogs(): WorldLogs {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'vakt-world-'))
  const logs = join(folder, 'logs')
  mkdirSync(logs)
  let next = 1
  let open: { partitions: Partitions; readers: OpenPartitions } | null = null
  let death: AppendDeath | null = null
  let freePages: number | null = null
  const [named, setAside] = [new Set<string>(), new Set<string>()]

  const kill = () => {
    open?.readers.closeAll()
    open?.partitions.closeAll()
    open = null
  }

  return {
    folder,
    named,
    setAside,
    open({ isAlive, onDeath }) {
      kill()
      const partitions = new Partitions({
        ...{ folder: logs, writer: 0, maxLines: MAX_LINES, sealing: createSealTally() },
        onQuarantine({ name }) {
          named.add(name)
          setAside.add(name)
        },
        onGone() {},
      })
      const readers = new OpenPartitions(logs, ({ partition }) => void named.add(partition))
      open = { partitions, readers }
      next = Math.max(next, ...partitions.states().map(({ lastPosition }) => lastPosition + 1))
      const dieAt = (moment: AppendDeath) => {
        if (death !== moment) return
        death = null
        onDeath()
        throw new Killed()
      }
      const reservePositions = (count: number) => {
        dieAt('before commit')
        next += count
        return next - count
      }
      const append = (batch: Batch) => {
        limitPages(partitions, batch, freePages)
        const onStored = () => dieAt('after commit')
        const appending = { partitions, readBatch, reservePositions, isTailed: () => true, onStored }
        const [outcome] = appendGroup(appending, [batch]).outcomes
        partitions.sealOverdue()
        return outcome!
      }
      const onCorruption = (name: string, error: Error) => {
        readers.close(name)
        partitions.quarantine(name, error)
      }
      return inProcess({ isAlive, append, states: () => partitions.states(), readers, onCorruption })
    },
    kill,
    dieInAppend(moment) {
      death = moment
    },
    limit(pages) {
      freePages = pages
    },
    damage(now, place) {
      const name = closedPartition(logs, now)
      if (name === null) return null
      // While Vakt runs, a closed partition is sealed, and its file is whole.
      open?.partitions.sealIdle(Math.floor(now / DAY) * DAY)
      open?.partitions.open(name).db.pragma('wal_checkpoint(TRUNCATE)')
      open?.partitions.close(name)
      damageFile(join(logs, `${name}.db`), place)
      return name
    },
    remove() {
      kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function limitPages(partitions: Partitions, { receivedAt, retentionMs }: Batch, freePages: number | null): void {
  const { db } = partitions.current(receivedAt, retentionMs)
  const used = db.pragma('page_count', { simple: true }) as number
  db.pragma(`max_page_count = ${freePages === null ? NO_LIMIT : used + freePages}`)
}

type InProcess = {
  isAlive(): boolean
  append(batch: Batch): ReturnType<typeof appendGroup>['outcomes'][number]
  states(): PartitionState[]
  readers: OpenPartitions
  onCorruption(name: string, error: Error): void
}

/** What Vakt asks of a store in a world; nothing comes back to a dead life. */
function inProcess({ isAlive, append, states, readers, onCorruption }: InProcess): LogStore {
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!isAlive()) await new Promise(() => {})
    try {
      return await work()
    } finally {
      if (!isAlive()) await new Promise(() => {})
    }
  }
  const empty = { lines: [], next: 0, committedTo: 0 }
  const store: Partial<LogStore> = {
    append: batch =>
      alive(async () => {
        const outcome = append(batch)
        if ('problem' in outcome) throw outcome.problem
        return outcome.result
      }),
    search: (request: PageRequest) =>
      alive(() => searchPage({ connections: readers, partitions: states(), onCorruption }, request)),
    count: async () => ({ total: 0, atLeast: false, searchedTo: null }),
    read: async () => null,
    context: async () => [],
    histogram: async () => [],
    top: async () => ({ rows: [], searchedTo: null }),
    values: async () => [],
    tail: async () => () => {},
    linesAfter: async (position: Position) => ({ ...empty, next: position }),
    purge: async () => 0,
    maintain: async () => ({ removed: [], status: await store.status!() }),
    status: async () => {
      const all = states()
      const lines = all.reduce((sum, state) => sum + state.lines, 0)
      return { lines, bytes: 0, partitions: [], diskBudgetBytes: null, queued: 0, queueLimit: 1 }
    },
    close: async () => {},
  }
  return store as LogStore
}
