// Shows a host: its card fields, its line in lists, and its machine-readable result.
import { z } from 'zod'
import { formatBytes } from '../../src/bytes.ts'
import type { Field, Row, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { type Host, writeAddress } from '../../src/hosts/host.ts'
import { readHost } from '../../src/hosts/hosts.ts'
import { listSeriesNames, readLastSample } from '../../src/hosts/metrics/samples.ts'
import { loadOrCreateOwnKey, writeInstallCommand } from '../../src/hosts/ssh/own-key.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { isoTime, MINUTE } from '../../src/time.ts'
import type { Context } from '../context.ts'

export const hostName = () => completes(positional(z.string().trim().min(1).max(63)), 'host')

/** A host in the machine-readable form; never its secret. */
export function hostResult({ state }: Context, host: Host) {
  return {
    id: host.id,
    name: host.name,
    local: host.local,
    address: host.local ? null : host.address,
    port: host.local ? null : host.port,
    user: host.local ? null : host.user,
    tags: host.tags,
    project: host.projectId === null ? null : (readProjectById(state, host.projectId)?.name ?? null),
    auth: host.local ? null : host.auth,
    jump: host.jumpId === null ? null : (readHost(state, host.jumpId)?.name ?? null),
    host_key: host.hostKey,
    engine: host.engine,
    enabled: host.enabled,
    status: statusOf(host),
    error: host.error ?? host.engineError,
    last_seen_at: isoTime(host.lastSeenAt),
    added_at: isoTime(host.addedAt),
    added_by: host.addedBy,
  }
}

/** The status for people; `off` is a host that is not watched. */
export function statusOf(host: Host): 'new' | 'up' | 'down' | 'off' {
  return host.enabled ? host.status : 'off'
}

const ICONS = { new: '⚪', up: '🟢', down: '🔴', off: '⏸️' }

/** A host in a list. */
export function hostRow(context: Context, host: Host): Row {
  const graph = { label: 'Graph', line: `hosts graph ${host.name}` }
  const containers = { label: 'Containers', line: `containers list --host ${host.name}` }
  return {
    name: host.name,
    text: hostLine(context, host),
    action: { label: 'Show', line: `hosts show ${host.name}` },
    more: [containers, graph],
  }
}

function hostLine({ state, now }: Context, host: Host): Text {
  const containers = listContainers(state, host.id)
  const running = containers.filter(container => container.state === 'running').length
  const usage = describeUsage(state, host, now)
  return [
    `${ICONS[statusOf(host)]} `,
    { bold: host.name },
    ` · ${statusOf(host)} · ${host.local ? 'this machine' : writeAddress(host)}`,
    containers.length > 0 ? ` · ${running} of ${plural(containers.length, 'container')} running` : '',
    usage === '' ? '' : ` · ${usage}`,
    ...(host.tags.length > 0 ? [` · ${host.tags.join(' ')}`] : []),
    ...(host.error === null ? [] : [` · ${host.error}`]),
  ]
}

/** The fields of the card of a host. */
export function hostFields(context: Context, host: Host): Field[] {
  const { state, now } = context
  const jump = host.jumpId === null ? undefined : readHost(state, host.jumpId)
  const usage = describeUsage(state, host, now)
  const fields: (Field | null)[] = [
    { name: 'Address', value: host.local ? 'this machine' : [{ code: writeAddress(host) }], inline: true },
    jump ? { name: 'Jump host', value: jump.name, inline: true } : null,
    host.local ? null : { name: 'Signs in with', value: AUTH_NAMES[host.auth], inline: true },
    host.engine === null ? null : { name: 'Container engine', value: host.engine, inline: true },
    host.tags.length > 0 ? { name: 'Tags', value: host.tags.join(' '), inline: true } : null,
    host.projectId === null
      ? null
      : { name: 'Project', value: readProjectById(state, host.projectId)?.name ?? 'none', inline: true },
    host.lastSeenAt === null
      ? null
      : { name: 'Last seen', value: [{ time: host.lastSeenAt, style: 'relative' }], inline: true },
    usage === '' ? null : { name: 'Usage', value: usage },
    ...diskFields(context, host),
    host.hostKey === null ? null : { name: 'Host key', value: [{ code: host.hostKey }] },
  ]
  return fields.filter(field => field !== null)
}

/** The code block with the line that allows Vakt's key on a host. */
export function installCodeBlock({ state, vault }: Context, isJumpHost = false) {
  return { text: writeInstallCommand(loadOrCreateOwnKey(state, vault).publicKey, isJumpHost), language: 'sh' }
}

const AUTH_NAMES = { own: "Vakt's own key", key: 'a private key', password: 'a password', agent: 'the SSH agent' }
const MAX_SAMPLE_AGE_MS = 2 * MINUTE

/** The current CPU, memory and load, empty without a recent sample. */
function describeUsage(state: Context['state'], host: Host, now: number): string {
  const sample = readLastSample(state, host.id, 'host', '', now - MAX_SAMPLE_AGE_MS)
  if (!sample) return ''
  const parts = [
    sample.cpu === null ? '' : `CPU ${Math.round(sample.cpu)} %`,
    sample.memory === null || !sample.memoryLimit
      ? ''
      : `memory ${Math.round((sample.memory / sample.memoryLimit) * 100)} % of ${formatBytes(sample.memoryLimit)}`,
    sample.load === null ? '' : `load ${sample.load.toFixed(2)}`,
  ]
  return parts.filter(part => part !== '').join(', ')
}

function diskFields({ state, now }: Context, host: Host): Field[] {
  return listSeriesNames(state, host.id, 'disk', now - MAX_SAMPLE_AGE_MS).flatMap(mount => {
    const sample = readLastSample(state, host.id, 'disk', mount, now - MAX_SAMPLE_AGE_MS)
    if (!sample?.size || sample.used === null) return []
    const percent = Math.round((sample.used / sample.size) * 100)
    return [{ name: `Disk ${mount}`, value: `${percent} % of ${formatBytes(sample.size)}`, inline: true }]
  })
}
