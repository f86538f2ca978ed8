// The worker that searches: reads partition files, never writes, and tells of damaged ones.
import { workerData } from 'node:worker_threads'
import type { Query } from '../../query/tree.ts'
import type { PageRequest, TopField } from '../../store.ts'
import { archiveTo } from '../partitions/archive.ts'
import { parseId } from '../partitions/line-key.ts'
import { OpenPartitions } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { linesAround, readLine, recentValues } from '../query/lines-around.ts'
import type { Library } from '../query/search-job.ts'
import { searchPage } from '../query/search-page.ts'
import { topValues } from '../query/top-values.ts'
import { countByTime, countLines } from './histogram.ts'
import { answerCalls, tell } from './worker-protocol.ts'

export type ReaderStart = { folder: string }
type Partitions = readonly PartitionState[]

const { folder } = workerData as ReaderStart
const readables = new OpenPartitions(folder)

const calls = {
  search: (partitions: Partitions, request: PageRequest) => searchPage(library(partitions), request),
  count: (partitions: Partitions, query: Query, withinMs: number) => countLines(library(partitions), query, withinMs),
  read(partitions: Partitions, id: string) {
    const key = parseId(id)
    return key && readLine(library(partitions), key)
  },
  context: (partitions: Partitions, id: string, before: number, after: number) =>
    linesAround(library(partitions), id, before, after),
  histogram: (
    partitions: Partitions,
    query: Query,
    course: { from: number; until: number; buckets: number; withinMs: number },
  ) => countByTime(library(partitions), query, course),
  top: (partitions: Partitions, query: Query, field: TopField, limit: number, withinMs: number) =>
    topValues(library(partitions), query, field, limit, withinMs),
  values: (partitions: Partitions, field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number) =>
    recentValues(library(partitions), field, prefix, limit),
  archive: (partitions: Partitions, name: string, to: string) => archiveTo(library(partitions), name, to),
  forget: (name: string) => readables.forget(name),
  close: () => readables.closeAll(),
}
export type ReaderCalls = typeof calls

answerCalls(calls)
tell('ready', null)

function library(partitions: Partitions): Library {
  return {
    readables,
    partitions,
    onDamage(name, error) {
      readables.forget(name)
      tell('damage', { name, message: error.message })
    },
  }
}
