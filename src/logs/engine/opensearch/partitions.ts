// Lists the indexes as partitions: their lines, sizes, ages and whether they can be searched.
import { expiryOf, parsePartition } from '../../embedded/partitions/partition-name.ts'
import type { Position } from '../../store.ts'
import type { EnginePartition } from '../driver.ts'
import { bucketsOf, type Searched, type Sub } from './answers.ts'
import type { OpenSearchClient } from './client.ts'
import { FOUND, type IndexNames } from './indexes.ts'
import { type RedIndexes, redMessage } from './red-indexes.ts'

const MAX_PARTITIONS = 10_000

/** The partitions, each with its lines that are stored up to a position. */
export async function readPartitions(
  client: OpenSearchClient,
  names: IndexNames,
  red: RedIndexes,
  upTo: Position,
  search: (body: object) => Promise<Searched>,
): Promise<readonly EnginePartition[]> {
  type Row = { index: string; health: string; 'docs.count': string | null; 'store.size': string | null }
  const columns = 'index,health,docs.count,store.size'
  const rows = await client.get<Row[]>('GET', `_cat/indices/${names.all}?format=json&bytes=b&h=${columns}&${FOUND}`)
  await red.note(rows)
  if (rows.length === 0) return []
  const edge = (kind: 'min' | 'max', field: string) => ({ [kind]: { field } })
  const edges = {
    from: edge('min', 't'),
    until: edge('max', 't'),
    first: edge('min', 'pos'),
    last: edge('max', 'pos'),
  }
  const body = {
    size: 0,
    track_total_hits: false,
    query: { range: { pos: { lte: upTo } } },
    aggs: { days: { terms: { field: '_index', size: MAX_PARTITIONS }, aggs: edges } },
  }
  const searched = await search(body)
  const days = new Map(bucketsOf(searched, 'days').map(bucket => [String(bucket.key), bucket]))
  const expiries = await readExpiries(client, names)
  return rows.flatMap(({ index, ...row }) => {
    const name = names.partitionOf(index)
    if (name === null) return []
    const day = days.get(index)
    const value = (of: string) => (day?.[of] as Sub | undefined)?.value ?? null
    return {
      name,
      lines: day?.doc_count ?? 0,
      bytes: Number(row['store.size'] ?? 0),
      from: value('from'),
      until: value('until'),
      firstPosition: value('first') ?? 0,
      lastPosition: value('last') ?? 0,
      expiresAt: expiries.get(index) ?? expiryOf(parsePartition(name)!),
      damage: red.indexes.includes(index) ? redMessage(index) : null,
    }
  })
}

/** When restored indexes expire. */
async function readExpiries(client: OpenSearchClient, names: IndexNames): Promise<Map<string, number>> {
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
