// The driver of OpenSearch, and of what speaks the same part of its REST interface.
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../../../problem.ts'
import { DAY } from '../../../time.ts'
import { parseId } from '../../embedded/partitions/line-key.ts'
import { dayOf, parsePartition } from '../../embedded/partitions/partition-name.ts'
import { LEVELS } from '../../line.ts'
import { foldCase } from '../../query/wildcard.ts'
import { type EngineDriver, type EngineFacts, type EngineScope, PartLost, type Timed } from '../driver.ts'
import { isAway } from '../engine-health.ts'
import { keyOf } from '../merge.ts'
import { bucketsOf, linesOf, type Searched, type Sub, whole } from './answers.ts'
import { putLines } from './bulk.ts'
import { OpenSearchClient } from './client.ts'
import { compile } from './compile.ts'
import { folded } from './document.ts'
import { putTemplate, readFacts } from './facts.ts'
import { FOUND, indexBody, indexNames } from './indexes.ts'
import type { OpenSearchOptions } from './options.ts'
import { readPartitions } from './partitions.ts'
import { RedIndexes, redMessage } from './red-indexes.ts'

/** What a search may return at once (`index.max_result_window`). */
const MAX_PAGE = 10_000
const MAX_VALUES = 10_000
/** Completion offers the values of this many partitions, the latest ones. */
const RECENT_PARTITIONS = 14
const WRITE_TIMEOUT_MS = 60_000
const ANSWER_MARGIN_MS = 5_000
const POLL_MS = 200
/** A question that fails sooner may be asked again without anybody waiting too long; the first time counts. */
const [QUICK_MS, MAX_TRIES] = [2_000, 4]
/** A cluster takes a moment to notice that a node is gone; so long before the third try, and twice that before the fourth. */
const RETRY_PAUSE_MS = 500
const RED_REMEDY = 'Bring back the node that has it, or delete that index and restore it from an archive.'

/** Opens the driver; nothing is asked of the cluster before the first call. */
export function openDriver(options: OpenSearchOptions): EngineDriver {
  const { retryPauseMs = RETRY_PAUSE_MS } = options
  const client = new OpenSearchClient(options)
  const names = indexNames(options.prefix)
  const red = new RedIndexes(client, names, options.listTimeoutMs)
  let preparing: Promise<void> | null = null

  /** The template makes each index as it is needed. */
  const prepare = () => {
    preparing ??= putTemplate(client, options).catch(error => {
      preparing = null
      throw error
    })
    return preparing
  }

  const searchIn = async (indexes: string, body: object, timeoutMs?: number): Promise<Searched> => {
    const path = `${encodeURI(indexes)}/_search?${FOUND}`
    return whole(await client.get<Searched>('POST', path, body, httpTimeout(timeoutMs)))
  }

  /**
   * Asks everything but what is red; `ask` is called again when something has just become so, or when it failed at once in a
   * cluster that answers: an index may have started meanwhile.
   */
  const aroundRed = async <T>(ask: (indexes: string) => Promise<T>): Promise<T> => {
    await red.recheck()
    let starting: readonly string[] = []
    for (let tries = 1; ; tries++) {
      const beganAt = performance.now()
      try {
        return await ask(red.searched(starting))
      } catch (error) {
        const isQuick = performance.now() < beganAt + QUICK_MS
        if (!isAway(error) || tries === MAX_TRIES) throw error
        if (isQuick) await setTimeout(retryPauseMs * (tries - 1))
        const checked = await red.check().catch(() => null)
        if (!checked || !(checked.isChanged || checked.starting.length > 0 || isQuick)) throw error
        // They have no line that was shipped when the question began; the next question asks them again.
        starting = checked.starting
      }
    }
  }

  const timed = async <T>(body: object, timeoutMs: number, read: (found: Searched) => T): Promise<Timed<T>> => {
    const found = await aroundRed(indexes => searchIn(indexes, { ...body, ...timeoutOf(timeoutMs) }, timeoutMs))
    return found.timed_out ? { isTimedOut: true } : { answer: read(found) }
  }

  /** Rejects with `busy` while an index is red: a part of what is asked for would be left out. */
  const refuseWhileRed = async () => {
    await red.check()
    const [index] = red.indexes
    if (index !== undefined) throw new PartLost(`${redMessage(index)} ${RED_REMEDY}`)
  }

  return {
    compile,
    async check(): Promise<EngineFacts> {
      const facts = await readFacts(client, options)
      await prepare()
      return facts
    },
    async put(lines) {
      await prepare()
      const items = lines.map(({ line, position, partition }) => ({
        index: names.ofPartition(partition),
        line,
        position,
      }))
      return putLines(client, items)
    },
    refresh: partitions => refresh(client, partitions.map(names.ofPartition).join(',')),
    page(scope, order, after, limit, timeoutMs) {
      const direction = order === 'newest' ? 'desc' : 'asc'
      const body = {
        size: Math.min(limit, MAX_PAGE),
        track_total_hits: false,
        sort: [{ t: direction }, { pos: direction }],
        query: queryOf(scope),
        ...(after === null ? {} : { search_after: [after.timestamp, after.position] }),
      }
      return timed(body, timeoutMs, linesOf)
    },
    count(scope, limit, timeoutMs) {
      const body = { size: 0, track_total_hits: limit, query: queryOf(scope) }
      return timed(body, timeoutMs, found => Math.min(limit, found.hits.total?.value ?? 0))
    },
    levels(scope, { from, width }, timeoutMs) {
      const chart = { field: 't', fixed_interval: `${width}ms`, offset: `${from % width}ms`, min_doc_count: 1 }
      const aggs = { time: { date_histogram: chart, aggs: { lv: { terms: { field: 'lv', size: LEVELS.length } } } } }
      return timed({ size: 0, query: queryOf(scope), aggs }, timeoutMs, found =>
        bucketsOf(found, 'time').flatMap(({ key, ...sub }) =>
          (sub.lv as Sub).buckets.map(level => ({
            bucket: Math.floor((Number(key) - from) / width),
            level: LEVELS[Number(level.key)]!,
            count: level.doc_count,
          })),
        ),
      )
    },
    top(scope, field, limit, timeoutMs) {
      const terms = { field: field === 'level' ? 'lv' : field, size: limit, shard_size: limit * 5 }
      return timed({ size: 0, query: queryOf(scope), aggs: { top: { terms } } }, timeoutMs, found =>
        bucketsOf(found, 'top').map(({ key, doc_count: count }) => ({ value: nameOf(key, field), count })),
      )
    },
    async newestOf(scope, field, values) {
      const bodies = values.map(value => {
        const term = field === 'level' ? { lv: (LEVELS as readonly string[]).indexOf(value) } : { [field]: value }
        const query = { bool: { filter: [queryOf(scope), { term }] } }
        return JSON.stringify({ size: 1, track_total_hits: false, sort: [{ t: 'desc' }, { pos: 'desc' }], query })
      })
      return aroundRed(async index => {
        const head = JSON.stringify({ index, ignore_unavailable: true, allow_no_indices: true })
        const text = bodies.map(body => `${head}\n${body}\n`).join('')
        const { responses } = await client.get<{ responses: Searched[] }>('POST', '_msearch', text)
        return responses.map(found => linesOf(whole(found))[0] ?? null)
      })
    },
    async values(field, prefix, upTo) {
      type Row = { index: string; health: string }
      const rows = await client.get<Row[]>('GET', `_cat/indices/${names.all}?format=json&h=index,health&${FOUND}`)
      const recent = rows
        .filter(({ health }) => health !== 'red')
        .map(({ index }) => index)
        .sort()
        .slice(-RECENT_PARTITIONS)
      if (recent.length === 0) return []
      const filter = { prefix: { [`f_${field}`]: { value: folded(prefix) } } }
      const query = queryOf({ filter: prefix === '' ? { match_all: {} } : filter, from: null, until: null, upTo })
      const aggs = { found: { terms: { field, size: MAX_VALUES } } }
      const found = await searchIn(recent.join(','), { size: 0, query, aggs })
      const values = bucketsOf(found, 'found').map(({ key }) => String(key))
      return values.filter(value => foldCase(value).startsWith(foldCase(prefix)))
    },
    async read(id) {
      const body = { size: 1, query: { ids: { values: [id] } } }
      const [line] = linesOf(await aroundRed(indexes => searchIn(indexes, body)))
      const place = parseId(id)
      const lost = place && red.indexes.find(index => mayHave(names.partitionOf(index), place.position))
      if (!line && lost) throw new PartLost(`${redMessage(lost)} ${RED_REMEDY}`)
      return line ?? null
    },
    async stored(after, upTo, limit, partition) {
      const query = { range: { pos: { gt: after, lte: upTo } } }
      const body = { size: Math.min(limit, MAX_PAGE), track_total_hits: false, sort: [{ pos: 'asc' }], query }
      const indexes =
        partition === null ? names.all : `${names.ofPartition(partition)},${names.aliasOfRestore(partition)}`
      return linesOf(await searchIn(indexes, body))
    },
    async purge(scope, after) {
      await refuseWhileRed()
      const filter = [queryOf(scope), { range: { pos: { gt: after } } }]
      return purge(client, names.all, { bool: { filter } })
    },
    async remove(ids) {
      await refuseWhileRed()
      return purge(client, names.all, { ids: { values: ids } })
    },
    partitions: upTo => readPartitions(client, names, red, upTo, body => aroundRed(indexes => searchIn(indexes, body))),
    leftOut: () => red.partitions.map(partition => ({ partition, message: redMessage(names.ofPartition(partition)) })),
    async drop(partition) {
      const indexes = `${names.ofPartition(partition)},${names.ofRestore(partition)}`
      await client.get('DELETE', `${indexes}?ignore_unavailable=true`, undefined, WRITE_TIMEOUT_MS)
    },
    async restore(partition, chunks, expiresAt) {
      const index = names.ofRestore(partition)
      await client.get('DELETE', `${index}?ignore_unavailable=true`, undefined, WRITE_TIMEOUT_MS)
      await client.get('PUT', index, indexBody(options, { expires_at: expiresAt }), WRITE_TIMEOUT_MS)
      let lines = 0
      let until = 0
      try {
        for await (const chunk of chunks) {
          const items = chunk.map(line => ({ index, line, position: keyOf(line).position }))
          const { delayed } = await putLines(client, items)
          if (delayed !== null) throw new Problem('busy', delayed, { retryAfterMs: ANSWER_MARGIN_MS })
          lines += chunk.length
          for (const { timestamp } of chunk) until = Math.max(until, timestamp)
        }
        await refresh(client, index)
        const actions = [{ add: { index, alias: names.aliasOfRestore(partition) } }]
        await client.get('POST', '_aliases', { actions }, WRITE_TIMEOUT_MS)
        return { lines, until }
      } catch (error) {
        await client.get('DELETE', `${index}?ignore_unavailable=true`, undefined, WRITE_TIMEOUT_MS).catch(() => {})
        throw error
      }
    },
    async close() {
      client.close()
    },
  }
}

/** The lines of a scope, as a filter. */
function queryOf({ filter, from, until, upTo }: EngineScope): object {
  const time = { ...(from === null ? {} : { gte: from }), ...(until === null ? {} : { lt: until }) }
  const filters = [filter, { range: { pos: { lte: upTo } } }]
  return { bool: { filter: Object.keys(time).length > 0 ? [...filters, { range: { t: time } }] : filters } }
}

function nameOf(key: string | number, field: string): string {
  return field === 'level' ? LEVELS[Number(key)]! : String(key)
}

function timeoutOf(timeoutMs: number): { timeout?: string } {
  return Number.isFinite(timeoutMs) ? { timeout: `${Math.ceil(timeoutMs)}ms` } : {}
}

function httpTimeout(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return undefined
  return Number.isFinite(timeoutMs) ? timeoutMs + ANSWER_MARGIN_MS : WRITE_TIMEOUT_MS
}

/** Whether a partition may have the line of a position, whose digits are those of the clock that received it (µs). */
function mayHave(partition: string | null, position: number): boolean {
  const day = partition === null ? null : parsePartition(partition)!.day
  return day !== null && Math.abs(dayOf(position / 1_000) - day) <= DAY
}

/** Makes lines visible. Rejects with `busy` when a part of an index is not there to do so. */
async function refresh(client: OpenSearchClient, indexes: string): Promise<void> {
  type Refreshed = Pick<Searched, '_shards'>
  const path = `${indexes}/_refresh?ignore_unavailable=true`
  const { _shards } = await client.get<Refreshed>('POST', path, undefined, WRITE_TIMEOUT_MS)
  // A copy that is away need not be refreshed, unless it is the last one.
  const { status } =
    _shards.failed === 0 && _shards.successful === _shards.total
      ? { status: 'green' }
      : await client.get<{ status: string }>('GET', `_cluster/health/${indexes}`)
  if (_shards.failed > 0 || status === 'red') whole({ _shards })
}

/** Deletes by query in a task of the cluster; resolves with how many when it is done and nothing finds them. */
async function purge(client: OpenSearchClient, indexes: string, query: object): Promise<number> {
  const path = `${encodeURI(indexes)}/_delete_by_query?${FOUND}&conflicts=proceed&wait_for_completion=false&refresh=true`
  const { task } = await client.get<{ task: string }>('POST', path, { query }, WRITE_TIMEOUT_MS)
  for (;;) {
    type Task = { completed: boolean; response?: { deleted: number; failures: unknown[] }; error?: { reason?: string } }
    const { completed, response, error } = await client.get<Task>('GET', `_tasks/${task}`)
    if (!completed) {
      await setTimeout(POLL_MS)
      continue
    }
    const failure = error?.reason ?? (response?.failures.length ? JSON.stringify(response.failures[0]) : null)
    if (failure === null) return response?.deleted ?? 0
    const done = response?.deleted ?? 0
    throw new Problem('busy', `The log engine deleted ${done} lines, then failed: ${failure.slice(0, 200)}`)
  }
}
