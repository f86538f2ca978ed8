// Metrics of the log store: what it holds, what waits, what was sealed, and the workers that search.
import type { StoreStatus } from '../../logs/store.ts'
import { counter, type Family, gauge, histogramOf, one, type Value } from './family.ts'

/** How the log store is; null where there is none or nobody has used it yet. */
type ReadStatus = () => Promise<StoreStatus | null>

function sealFamilies(logStore: ReadStatus): Family[] {
  const read = (value: (sealing: NonNullable<StoreStatus['sealing']>) => number) => async () => {
    const sealing = (await logStore().catch(() => null))?.sealing
    return sealing ? one(value(sealing)) : []
  }
  return [
    counter(
      'vakt_log_sealed_blocks_total',
      'Blocks that log lines were sealed into.',
      read(({ blocks }) => blocks),
    ),
    counter(
      'vakt_log_sealed_lines_total',
      'Log lines that were sealed into blocks.',
      read(({ lines }) => lines),
    ),
    counter(
      'vakt_log_seal_seconds_total',
      'Time that sealing took, of all writers.',
      read(({ seconds }) => seconds),
    ),
  ]
}

function readerFamilies(logStore: ReadStatus): Family[] {
  type Readers = NonNullable<StoreStatus['readers']>
  const read = (values: (readers: Readers) => Value[]) => async () => {
    const readers = (await logStore().catch(() => null))?.readers
    return readers ? values(readers) : []
  }
  const name = 'vakt_log_search_duration_seconds'
  return [
    gauge(
      'vakt_log_readers',
      'Workers that search; they start with the first search.',
      read(({ ready }) => one(ready)),
    ),
    gauge(
      'vakt_log_searches_running',
      'Searches of log lines that run.',
      read(({ running }) => one(running)),
    ),
    gauge(
      'vakt_log_searches_waiting',
      'Searches of log lines that wait for their turn.',
      read(({ waiting }) => one(waiting)),
    ),
    {
      ...{ name, help: 'How long searches of log lines take, with their wait.', type: 'histogram' },
      read: read(({ durations }) => [...durations].flatMap(([call, tally]) => histogramOf(name, { call }, tally))),
    },
  ]
}

export function logStoreFamilies(logStore: ReadStatus): Family[] {
  const read = (value: (status: StoreStatus) => number | null) => async () => {
    // A store that cannot answer leaves its metrics out, and the others stay.
    const status = await logStore().catch(() => null)
    const number = status && value(status)
    return number === null ? [] : one(number)
  }
  return [
    gauge(
      'vakt_log_store_lines',
      'Stored log lines.',
      read(({ lines }) => lines),
    ),
    gauge(
      'vakt_log_store_bytes',
      'Disk that stored log lines use.',
      read(({ bytes }) => bytes),
    ),
    gauge(
      'vakt_log_store_budget_bytes',
      'Disk that log lines may use.',
      read(({ diskBudgetBytes }) => diskBudgetBytes),
    ),
    gauge(
      'vakt_log_queue_batches',
      'Batches of log lines that wait to be stored.',
      read(({ queued }) => queued),
    ),
    gauge(
      'vakt_log_queue_limit',
      'How many batches may wait.',
      read(({ queueLimit }) => queueLimit),
    ),
    gauge(
      'vakt_log_unsealed_lines',
      'Stored log lines that are not sealed into blocks yet.',
      read(({ unsealed = null }) => unsealed),
    ),
    ...sealFamilies(logStore),
    ...readerFamilies(logStore),
    gauge('vakt_log_partitions', 'Log partitions by state; damaged ones cannot be searched.', async () => {
      const status = await logStore().catch(() => null)
      const count = (state: string) => status?.partitions.filter(partition => partition.state === state).length ?? 0
      return ['open', 'closed', 'damaged'].map(state => ({ labels: { state }, value: count(state) }))
    }),
    gauge('vakt_log_project_bytes', 'Disk that the log lines of a project use, about.', async () => {
      const status = await logStore().catch(() => null)
      return (status?.projects ?? []).map(({ project, bytes }) => ({ labels: { project }, value: bytes }))
    }),
  ]
}
