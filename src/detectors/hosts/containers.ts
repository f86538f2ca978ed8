// Finds containers that died, restart again and again, or say that they are unhealthy.
import type { Text } from '../../card.ts'
import type { Container, Host } from '../../hosts/host.ts'
import { readSamples } from '../../hosts/metrics/samples.ts'
import type { State } from '../../state/database.ts'
import { formatDuration, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { hostFinding } from './host-finding.ts'

/** So many restarts within so long are a loop. */
const LOOP_RESTARTS = 3
const LOOP_WITHIN = 10 * MINUTE

/** What is wrong with the containers of a host. One that restarts in a loop is not also told of as dead. */
export function findContainerTrouble(
  state: State,
  host: Host,
  containers: readonly Container[],
  now: number,
): Finding[] {
  return containers.flatMap(container => {
    const looping = restartLoop(state, host, container, now)
    const dead = looping.length > 0 ? [] : died(state, host, container)
    return [...looping, ...dead, ...unhealthy(state, host, container)]
  })
}

function died(state: State, host: Host, container: Container): Finding[] {
  if (container.diedAt === null) return []
  const why = container.oomKilled
    ? 'It was killed because it used more memory than it may.'
    : (EXITS[container.exitCode ?? -1] ?? 'It ended by itself.')
  return [
    finding(state, host, container, 'died', {
      severity: 'critical',
      title: `${container.name} on ${host.name} died with exit status ${container.exitCode ?? 'unknown'}`,
      since: container.diedAt,
      lines: [why, ['It ran until ', { time: container.diedAt, style: 'moment' }, ` as ${container.image}.`]],
    }),
  ]
}

const EXITS: Record<number, string> = {
  126: 'Its command may not be executed.',
  127: 'Its command was not found.',
  137: 'It was killed (SIGKILL): by somebody, or because memory ran out.',
  139: 'It crashed (SIGSEGV).',
}

function restartLoop(state: State, host: Host, container: Container, now: number): Finding[] {
  // Most never restart, and are not looked at further.
  if (container.restarts < LOOP_RESTARTS) return []
  const span = { from: now - LOOP_WITHIN, until: now, now }
  const counts = readSamples(state, host.id, 'container', container.name, span).filter(one => one.restarts !== null)
  const first = counts[0]
  if (!first) return []
  const restarts = container.restarts - first.restarts!
  if (restarts < LOOP_RESTARTS) return []
  const began = counts.find(one => one.restarts! > first.restarts!)
  return [
    finding(state, host, container, 'loop', {
      severity: 'critical',
      title: `${container.name} on ${host.name} restarts in a loop`,
      since: began?.at ?? now,
      isSinceEstimated: true,
      lines: [
        `It restarted ${restarts} times in the last ${formatDuration(LOOP_WITHIN)}, ${container.restarts} times since Vakt knows it.`,
        ...(container.exitCode ? [`It last ended with exit status ${container.exitCode}.`] : []),
      ],
    }),
  ]
}

function unhealthy(state: State, host: Host, container: Container): Finding[] {
  if (container.unhealthySince === null || container.state !== 'running') return []
  return [
    finding(state, host, container, 'unhealthy', {
      severity: 'warning',
      title: `${container.name} on ${host.name} is unhealthy`,
      since: container.unhealthySince,
      lines: ['It runs, and its own health check fails.'],
    }),
  ]
}

function finding(
  state: State,
  host: Host,
  container: Container,
  what: string,
  says: Pick<Finding, 'severity' | 'title' | 'since' | 'isSinceEstimated'> & { lines: Text[] },
): Finding {
  const key = `container:${host.id}:${container.name}:${what}`
  const look: Text = ['What it said: ', { code: `containers tail ${host.name}/${container.name}` }]
  return hostFinding(
    state,
    host,
    { ...says, key, detector: 'container', lines: [...says.lines, look] },
    { container: container.name },
  )
}
