// The worker that searches: it reads partition files, never writes, and reports damaged ones.
import { workerData } from 'node:worker_threads'
import type { Query } from '../../query/tree.ts'
import type { PageRequest, Position, TopField } from '../../store.ts'
import { writeArchive } from '../partitions/archive.ts'
import { parseId } from '../partitions/line-key.ts'
import { OpenPartitions } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { countByTime, countLines } from '../query/histogram.ts'
import { countsAfter, linesAfter } from '../query/lines-after.ts'
import { linesAround, readLine, recentValues } from '../query/lines-around.ts'
import type { Snapshot } from '../query/search-job.ts'
import { searchPage } from '../query/search-page.ts'
import { tallyValues, topValues } from '../query/top-values.ts'
import { answerCalls, notify } from './worker-protocol.ts'

export type ReaderStart = { folder: string }
/** The partitions that a call reads, and the position after which their lines count. */
export type ReadScope = { states: readonly PartitionState[]; after: Position }

const { folder } = workerData as ReaderStart
const connections = new OpenPartitions(folder, damage => notify('damagedBlock', damage))

const calls = {
  search: (scope: ReadScope, request: PageRequest) => searchPage(snapshotOf(scope), request),
  count: (scope: ReadScope, query: Query, timeoutMs: number) => countLines(snapshotOf(scope), query, timeoutMs),
  read(scope: ReadScope, id: string) {
    const key = parseId(id)
    return key && readLine(snapshotOf(scope), key)
  },
  context: (scope: ReadScope, id: string, before: number, after: number) =>
    linesAround(snapshotOf(scope), id, before, after),
  histogram: (
    scope: ReadScope,
    query: Query,
    range: { from: number; until: number; buckets: number; timeoutMs: number },
  ) => countByTime(snapshotOf(scope), query, range),
  top: (scope: ReadScope, query: Query, field: TopField, limit: number, timeoutMs: number) =>
    topValues(snapshotOf(scope), query, field, limit, timeoutMs),
  tally: (scope: ReadScope, query: Query, field: TopField, limit: number, timeoutMs: number) =>
    tallyValues(snapshotOf(scope), query, field, limit, timeoutMs),
  values: (scope: ReadScope, field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number) =>
    recentValues(snapshotOf(scope), field, prefix, limit),
  linesAfter: (scope: ReadScope, after: Position, committedTo: Position, limits: { lines: number; bytes: number }) =>
    linesAfter(snapshotOf(scope), after, committedTo, limits),
  countsAfter: (scope: ReadScope) => countsAfter(snapshotOf(scope), scope.after),
  archive: (scope: ReadScope, name: string, to: string) => writeArchive(snapshotOf(scope), name, to),
  closePartition: (name: string) => connections.close(name),
  close: () => connections.closeAll(),
}
export type ReaderCalls = typeof calls

answerCalls(calls)
notify('ready', null)

function snapshotOf({ states, after }: ReadScope): Snapshot {
  return {
    connections,
    partitions: states,
    after,
    onCorruption(name, error) {
      connections.close(name)
      notify('corruption', { name, message: error.message })
    },
  }
}
