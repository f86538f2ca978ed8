// Detects the problems of a host: it cannot be reached, or its containers, disks or logs have one.
import type { Text } from '../../card.ts'
import { listContainers } from '../../hosts/containers/containers.ts'
import type { Container, Host } from '../../hosts/host.ts'
import { COLLECT_INTERVAL_MS, FAILURES_UNTIL_DOWN } from '../../hosts/metrics/collector.ts'
import type { State } from '../../state/database.ts'
import type { Finding } from '../finding.ts'
import { detectContainerProblems } from './containers.ts'
import { detectFullDisks } from './full-disk.ts'
import { hostFinding } from './host-finding.ts'
import { detectUnreadableLogs } from './unreadable-log.ts'

/** The detectors whose alerts are resolved when `detectHostProblems` does not report them any more. */
export const HOST_DETECTORS = ['lost-host', 'container', 'full-disk', 'unread-log'] as const

/** The problems of a host at `now`, from what its last collection stored. */
export function detectHostProblems(state: State, host: Host, now: number): Finding[] {
  const containers = listContainers(state, host.id)
  return [
    ...unreachableHost(state, host),
    ...unreachableEngine(state, host, containers, now),
    ...detectContainerProblems(state, host, containers, now),
    ...detectFullDisks(state, host, now),
    ...detectUnreadableLogs(state, host),
  ]
}

function unreachableHost(state: State, host: Host): Finding[] {
  if (host.status !== 'down') return []
  const lastSeen: Text =
    host.lastSeenAt === null
      ? 'It has never been reached.'
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
        lines: [host.error ?? `It did not answer ${FAILURES_UNTIL_DOWN} times in a row.`, lastSeen],
      },
      { role: 'host-down' },
    ),
  ]
}

/** A host that answers while its container engine has failed for several rounds; an engine that never answered is not reported. */
function unreachableEngine(state: State, host: Host, containers: readonly Container[], now: number): Finding[] {
  const seenAt = containers[0]?.seenAt
  if (host.status !== 'up' || host.engineError === null || seenAt === undefined) return []
  if (now - seenAt < FAILURES_UNTIL_DOWN * COLLECT_INTERVAL_MS) return []
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
