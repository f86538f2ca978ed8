// Asks a cluster whether Vakt can use it: its nodes, version, health, copies, template, rights and disks, with a remedy for each.
import { type Diagnosis, fails, isWell, warns } from '../../../../diagnosis.ts'
import { errorMessage, plural } from '../../../../text.ts'
import { NodeError, OpenSearchClient, type Reply, reasonOf } from '../client.ts'
import { type Root, refuseForeign, versionOf } from '../facts.ts'
import { FOUND, indexNames } from '../indexes.ts'
import type { OpenSearchOptions } from '../options.ts'
import { type Ask, may, PART } from './ask.ts'
import { diagnoseDisks } from './diagnose-disks.ts'
import { diagnoseRights, diagnoseTemplate } from './diagnose-rights.ts'
import { connectionRemedy, credentialsRemedy } from './remedies.ts'

const TIMEOUT_MS = 10_000
/** Named in a sentence; the others are counted. */
const MAX_NAMED = 3

/** Examines the cluster; changes nothing in it, and never rejects for what it answers. */
export async function diagnose(options: OpenSearchOptions): Promise<Diagnosis[]> {
  const client = new OpenSearchClient(options)
  try {
    const nodes = await Promise.all(client.nodes.map(url => askNode(client, url, options)))
    const first = nodes.find(node => 'root' in node)
    const faults = nodes.flatMap(node => ('root' in node ? [] : [node]))
    if (!first) return faults.map(({ text, remedy }) => fails(PART, text, remedy))
    const away = faults.map(({ text, remedy }) => warns(PART, `${text} The others answer.`, remedy))
    const clusters = new Set(nodes.flatMap(node => ('root' in node ? [node.root.cluster_uuid] : [])))
    if (clusters.size > 1)
      return [
        ...away,
        fails(PART, 'The nodes of LOG_ENGINE are of several clusters.', 'Name the nodes of one cluster.'),
      ]
    const { version, fault } = versionOf(first.root)
    if (fault !== null) return [...away, fails(PART, fault, 'Upgrade the cluster, or use another one.')]
    const ask: Ask = (method, path, body) => client.ask(first.url, method, path, body, TIMEOUT_MS)
    const parts = [
      diagnoseHealth(ask, version, options),
      diagnoseTemplate(ask, options),
      diagnoseForeign(client, options),
      diagnoseRights(ask, options),
      diagnoseDisks(ask, options),
    ]
    const found = await Promise.all(parts.map(part => part.catch(failed)))
    return [...away, ...found.flat()]
  } finally {
    client.close()
  }
}

function failed(error: unknown): Diagnosis[] {
  return [fails(PART, `${errorMessage(error)}.`, 'Look into the log of the cluster, then run "doctor" again.')]
}

type Node = { url: URL; root: Root } | { text: string; remedy: string }

async function askNode(client: OpenSearchClient, url: URL, options: OpenSearchOptions): Promise<Node> {
  let reply: Reply
  try {
    reply = await client.ask(url, 'GET', '', undefined, TIMEOUT_MS)
  } catch (error) {
    if (!(error instanceof NodeError)) throw error
    return { text: `The node ${error.message}.`, remedy: connectionRemedy(error.cause, url) }
  }
  const { status, body } = reply
  if (status === 401 || status === 403)
    return {
      text: `The node ${url.host} refuses the credentials (${status}: ${reasonOf(body)}).`,
      remedy: credentialsRemedy(options),
    }
  const root = body as Partial<Root> | null
  if (status === 200 && typeof root?.cluster_uuid === 'string') return { url, root: root as Root }
  return {
    text: `${url.host} does not answer as OpenSearch does (${status}).`,
    remedy: 'LOG_ENGINE must name nodes with their HTTP port, such as https://a.example.org:9200.',
  }
}

async function diagnoseHealth(ask: Ask, version: string, options: OpenSearchOptions): Promise<Diagnosis[]> {
  type Health = { status: string; number_of_data_nodes: number; unassigned_shards: number }
  const reply = await ask('GET', '_cluster/health')
  const denied = may(reply, 'ask for the health of the cluster', 'cluster:monitor/health')
  if (denied) return [denied]
  const { status, number_of_data_nodes: nodes, unassigned_shards: unassigned } = reply.body as Health
  const about = `${version}, ${plural(nodes, 'node')}, ${status}.`
  const copies = diagnoseCopies(nodes, options)
  if (status === 'green') return [isWell(PART, about), ...copies]
  const why = await explanation(ask)
  if (status === 'yellow')
    return [
      warns(
        PART,
        `${about} ${plural(unassigned, 'copy', 'copies')} of shards are not there: the loss of another node may lose lines.${why}`,
        'Start the nodes that are away, or add one.',
      ),
      ...copies,
    ]
  return [await diagnoseRed(ask, about, why, options), ...copies]
}

async function diagnoseRed(ask: Ask, about: string, why: string, { prefix }: OpenSearchOptions): Promise<Diagnosis> {
  const { all } = indexNames(prefix)
  const { body } = await ask('GET', `_cat/indices/${all}?format=json&h=index&health=red&${FOUND}`)
  const red = Array.isArray(body) ? (body as { index: string }[]).map(({ index }) => index) : []
  if (red.length === 0)
    return warns(PART, `${about} None of the indexes of Vakt is red.`, 'Mend the red indexes of other programs.')
  const named = red.slice(0, MAX_NAMED).join(', ')
  const more = red.length > MAX_NAMED ? ` and ${red.length - MAX_NAMED} more` : ''
  return fails(
    PART,
    `${about} No copy of a part of ${named}${more} is there; searches leave ${red.length === 1 ? 'it' : 'them'} out and say so.${why}`,
    'Bring back the node that has it. When its disk is lost, delete the index; "logs restore" brings its lines back from an archive.',
  )
}

/** Why a shard is not assigned, as the cluster explains it; empty when it does not. */
async function explanation(ask: Ask): Promise<string> {
  const { status, body } = await ask('GET', '_cluster/allocation/explain')
  if (status !== 200) return ''
  const { index, allocate_explanation: text } = body as { index?: string; allocate_explanation?: string }
  return text ? ` The cluster says of ${index}: ${text}.`.replace(/\.\.$/, '.') : ''
}

function diagnoseCopies(nodes: number, { replicas }: OpenSearchOptions): Diagnosis[] {
  if (replicas === 0)
    return [
      warns(
        PART,
        'One copy of each line is kept: with the disk of its node, lines are lost.',
        'Set LOG_ENGINE_REPLICAS=1; it counts for the indexes of later days.',
      ),
    ]
  if (nodes > replicas) return []
  return [
    warns(
      PART,
      `${plural(nodes, 'node')} cannot keep ${replicas + 1} copies of each line.`,
      'Add nodes, or lower LOG_ENGINE_REPLICAS.',
    ),
  ]
}

/** Indexes under the prefix that are not of this Vakt. */
async function diagnoseForeign(client: OpenSearchClient, options: OpenSearchOptions): Promise<Diagnosis[]> {
  try {
    await refuseForeign(client, options)
    return []
  } catch (error) {
    return [fails(PART, errorMessage(error), 'A cluster that several programs share needs a prefix for each.')]
  }
}
