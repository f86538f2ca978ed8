// What the cluster says of itself, and whether Vakt can use it.
import { Problem } from '../../../problem.ts'
import type { EngineFacts } from '../driver.ts'
import type { OpenSearchClient } from './client.ts'
import { FOUND, indexBody, indexNames, LAYOUT, templateName } from './indexes.ts'
import type { OpenSearchOptions } from './options.ts'

/** The template makes each index as it is needed. */
export async function putTemplate(client: OpenSearchClient, options: OpenSearchOptions): Promise<void> {
  const template = { index_patterns: [`${options.prefix}-2*`], priority: 500, template: indexBody(options) }
  await client.get('PUT', `_index_template/${templateName(options.prefix)}`, template)
}

/** What a node says of itself. */
export type Root = { cluster_uuid: string; version: { number: string; distribution?: string } }

/** Whether a node answered who it is; one that knows no cluster yet has no identity (`_na_`). */
function isRoot(root: Partial<Root> | null): root is Root {
  return typeof root?.cluster_uuid === 'string' && root.cluster_uuid !== '_na_'
}

/** The version for people, and why Vakt cannot use it; null when it can. */
export function versionOf(root: Root): { version: string; fault: string | null } {
  const { number, distribution = 'elasticsearch' } = root.version ?? { number: '0' }
  const name = distribution === 'opensearch' ? 'OpenSearch' : 'Elasticsearch'
  const oldest = distribution === 'opensearch' ? 2 : 8
  const isTooOld = Number.parseInt(number, 10) < oldest
  const fault = isTooOld ? `LOG_ENGINE is ${name} ${number}; Vakt needs ${name} ${oldest} or newer.` : null
  return { version: `${name} ${number}`, fault }
}

/** What the cluster says of itself. Rejects with `invalid` when it cannot be used. */
export async function readFacts(client: OpenSearchClient, options: OpenSearchOptions): Promise<EngineFacts> {
  const root = await client.get<Partial<Root> | null>('GET', '')
  if (!isRoot(root))
    throw new Problem(
      'busy',
      'The log engine answers, but not as OpenSearch does. Compare LOG_ENGINE with its address.',
    )
  const { version, fault } = versionOf(root)
  if (fault !== null) throw new Problem('invalid', fault)
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
    version,
    nodes: health.number_of_data_nodes,
    health: health.status,
    warnings,
  }
}

/** Another program's indexes under the prefix, or those of another version of Vakt, are left alone. */
export async function refuseForeign(client: OpenSearchClient, { prefix }: OpenSearchOptions): Promise<void> {
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
