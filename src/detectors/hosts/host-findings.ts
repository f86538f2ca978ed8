// Finds that a host cannot be reached, and hands on what is wrong with its containers, disks and logs.
import type { Text } from '../../card.ts'
import { listContainers } from '../../hosts/containers/containers.ts'
import type { Container, Host } from '../../hosts/host.ts'
import { ROUND, ROUNDS_TO_DOWN } from '../../hosts/metrics/collector.ts'
import type { State } from '../../state/database.ts'
import type { Finding } from '../finding.ts'
import { findContainerTrouble } from './containers.ts'
import { findFullDisks } from './full-disk.ts'
import { hostFinding } from './host-finding.ts'
import { findUnreadLogs } from './unreadable-log.ts'

/** The detectors whose alerts end when they find nothing more. */
export const HOST_DETECTORS = ['lost-host', 'container', 'full-disk', 'unread-log'] as const

/** What is wrong with a host, by what the last look at it stored. */
export function findHostTrouble(state: State, host: Host, now: number): Finding[] {
  const containers = listContainers(state, host.id)
  return [
    ...lostHost(state, host),
    ...unseenContainers(state, host, containers, now),
    ...findContainerTrouble(state, host, containers, now),
    ...findFullDisks(state, host, now),
    ...findUnreadLogs(state, host),
  ]
}

function lostHost(state: State, host: Host): Finding[] {
  if (host.status !== 'down') return []
  const seen: Text =
    host.lastSeenAt === null
      ? 'It was never reached.'
      : ['Last seen at ', { time: host.lastSeenAt, style: 'moment' }, '.']
  return [
    hostFinding(
      state,
      host,
      {
        key: `host:${host.id}`,
        detector: 'lost-host',
        severity: 'critical',
        title: `${host.name} cannot be reached`,
        since: host.failingSince ?? host.lastSeenAt ?? host.addedAt,
        lines: [host.error ?? `It did not answer ${ROUNDS_TO_DOWN} times in a row.`, seen],
      },
      { role: 'host-down' },
    ),
  ]
}

/** A host that answers, whose engine has not for several rounds; one that never listed any is left to whoever added it. */
function unseenContainers(state: State, host: Host, containers: readonly Container[], now: number): Finding[] {
  const seenAt = containers[0]?.seenAt
  if (host.status !== 'up' || host.engineError === null || seenAt === undefined) return []
  if (now - seenAt < ROUNDS_TO_DOWN * ROUND) return []
  return [
    hostFinding(state, host, {
      key: `host:${host.id}:engine`,
      detector: 'container',
      severity: 'critical',
      title: `The containers of ${host.name} cannot be seen`,
      since: seenAt,
      lines: [host.engineError, ['Last seen at ', { time: seenAt, style: 'moment' }, '.']],
    }),
  ]
}
