// A second embedded store behind the seam: a real engine that needs no cluster, for the contract in `npm test`.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../problem.ts'
import { Sqlite } from '../../state/sqlite.ts'
import type { BlockPartition } from '../embedded/blocks/block-partition.ts'
import { clampTimestamp, type LineKey, lineId, parseId } from '../embedded/partitions/line-key.ts'
import { openPartition } from '../embedded/partitions/open-partition.ts'
import { OpenPartitions } from '../embedded/partitions/open-partitions.ts'
import type { PartitionState } from '../embedded/partitions/partition.ts'
import { fileSize, readSummary } from '../embedded/partitions/partition-file.ts'
import { expiryOf, parsePartition } from '../embedded/partitions/partition-name.ts'
import { countsAfter, linesAfter } from '../embedded/query/lines-after.ts'
import { readLine, recentValues } from '../embedded/query/lines-around.ts'
import { type Snapshot, selectionOf } from '../embedded/query/search-job.ts'
import { searchFrom } from '../embedded/query/search-page.ts'
import type { LogLine } from '../line.ts'
import type { QueryNode } from '../query/tree.ts'
import type { EngineDriver, EngineOrder, EngineScope } from './driver.ts'
import { valuesOf } from './engine-search.ts'
import { keyOf } from './merge.ts'

const PLENTY = 1_000_000
/** Names the partitions that searches leave out, one a line. */
export const LOST_FILE = 'lost'

/** Opens the driver of an engine in a folder. */
export function openDriver({ folder }: { folder: string }): EngineDriver {
  const connections = new OpenPartitions(folder, () => {})

  const states = (): PartitionState[] =>
    filesOf(folder)
      .filter(file => file.endsWith('.db'))
      .map(file => stateOf(folder, file.slice(0, -3)))

  /** The partitions that a test calls lost, in a file. */
  const lost = (): string[] => {
    const file = join(folder, LOST_FILE)
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  }
  const snapshot = (): Snapshot => {
    const gone = lost()
    return { connections, partitions: states().filter(({ name }) => !gone.includes(name)), onCorruption() {} }
  }

  const find = async (scope: EngineScope, order: EngineOrder, after: LineKey | null, limit: number) => {
    const { where } = scope.filter as { where: QueryNode | null }
    const test = (line: LogLine) => parseId(line.id)!.position <= scope.upTo
    const { from, until } = scope
    const options = { from, until, order, limit, cursor: after, timeoutMs: PLENTY }
    return (await searchFrom(snapshot(), { ...selectionOf({ where, from, until }), test }, options)).lines
  }
  const all = (scope: EngineScope) => find(scope, 'newest', null, PLENTY)

  const write = <T>(name: string, work: (partition: BlockPartition) => T): T => {
    const partition = openPartition(folder, name, expiryOf(parsePartition(name)!)) as BlockPartition
    try {
      return work(partition)
    } finally {
      partition.close()
    }
  }

  // Nothing is sealed there, so every line is among the arrivals.
  const purge = async (isRemoved: (id: string) => boolean): Promise<number> => {
    let removed = 0
    for (const { name } of states())
      removed += write(name, partition => partition.removeArrivals(placed => isRemoved(lineId(placed))))
    return removed
  }

  return {
    compile: where =>
      isDecidable(where) ? { filter: { where }, isExact: true } : { filter: { where: null }, isExact: false },
    async check() {
      filesOf(folder)
      return { identity: folder, version: 'Embedded', nodes: 1, health: 'green', warnings: [] }
    },
    async put(lines) {
      filesOf(folder)
      for (const [name, group] of Map.groupBy(lines, ({ partition }) => partition))
        write(name, partition => {
          const own = { ...snapshot(), partitions: [stateOf(folder, name)] }
          const fresh = group.filter(({ line }) => readLine(own, keyOf(line)) === null)
          const placed = fresh.map(({ line: { id: _, ...line }, position }) => ({
            line,
            timestamp: clampTimestamp(line.timestamp),
            position,
          }))
          partition.transaction(() => partition.add(placed.sort((a, b) => a.position - b.position)))
        })
      return { refused: 0, delayed: null }
    },
    async refresh() {},
    async page(scope, order, after, limit) {
      return { answer: await find(scope, order, after, limit) }
    },
    async count(scope, limit) {
      return { answer: Math.min(limit, (await all(scope)).length) }
    },
    async levels(scope, { from, width }) {
      const counted = (await all(scope)).map(({ timestamp, level }) => {
        return { bucket: Math.floor((timestamp - from) / width), level, count: 1 }
      })
      return { answer: counted }
    },
    async top(scope, field) {
      const counts = new Map<string, number>()
      for (const line of await all(scope))
        for (const value of valuesOf(line, field)) counts.set(value, (counts.get(value) ?? 0) + 1)
      return { answer: [...counts].map(([value, count]) => ({ value, count })) }
    },
    async newestOf(scope, field, values) {
      const lines = await all(scope)
      return values.map(value => lines.find(line => [...valuesOf(line, field)].includes(value)) ?? null)
    },
    values: async (field, prefix) => recentValues(snapshot(), field, prefix, PLENTY),
    async read(id) {
      const key = parseId(id)
      return key && readLine(snapshot(), key)
    },
    async stored(after, upTo, limit, partition) {
      const own = snapshot()
      const partitions = own.partitions.filter(({ name }) => partition === null || name === partition)
      return (await linesAfter({ ...own, partitions }, after, upTo, { lines: limit, bytes: PLENTY * 1_000 })).lines
    },
    async purge(scope, after) {
      const ids = new Set((await all(scope)).filter(line => keyOf(line).position > after).map(({ id }) => id))
      return purge(id => ids.has(id))
    },
    remove: ids => purge(id => ids.includes(id)),
    async partitions(upTo) {
      const own = snapshot()
      return states()
        .filter(({ lines }) => lines > 0)
        .map(state => {
          const isWhole = state.lastPosition <= upTo
          const beyond = () => countsAfter({ ...own, partitions: [state] }, upTo)[0]?.lines ?? 0
          return { ...state, lines: isWhole ? state.lines : state.lines - beyond(), firstPosition: 0, damage: null }
        })
    },
    leftOut: () => lost().map(partition => ({ partition, message: `The partition ${partition} is lost.` })),
    async drop(name) {
      connections.close(name)
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `${name}.db${suffix}`), { force: true })
    },
    async restore(name, chunks, expiresAt) {
      const found: LogLine[] = []
      for await (const lines of chunks) found.push(...lines)
      openPartition(folder, name, expiresAt).close()
      await this.put(found.map(line => ({ line, position: keyOf(line).position, partition: name })))
      return { lines: found.length, until: Math.max(0, ...found.map(({ timestamp }) => timestamp)) }
    },
    async close() {
      connections.closeAll()
    },
  }
}

/** Some conditions are left to `matches`, as an engine leaves them. */
function isDecidable(node: QueryNode | null): boolean {
  if (node === null) return true
  if (node.kind === 'and' || node.kind === 'or') return node.parts.every(isDecidable)
  if (node.kind === 'not') return isDecidable(node.part)
  return node.kind !== 'regex' && node.kind !== 'attribute'
}

/** An engine whose folder is away does not answer. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new Problem('busy', 'The folder is away.', { cause: error })
  }
}

/** The states of files by what changes with them: opening one takes longer than most questions. */
const known = new Map<string, { stamp: string; state: PartitionState }>()

function stateOf(folder: string, name: string): PartitionState {
  const file = join(folder, `${name}.db`)
  const stamp = [file, `${file}-wal`].map(own => JSON.stringify(statSync(own, { throwIfNoEntry: false }))).join()
  const cached = known.get(file)
  if (cached?.stamp === stamp) return cached.state
  const state = readState(folder, name)
  known.set(file, { stamp, state })
  return state
}

function readState(folder: string, name: string): PartitionState {
  const db = new Sqlite(join(folder, `${name}.db`), { readonly: true, fileMustExist: true })
  try {
    const { lines, first_timestamp, last_timestamp, last_position, expires_at } = readSummary(db)
    const time = { from: lines === 0 ? null : first_timestamp, until: lines === 0 ? null : last_timestamp }
    const bytes = fileSize(join(folder, `${name}.db`)) + fileSize(join(folder, `${name}.db-wal`))
    const place = { lastPosition: last_position, expiresAt: expires_at }
    return { name, lines, bytes, ...time, ...place, unsealed: lines, projects: [] }
  } finally {
    db.close()
  }
}
