// How a host looks in chat and to scripts, and what the commands about hosts share.
import { z } from 'zod'
import { writeSize } from '../../src/bytes.ts'
import type { Field, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { type Host, writeAddress } from '../../src/hosts/host.ts'
import { readHost } from '../../src/hosts/hosts.ts'
import { lastSample, seriesNames } from '../../src/hosts/metrics/samples.ts'
import { installLine, ownKey } from '../../src/hosts/ssh/own-key.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { isoTime, MINUTE } from '../../src/time.ts'
import type { Context } from '../context.ts'

export const hostName = () => completes(positional(z.string().trim().min(1).max(63)), 'host')

/** What scripts are told of a host; never its secret. */
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
    status: shownStatus(host),
    error: host.error ?? host.engineError,
    last_seen_at: isoTime(host.lastSeenAt),
    added_at: isoTime(host.addedAt),
    added_by: host.addedBy,
  }
}

/** The status as people read it. */
export function shownStatus(host: Host): 'new' | 'up' | 'down' | 'off' {
  return host.enabled ? host.status : 'off'
}

const ICONS = { new: '⚪', up: '🟢', down: '🔴', off: '⏸️' }

/** A host as one line of a list. */
export function hostLine({ state, now }: Context, host: Host): Text {
  const total = listContainers(state, host.id)
  const running = total.filter(one => one.state === 'running').length
  const figures = figuresOf(state, host, now)
  return [
    `${ICONS[shownStatus(host)]} `,
    { bold: host.name },
    ` · ${shownStatus(host)} · ${host.local ? 'this machine' : writeAddress(host)}`,
    total.length > 0 ? ` · ${running} of ${total.length} containers run` : '',
    figures === '' ? '' : ` · ${figures}`,
    ...(host.tags.length > 0 ? [` · ${host.tags.join(' ')}`] : []),
    ...(host.error === null ? [] : [` · ${host.error}`]),
  ]
}

/** The fields of a host's own card. */
export function hostFields(context: Context, host: Host): Field[] {
  const { state, now } = context
  const jump = host.jumpId === null ? undefined : readHost(state, host.jumpId)
  const figures = figuresOf(state, host, now)
  const fields: (Field | null)[] = [
    { name: 'Address', value: host.local ? 'this machine' : [{ code: writeAddress(host) }], inline: true },
    jump ? { name: 'Through', value: jump.name, inline: true } : null,
    host.local ? null : { name: 'Signs in with', value: AUTH[host.auth], inline: true },
    host.engine === null ? null : { name: 'Containers by', value: host.engine, inline: true },
    host.tags.length > 0 ? { name: 'Tags', value: host.tags.join(' '), inline: true } : null,
    host.projectId === null
      ? null
      : { name: 'Project', value: readProjectById(state, host.projectId)?.name ?? 'none', inline: true },
    host.lastSeenAt === null
      ? null
      : { name: 'Last seen', value: [{ time: host.lastSeenAt, style: 'relative' }], inline: true },
    figures === '' ? null : { name: 'Now', value: figures },
    ...disksOf(context, host),
    host.hostKey === null ? null : { name: 'Host key', value: [{ code: host.hostKey }] },
  ]
  return fields.filter(field => field !== null)
}

/** The line that lets Vakt in, for cards that tell people to run it. */
export function installCode({ state, vault }: Context, through = false) {
  return { text: installLine(ownKey(state, vault).publicKey, through), language: 'sh' }
}

const AUTH = { own: "Vakt's own key", key: 'a private key', password: 'a password', agent: 'the SSH agent' }
const FRESH = 2 * MINUTE

/** The newest figures, empty when there are none that are still true. */
function figuresOf(state: Context['state'], host: Host, now: number): string {
  const sample = lastSample(state, host.id, 'host', '', now - FRESH)
  if (!sample) return ''
  const parts = [
    sample.cpu === null ? '' : `CPU ${Math.round(sample.cpu)} %`,
    sample.memory === null || !sample.memoryLimit
      ? ''
      : `memory ${Math.round((sample.memory / sample.memoryLimit) * 100)} % of ${writeSize(sample.memoryLimit)}`,
    sample.load === null ? '' : `load ${sample.load.toFixed(2)}`,
  ]
  return parts.filter(part => part !== '').join(', ')
}

function disksOf({ state, now }: Context, host: Host): Field[] {
  return seriesNames(state, host.id, 'disk', now - FRESH).flatMap(mount => {
    const sample = lastSample(state, host.id, 'disk', mount, now - FRESH)
    if (!sample?.size || sample.used === null) return []
    const share = Math.round((sample.used / sample.size) * 100)
    return [{ name: `Disk ${mount}`, value: `${share} % of ${writeSize(sample.size)}`, inline: true }]
  })
}
