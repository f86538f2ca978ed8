// Reads what a board shows from the state.
import { countOpenAlerts, listAlerts } from '../../alerts/alerts.ts'
import { SHOWN_STATUSES, type ShownStatus } from '../../checks/check.ts'
import { countByShownStatus, countChecks, listChecks } from '../../checks/checks.ts'
import type { Host } from '../../hosts/host.ts'
import { listHosts } from '../../hosts/hosts.ts'
import { readLastSample } from '../../hosts/metrics/samples.ts'
import { countErrorLines, startOfMinute } from '../../logs/counters.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { HOUR, MINUTE } from '../../time.ts'
import { onCallAt } from '../routing/on-call.ts'
import { listOverrides, listRotations } from '../routing/rotations.ts'
import type { BoardCheck, BoardFacts, BoardHost } from './board.ts'

const MAX_ALERTS = 20
const MAX_CHECKS = 20
const MAX_SAMPLE_AGE_MS = 2 * MINUTE
/** Below this share of the processor or the memory a host is not worth naming. */
const BUSY_PERCENT = 1

/** What the board of a project (null: of all) shows at `now`. `hasLogs`: lines can be stored; `trouble`: see `BoardFacts`. */
export function readBoardFacts(
  state: State,
  projectId: number | null,
  now: number,
  { hasLogs, trouble }: { hasLogs: boolean; trouble: string | null },
): BoardFacts {
  const own = projectId === null ? {} : { projectId }
  const hosts = listHosts(state).filter(host => host.enabled && isOfProject(host, projectId))
  return {
    project: projectId === null ? null : (readProjectById(state, projectId)?.name ?? null),
    alerts: listAlerts(state, { open: true, ungrouped: true, ...own, limit: MAX_ALERTS }),
    ...countOpen(state, projectId),
    checks: projectId === null ? countByShownStatus(state, now) : countOfProject(state, projectId, now),
    worstChecks: worstChecks(state, own, now),
    hosts: hosts.length,
    hostsDown: hosts.filter(({ status }) => status === 'down').length,
    worstHosts: worstHosts(state, hosts, now),
    errors: hasLogs ? errorsOfHour(state, projectId, now) : null,
    onCall: listRotations(state).map(rotation => {
      const { who, until } = onCallAt(rotation, listOverrides(state, rotation, now), now)
      return { rotation: rotation.name, who, until }
    }),
    trouble,
  }
}

const isOfProject = (host: Host, projectId: number | null) =>
  projectId === null || host.projectId === null || host.projectId === projectId

/** Open alerts by severity, and how many of them are acknowledged. */
function countOpen(state: State, projectId: number | null): Pick<BoardFacts, 'open' | 'acknowledged'> {
  const open = { info: 0, warning: 0, critical: 0 }
  let acknowledged = 0
  for (const { severity, state: alertState, count } of countOpenAlerts(state, projectId)) {
    open[severity] += count
    if (alertState === 'acknowledged') acknowledged += count
  }
  return { open, acknowledged }
}

function countOfProject(state: State, projectId: number, now: number): Record<ShownStatus, number> {
  const count = (shown: ShownStatus) => countChecks(state, { projectId, status: { shown, at: now } })
  return Object.fromEntries(SHOWN_STATUSES.map(shown => [shown, count(shown)])) as Record<ShownStatus, number>
}

function worstChecks(state: State, own: { projectId?: number }, now: number): BoardCheck[] {
  return (['down', 'late'] as const).flatMap(status =>
    listChecks(state, { ...own, status: { shown: status, at: now }, limit: MAX_CHECKS }).map(check => ({
      id: check.id,
      name: check.name,
      project: readProjectById(state, check.projectId)?.name ?? '',
      status,
      since: status === 'down' ? (check.missedAt ?? check.lastBeatAt) : check.lateAt,
    })),
  )
}

/** Hosts that are down, then the busiest. */
function worstHosts(state: State, hosts: readonly Host[], now: number): BoardHost[] {
  return hosts
    .map(host => {
      const isDown = host.status === 'down'
      const busy = isDown ? { percent: 0, usage: '' } : usageOf(state, host, now)
      return { name: host.name, isDown, since: isDown ? (host.failingSince ?? host.lastSeenAt) : null, ...busy }
    })
    .toSorted((a, b) => Number(b.isDown) - Number(a.isDown) || b.percent - a.percent)
    .map(({ percent, ...host }) => host)
}

function usageOf(state: State, host: Host, now: number): { percent: number; usage: string } {
  const sample = readLastSample(state, host.id, 'host', '', now - MAX_SAMPLE_AGE_MS)
  const cpu = Math.round(sample?.cpu ?? 0)
  const memory = sample?.memoryLimit ? Math.round(((sample.memory ?? 0) / sample.memoryLimit) * 100) : 0
  const percent = Math.max(cpu, memory)
  return { percent, usage: percent < BUSY_PERCENT ? '' : `CPU ${cpu} %, memory ${memory} %` }
}

/** Errors of each of the last 60 whole minutes. */
function errorsOfHour(state: State, projectId: number | null, now: number): number[] {
  const until = startOfMinute(now)
  const from = until - HOUR
  const counts = new Map(countErrorLines(state, projectId, from, until).map(({ at, count }) => [at, count]))
  return Array.from({ length: HOUR / MINUTE }, (_, i) => counts.get(from + i * MINUTE) ?? 0)
}
