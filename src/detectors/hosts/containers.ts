// Detects containers that died, restart in a loop, or are unhealthy.
import type { Text } from '../../card.ts'
import type { Container, Host } from '../../hosts/host.ts'
import { readSamples } from '../../hosts/metrics/samples.ts'
import type { State } from '../../state/database.ts'
import { formatDuration, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { hostFinding } from './host-finding.ts'

/** This many restarts within the window are a loop. */
const LOOP_RESTARTS = 3
const LOOP_WINDOW_MS = 10 * MINUTE

/** The problems of a host's containers at `now`. A container that restarts in a loop is not also reported as dead. */
export function detectContainerProblems(
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
    ? 'It was killed because it exceeded its memory limit.'
    : (EXITS[container.exitCode ?? -1] ?? 'It exited by itself.')
  return [
    finding(state, host, container, 'died', {
      severity: 'critical',
      title: `${container.name} on ${host.name} died with exit status ${container.exitCode ?? 'unknown'}`,
      since: container.diedAt,
      lines: [
        why,
        ['It ran until ', { time: container.diedAt, style: 'moment' }, `; its image is ${container.image}.`],
      ],
    }),
  ]
}

const EXITS: Record<number, string> = {
  126: 'Its command is not executable.',
  127: 'Its command was not found.',
  137: 'It was killed (SIGKILL): by a person, or because memory ran out.',
  139: 'It crashed (SIGSEGV).',
}

function restartLoop(state: State, host: Host, container: Container, now: number): Finding[] {
  // Most containers never restart: their samples are not read.
  if (container.restarts < LOOP_RESTARTS) return []
  const span = { from: now - LOOP_WINDOW_MS, until: now, now }
  const counts = readSamples(state, host.id, 'container', container.name, span).filter(
    sample => sample.restarts !== null,
  )
  const first = counts[0]
  if (!first) return []
  const restarts = container.restarts - first.restarts!
  if (restarts < LOOP_RESTARTS) return []
  const began = counts.find(sample => sample.restarts! > first.restarts!)
  return [
    finding(state, host, container, 'loop', {
      severity: 'critical',
      title: `${container.name} on ${host.name} restarts in a loop`,
      since: began?.at ?? now,
      isSinceEstimated: true,
      lines: [
        `It restarted ${restarts} times in the last ${formatDuration(LOOP_WINDOW_MS)}, ${container.restarts} times since Vakt has known it.`,
        ...(container.exitCode ? [`Its last exit status was ${container.exitCode}.`] : []),
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
      lines: ['It is running, but its health check fails.'],
    }),
  ]
}

function finding(
  state: State,
  host: Host,
  container: Container,
  what: string,
  problem: Pick<Finding, 'severity' | 'title' | 'since' | 'isSinceEstimated'> & { lines: Text[] },
): Finding {
  const key = `container:${host.id}:${container.name}:${what}`
  const output = { label: 'Output', line: `containers tail ${host.name}/${container.name}` }
  return hostFinding(
    state,
    host,
    { ...problem, key, detector: 'container', buttons: [output] },
    { container: container.name },
  )
}
