// The driver of OpenSearch, and of what speaks the same part of its REST interface.
import { Problem } from '../../../problem.ts'
import { expiryOf, parsePartition } from '../../embedded/partitions/partition-name.ts'
import { LEVELS, type LogLine } from '../../line.ts'
import { foldCase } from '../../query/wildcard.ts'
import type { EngineDriver, EngineFacts, EnginePartition, EngineScope, Timed } from '../driver.ts'
import { keyOf } from '../merge.ts'
import { putLines } from './bulk.ts'
import { OpenSearchClient } from './client.ts'
import { compile } from './compile.ts'
import { folded } from './document.ts'
import { indexBody, indexNames, LAYOUT } from './indexes.ts'
import type { OpenSearchOptions } from './options.ts'

/** What a search may return at once (`index.max_result_window`). */
const MAX_PAGE = 10_000
const MAX_VALUES = 10_000
/** Completion offers the values of this many partitions, the latest ones. */
const RECENT_PARTITIONS = 14
const WRITE_TIMEOUT_MS = 60_000
const ANSWER_MARGIN_MS = 5_000
const POLL_MS = 200
const FOUND = 'ignore_unavailable=true&allow_no_indices=true'

type Hits = { hits: { total?: { value: number }; hits: { _source: { l: string } }[] } }
type Searched = Hits & {
  timed_out: boolean
  _shards: { total: number; successful: number; skipped?: number; failed: number; failures?: { reason?: object }[] }
  aggregations?: { [name: string]: { buckets: Bucket[] } }
  error?: { reason?: string }
}
type Bucket = { key: string | number; doc_count: number; [sub: string]: unknown }
type Sub = { value: number | null; buckets: Bucket[] }

/** Opens the driver; nothing is asked of the cluster before the first call. */
export function openDriver(options: OpenSearchOptions): EngineDriver {
  const client = new OpenSearchClient(options)
  const names = indexNames(options.prefix)
  let preparing: Promise<void> | null = null

  /** The template makes each index as it is needed. */
  const prepare = () => {
    preparing ??= putTemplate(client, options).catch(error => {
      preparing = null
      throw error
    })
    return preparing
  }

  const search = async (body: object, indexes = names.all, timeoutMs?: number): Promise<Searched> => {
    const path = `${encodeURI(indexes)}/_search?${FOUND}`
    const found = await client.get<Searched>('POST', path, body, httpTimeout(timeoutMs))
    return whole(found)
  }

  const timed = async <T>(body: object, timeoutMs: number, read: (found: Searched) => T): Promise<Timed<T>> => {
    const found = await search({ ...body, ...timeoutOf(timeoutMs) }, names.all, timeoutMs)
    return found.timed_out ? { isTimedOut: true } : { answer: read(found) }
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
    async refresh(partitions) {
      const indexes = partitions.map(names.ofPartition).join(',')
      whole(
        await client.get<Searched>('POST', `${indexes}/_refresh?ignore_unavailable=true`, undefined, WRITE_TIMEOUT_MS),
      )
    },
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
      const head = JSON.stringify({ index: names.all, ignore_unavailable: true, allow_no_indices: true })
      const bodies = values.map(value => {
        const term = field === 'level' ? { lv: (LEVELS as readonly string[]).indexOf(value) } : { [field]: value }
        const query = { bool: { filter: [queryOf(scope), { term }] } }
        return JSON.stringify({ size: 1, track_total_hits: false, sort: [{ t: 'desc' }, { pos: 'desc' }], query })
      })
      const text = bodies.map(body => `${head}\n${body}\n`).join('')
      const { responses } = await client.get<{ responses: Searched[] }>('POST', '_msearch', text)
      return responses.map(found => linesOf(whole(found))[0] ?? null)
    },
    async values(field, prefix, upTo) {
      const rows = await client.get<{ index: string }[]>(
        'GET',
        `_cat/indices/${names.all}?format=json&h=index&${FOUND}`,
      )
      const recent = rows
        .map(({ index }) => index)
        .sort()
        .slice(-RECENT_PARTITIONS)
      if (recent.length === 0) return []
      const filter = { prefix: { [`f_${field}`]: { value: folded(prefix) } } }
      const query = queryOf({ filter: prefix === '' ? { match_all: {} } : filter, from: null, until: null, upTo })
      const aggs = { found: { terms: { field, size: MAX_VALUES } } }
      const found = await search({ size: 0, query, aggs }, recent.join(','))
      const values = bucketsOf(found, 'found').map(({ key }) => String(key))
      return values.filter(value => foldCase(value).startsWith(foldCase(prefix)))
    },
    async read(id) {
      const found = await search({ size: 1, query: { ids: { values: [id] } } })
      return linesOf(found)[0] ?? null
    },
    async stored(after, upTo, limit, partition) {
      const query = { range: { pos: { gt: after, lte: upTo } } }
      const body = { size: Math.min(limit, MAX_PAGE), track_total_hits: false, sort: [{ pos: 'asc' }], query }
      const indexes =
        partition === null ? names.all : `${names.ofPartition(partition)},${names.aliasOfRestore(partition)}`
      return linesOf(await search(body, indexes))
    },
    purge: (scope, after) =>
      purge(client, names.all, { bool: { filter: [queryOf(scope), { range: { pos: { gt: after } } }] } }),
    remove: ids => purge(client, names.all, { ids: { values: ids } }),
    partitions: () => readPartitions(client, names),
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
          await putLines(
            client,
            chunk.map(line => ({ index, line, position: keyOf(line).position })),
          )
          lines += chunk.length
          for (const { timestamp } of chunk) until = Math.max(until, timestamp)
        }
        whole(await client.get<Searched>('POST', `${index}/_refresh`, undefined, WRITE_TIMEOUT_MS))
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

function linesOf({ hits }: Hits): LogLine[] {
  return hits.hits.map(({ _source }) => JSON.parse(_source.l) as LogLine)
}

function bucketsOf({ aggregations }: Searched, name: string): Bucket[] {
  return aggregations?.[name]?.buckets ?? []
}

function nameOf(key: string | number, field: string): string {
  return field === 'level' ? LEVELS[Number(key)]! : String(key)
}

/** An answer of every shard; rejects with `busy` when one failed, for then lines are missing. */
function whole<T extends Searched>(found: T): T {
  const { failed, failures } = found._shards ?? { failed: 1, failures: [found.error] }
  if (failed === 0) return found
  const reason = JSON.stringify(failures?.[0]?.reason ?? found.error ?? 'without a reason').slice(0, 200)
  throw new Problem('busy', `A part of the log engine does not answer: ${reason}`, { retryAfterMs: ANSWER_MARGIN_MS })
}

function timeoutOf(timeoutMs: number): { timeout?: string } {
  return Number.isFinite(timeoutMs) ? { timeout: `${Math.ceil(timeoutMs)}ms` } : {}
}

function httpTimeout(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return undefined
  return Number.isFinite(timeoutMs) ? timeoutMs + ANSWER_MARGIN_MS : WRITE_TIMEOUT_MS
}

/** Deletes by query in a task of the cluster; resolves with how many when it is done and nothing finds them. */
async function purge(client: OpenSearchClient, indexes: string, query: object): Promise<number> {
  const path = `${encodeURI(indexes)}/_delete_by_query?${FOUND}&conflicts=proceed&wait_for_completion=false&refresh=true`
  const { task } = await client.get<{ task: string }>('POST', path, { query }, WRITE_TIMEOUT_MS)
  for (;;) {
    type Task = { completed: boolean; response?: { deleted: number; failures: unknown[] }; error?: { reason?: string } }
    const { completed, response, error } = await client.get<Task>('GET', `_tasks/${task}`)
    if (!completed) {
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
      continue
    }
    const failure = error?.reason ?? (response?.failures.length ? JSON.stringify(response.failures[0]) : null)
    if (failure === null) return response?.deleted ?? 0
    const done = response?.deleted ?? 0
    throw new Problem('busy', `The log engine deleted ${done} lines, then failed: ${failure.slice(0, 200)}`)
  }
}

async function putTemplate(client: OpenSearchClient, options: OpenSearchOptions): Promise<void> {
  const template = { index_patterns: [`${options.prefix}-2*`], priority: 500, template: indexBody(options) }
  await client.get('PUT', `_index_template/${options.prefix}-lines`, template)
}

/** What the cluster says of itself. Rejects with `invalid` when it cannot be used. */
async function readFacts(client: OpenSearchClient, options: OpenSearchOptions): Promise<EngineFacts> {
  type Root = { cluster_uuid: string; version: { number: string; distribution?: string } }
  const root = await client.get<Root>('GET', '')
  const { number, distribution = 'elasticsearch' } = root.version ?? { number: '0' }
  const name = distribution === 'opensearch' ? 'OpenSearch' : 'Elasticsearch'
  const oldest = distribution === 'opensearch' ? 2 : 8
  if (Number.parseInt(number, 10) < oldest)
    throw new Problem('invalid', `LOG_ENGINE is ${name} ${number}; Vakt needs ${name} ${oldest} or newer.`)
  await refuseForeign(client, options)
  type Health = { status: string; number_of_data_nodes: number }
  const health = await client.get<Health>('GET', '_cluster/health')
  const warnings: string[] = []
  if (options.replicas === 0)
    warnings.push('The log engine keeps one copy of each line: with its disk, lines are lost. Set LOG_ENGINE_REPLICAS.')
  else if (health.number_of_data_nodes <= options.replicas)
    warnings.push(`The log engine has ${health.number_of_data_nodes} nodes, too few for LOG_ENGINE_REPLICAS copies.`)
  return {
    identity: `${root.cluster_uuid} ${options.prefix}`,
    version: `${name} ${number}`,
    nodes: health.number_of_data_nodes,
    health: health.status,
    warnings,
  }
}

/** Another program's indexes under the prefix, or those of another version of Vakt, are left alone. */
async function refuseForeign(client: OpenSearchClient, { prefix }: OpenSearchOptions): Promise<void> {
  type Mappings = Record<string, { mappings: { _meta?: { vakt?: number } } }>
  const { withUnfinished } = indexNames(prefix)
  const path = `${withUnfinished}/_mapping?${FOUND}&filter_path=*.mappings._meta`
  const found = (await client.get<Mappings | null>('GET', path)) ?? {}
  const listed = await client.get<{ index: string }[]>(
    'GET',
    `_cat/indices/${withUnfinished}?format=json&h=index&${FOUND}`,
  )
  for (const { index } of listed)
    if (found[index]?.mappings._meta?.vakt !== LAYOUT)
      throw new Problem(
        'invalid',
        `The index ${index} of the log engine is not of this version of Vakt. Set LOG_ENGINE_PREFIX to another name.`,
      )
}

async function readPartitions(
  client: OpenSearchClient,
  names: ReturnType<typeof indexNames>,
): Promise<readonly EnginePartition[]> {
  type Row = { index: string; health: string; 'docs.count': string | null; 'store.size': string | null }
  const columns = 'index,health,docs.count,store.size'
  const rows = await client.get<Row[]>('GET', `_cat/indices/${names.all}?format=json&bytes=b&h=${columns}&${FOUND}`)
  if (rows.length === 0) return []
  const healthy = rows.filter(({ health }) => health !== 'red').map(({ index }) => index)
  const edge = (kind: 'min' | 'max', field: string) => ({ [kind]: { field } })
  const edges = {
    from: edge('min', 't'),
    until: edge('max', 't'),
    first: edge('min', 'pos'),
    last: edge('max', 'pos'),
  }
  const aggs = { days: { terms: { field: '_index', size: MAX_VALUES }, aggs: edges } }
  const path = `${healthy.join(',')}/_search?${FOUND}&request_cache=true`
  const searched =
    healthy.length === 0
      ? null
      : whole(await client.get<Searched>('POST', path, { size: 0, track_total_hits: false, aggs }))
  const days = new Map((searched ? bucketsOf(searched, 'days') : []).map(bucket => [String(bucket.key), bucket]))
  const expiries = await readExpiries(client, names)
  return rows.flatMap(({ index, health, ...row }) => {
    const name = names.partitionOf(index)
    if (name === null) return []
    const day = days.get(index)
    const value = (of: string) => (day?.[of] as Sub | undefined)?.value ?? null
    return {
      name,
      lines: day?.doc_count ?? Number(row['docs.count'] ?? 0),
      bytes: Number(row['store.size'] ?? 0),
      from: value('from'),
      until: value('until'),
      firstPosition: value('first') ?? 0,
      lastPosition: value('last') ?? 0,
      expiresAt: expiries.get(index) ?? expiryOf(parsePartition(name)!),
      damage:
        health === 'red' ? `The index ${index} of the log engine is red: no copy of a part of it is there.` : null,
    }
  })
}

/** When restored indexes expire. */
async function readExpiries(
  client: OpenSearchClient,
  names: ReturnType<typeof indexNames>,
): Promise<Map<string, number>> {
  type Mappings = Record<string, { mappings: { _meta?: { expires_at?: number } } }>
  const path = `${names.aliasOfRestore('*')}/_mapping?${FOUND}&filter_path=*.mappings._meta`
  const found = (await client.get<Mappings | null>('GET', path)) ?? {}
  return new Map(
    Object.entries(found).flatMap(([index, { mappings }]) => {
      const at = mappings._meta?.expires_at
      return at === undefined ? [] : [[index, at] as const]
    }),
  )
}
