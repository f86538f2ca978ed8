// How full the disks of the nodes are against the watermarks of the cluster, and whether it has room for more shards.
// https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/cluster-settings/
import { formatBytes, parseSize } from '../../../../bytes.ts'
import { type Diagnosis, fails, isWell, warns } from '../../../../diagnosis.ts'
import { plural } from '../../../../text.ts'
import type { OpenSearchOptions } from '../options.ts'
import { type Ask, may, PART } from './ask.ts'

const LEVELS = ['flood_stage', 'high', 'low'] as const
const DEFAULTS: { [level in (typeof LEVELS)[number]]: string } = { low: '85%', high: '90%', flood_stage: '95%' }
const WATERMARK = 'cluster.routing.allocation.disk.watermark.'
const MAX_SHARDS = 'cluster.max_shards_per_node'
/** From this share of its shards on, a cluster is reported. */
const SHARDS_WARNING = 0.9

type Settings = { [name: string]: unknown }
type Disk = { node: string; 'disk.avail': string | null; 'disk.total': string | null }

/** Examines the disks of all data nodes. */
export async function diagnoseDisks(ask: Ask, _: OpenSearchOptions): Promise<Diagnosis[]> {
  const [settings, disks, health] = [
    await ask('GET', '_cluster/settings?include_defaults=true&flat_settings=true'),
    await ask('GET', '_cat/allocation?format=json&bytes=b&h=node,disk.avail,disk.total'),
    await ask('GET', '_cluster/health'),
  ]
  const denied = may(disks, 'ask for the disks of the nodes', 'cluster:monitor/*')
  if (denied) return [denied]
  const { defaults = {}, persistent = {}, transient = {} } = (settings.status < 300 ? settings.body : {}) as Settings
  const setting = (name: string) => [transient, persistent, defaults].map(own => (own as Settings)[name]).find(Boolean)
  const found = (disks.body as Disk[]).flatMap(disk => diagnoseDisk(disk, name => setting(WATERMARK + name)))
  return [...found, ...diagnoseShards(health.body, Number(setting(MAX_SHARDS) ?? Number.NaN))]
}

function diagnoseDisk(disk: Disk, watermark: (level: string) => unknown): Diagnosis[] {
  const [free, total] = [Number(disk['disk.avail']), Number(disk['disk.total'])]
  // Shards without a node are in that list, too.
  if (disk['disk.total'] === null || !(total > 0)) return []
  const level = LEVELS.find(own => free < leastFree(String(watermark(own) ?? DEFAULTS[own]), total))
  const about = `The disk of ${disk.node} has ${formatBytes(free)} of ${formatBytes(total)} left`
  if (level === undefined) return [isWell(PART, `${about}.`)]
  const remedy = 'Make room there, add a node, or lower LOG_DISK_BUDGET or RETENTION, by which Vakt drops old days.'
  const [at, name] = [String(watermark(level) ?? DEFAULTS[level]), level.replace('_', ' ')]
  if (level === 'flood_stage')
    return [fails(PART, `${about}, beyond the ${name} watermark (${at}): its indexes take no lines.`, remedy)]
  const effect = level === 'high' ? 'shards are moved away' : 'it gets no more shards'
  return [warns(PART, `${about}, beyond the ${name} watermark (${at}): ${effect}.`, remedy)]
}

/** The least free bytes that a watermark allows: `85%` and `0.85` are of what is used, `10gb` is free. */
function leastFree(watermark: string, total: number): number {
  const percent = /^([\d.]+)%$/.exec(watermark)?.[1]
  if (percent !== undefined) return total * (1 - Number(percent) / 100)
  if (/^0?\.\d+$/.test(watermark)) return total * (1 - Number(watermark))
  return parseSize(watermark.replace(/b$/i, 'iB')) ?? 0
}

function diagnoseShards(health: unknown, perNode: number): Diagnosis[] {
  const { active_shards: shards = 0, number_of_data_nodes: nodes = 0 } = (health ?? {}) as {
    active_shards?: number
    number_of_data_nodes?: number
  }
  const limit = perNode * nodes
  if (!(limit > 0) || shards < SHARDS_WARNING * limit) return []
  return [
    warns(
      PART,
      `The cluster has ${plural(shards, 'shard')} of at most ${limit}: soon no index of a new day can be made.`,
      `Add a node, raise ${MAX_SHARDS}, or keep lines for a shorter time.`,
    ),
  ]
}
