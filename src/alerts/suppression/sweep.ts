// The periodic update of suppressions: ends silences and windows, follows quiet hours and storms, and posts a notice for each.
import type { Text } from '../../card.ts'
import type { State } from '../../state/database.ts'
import { plural } from '../../text.ts'
import { MINUTE } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { sweepHostGroups } from './host-groups.ts'
import { endWindow, listPassedWindows, nextWindowChange, startWindows } from './maintenance-windows.ts'
import { type Notice, postNotice } from './notices.ts'
import {
  ALL_PROJECTS,
  listQuietHours,
  type QuietHours,
  quietUntil,
  readQuietUntil,
  setQuietSince,
} from './quiet-hours.ts'
import { requestReevaluation } from './reevaluation.ts'
import { expireSilences, nextExpiry } from './silences.ts'
import { sweepStorms } from './storms.ts'
import { countSuppressed, listSuppressed, listSuppressedSince } from './suppressed-alerts.ts'
import { quietSuppression, type Suppressor } from './suppression.ts'
import { nextReevaluation, reevaluateSuppressions } from './suppressions.ts'

/** How many alerts a notice lists. */
const MAX_LISTED = 15
/** A tick notices the start of quiet hours a few seconds late. */
const TICK_TOLERANCE_MS = MINUTE

/** Brings all suppressions up to date at `now`, in one transaction. */
export function sweepSuppressions(state: State, now: number): void {
  state.transaction(() => {
    const notices = [...expiredSilences(state, now), ...endedWindows(state, now), ...endedQuietHours(state, now)]
    const changed = [startWindows(state, now), sweepHostGroups(state, now), sweepStorms(state, now)]
    if (changed.includes(true)) requestReevaluation(state)
    reevaluateSuppressions(state, now)
    for (const notice of notices) {
      const until = readQuietUntil(state, notice.projectId, now)
      postNotice(state, notice, until === null ? null : quietSuppression(until), now)
    }
  })
}

/** When `sweepSuppressions` has something to do (epoch ms), or null. Quiet hours are not included: every tick follows them. */
export function nextSuppressionChange(state: State): number | null {
  const due = [nextReevaluation(state), nextExpiry(state), nextWindowChange(state)].filter(at => at !== null)
  return due.length > 0 ? Math.min(...due) : null
}

function expiredSilences(state: State, now: number): Notice[] {
  return expireSilences(state, now).map(silence => {
    const suppressor = { kind: 'silence', id: silence.id } as const
    const reason = silence.reason === null ? '' : ` (${silence.reason})`
    return {
      key: `silence:${silence.id}:expired:${silence.endsAt}`,
      projectId: silence.projectId,
      title: `Silence ${silence.id} by ${silence.by} expired: ${summary(state, suppressor, silence.suppressedCount)}`,
      observation: { lines: [`Matcher: ${silence.matcher}${reason}.`, ...stillOpen(state, suppressor)] },
    }
  })
}

function endedWindows(state: State, now: number): Notice[] {
  return listPassedWindows(state, now).flatMap(maintenance => {
    const suppressor = { kind: 'maintenance', id: maintenance.id } as const
    const notice = {
      key: `maintenance:${maintenance.id}:over:${maintenance.endsAt}`,
      projectId: maintenance.projectId,
      title: `Maintenance ${maintenance.name} ended: ${summary(state, suppressor, maintenance.suppressedCount)}`,
      observation: { lines: stillOpen(state, suppressor) },
    }
    endWindow(state, maintenance, now, false)
    return maintenance.suppressedCount === 0 ? [] : [notice]
  })
}

function endedQuietHours(state: State, now: number): Notice[] {
  return listQuietHours(state).flatMap(quiet => {
    const isQuiet = quietUntil(quiet, now) !== null
    if (isQuiet === (quiet.quietSince !== null)) return []
    setQuietSince(state, quiet, isQuiet ? now : null)
    requestReevaluation(state)
    return isQuiet ? [] : digest(state, quiet, now)
  })
}

function digest(state: State, quiet: QuietHours, now: number): Notice[] {
  const suppressor = { kind: 'quiet-hours', id: null } as const
  const since = quiet.quietSince!
  const suppressed = listSuppressedSince(state, suppressor, since - TICK_TOLERANCE_MS, now).filter(alert =>
    appliesTo(state, quiet, alert),
  )
  if (suppressed.length === 0) return []
  const firing = suppressed.filter(alert => alert.resolvedAt === null)
  const resolved = suppressed.filter(alert => alert.resolvedAt !== null)
  const lines: Text[] = [
    ['Since ', { time: since, style: 'moment' }, ` (${quiet.hours ?? 'quiet'}).`],
    ...(firing.length > 0 ? [[{ bold: 'Still firing' }], ...alertLines(firing)] : []),
    ...(resolved.length > 0 ? [[{ bold: 'Resolved' }], ...alertLines(resolved)] : []),
  ]
  const title = `Quiet hours ended: ${plural(suppressed.length, 'alert')}, ${firing.length} still firing`
  const projectId = quiet.projectId === ALL_PROJECTS ? null : quiet.projectId
  return [{ key: `quiet:${quiet.projectId}:${quiet.quietSince}`, projectId, title, observation: { lines } }]
}

/** Whether these quiet hours apply to an alert: those of its project, or those for all when it has none. */
function appliesTo(state: State, quiet: QuietHours, alert: Alert): boolean {
  const own = listQuietHours(state).find(other => other.projectId === alert.projectId)
  return quiet.projectId === (own?.projectId ?? ALL_PROJECTS)
}

function summary(state: State, suppressor: Suppressor, suppressedCount: number): string {
  if (suppressedCount === 0) return 'no alert was suppressed'
  const open = countSuppressed(state, suppressor)
  return `${plural(suppressedCount, 'alert')} suppressed, ${open} still open`
}

function stillOpen(state: State, suppressor: Suppressor): Text[] {
  return alertLines(listSuppressed(state, suppressor, MAX_LISTED + 1))
}

function alertLines(alerts: readonly Alert[]): Text[] {
  const lines = alerts
    .slice(0, MAX_LISTED)
    .map((alert): Text => [{ bold: `${alert.id}` }, ` · ${alert.severity} · ${alert.title}`])
  return alerts.length > MAX_LISTED ? [...lines, '… and more. "alerts list" shows all open alerts.'] : lines
}
