// The worker that searches: it reads partition files, never writes, and reports damaged ones.
import { workerData } from 'node:worker_threads'
import type { Query } from '../../query/tree.ts'
import type { PageRequest, Position, TopField } from '../../store.ts'
import { writeArchive } from '../partitions/archive.ts'
import { parseId } from '../partitions/line-key.ts'
import { OpenPartitions } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { countByTime, countLines } from '../query/histogram.ts'
import { linesAfter } from '../query/lines-after.ts'
import { linesAround, readLine, recentValues } from '../query/lines-around.ts'
import type { Snapshot } from '../query/search-job.ts'
import { searchPage } from '../query/search-page.ts'
import { topValues } from '../query/top-values.ts'
import { answerCalls, notify } from './worker-protocol.ts'

export type ReaderStart = { folder: string }
type States = readonly PartitionState[]

const { folder } = workerData as ReaderStart
const connections = new OpenPartitions(folder, damage => notify('damagedBlock', damage))

const calls = {
  search: (states: States, request: PageRequest) => searchPage(snapshotOf(states), request),
  count: (states: States, query: Query, timeoutMs: number) => countLines(snapshotOf(states), query, timeoutMs),
  read(states: States, id: string) {
    const key = parseId(id)
    return key && readLine(snapshotOf(states), key)
  },
  context: (states: States, id: string, before: number, after: number) =>
    linesAround(snapshotOf(states), id, before, after),
  histogram: (
    states: States,
    query: Query,
    range: { from: number; until: number; buckets: number; timeoutMs: number },
  ) => countByTime(snapshotOf(states), query, range),
  top: (states: States, query: Query, field: TopField, limit: number, timeoutMs: number) =>
    topValues(snapshotOf(states), query, field, limit, timeoutMs),
  values: (states: States, field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number) =>
    recentValues(snapshotOf(states), field, prefix, limit),
  linesAfter: (states: States, after: Position, committedTo: Position, limits: { lines: number; bytes: number }) =>
    linesAfter(snapshotOf(states), after, committedTo, limits),
  archive: (states: States, name: string, to: string) => writeArchive(snapshotOf(states), name, to),
  closePartition: (name: string) => connections.close(name),
  close: () => connections.closeAll(),
}
export type ReaderCalls = typeof calls

answerCalls(calls)
notify('ready', null)

function snapshotOf(states: States): Snapshot {
  return {
    connections,
    partitions: states,
    onCorruption(name, error) {
      connections.close(name)
      notify('corruption', { name, message: error.message })
    },
  }
}
