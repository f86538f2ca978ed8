// What time does to holds: silences and windows end, quiet hours come and go, storms calm down; each is told when it is over.
import type { Text } from '../../card.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { sweepHostGroups } from './host-groups.ts'
import { beginWindows, endedWindows, endWindow, nextWindow } from './maintenance-windows.ts'
import { postNotice } from './notices.ts'
import { listQuietHours, markQuiet, type QuietHours, quietUntil, readQuietUntil } from './quiet-hours.ts'
import { requestReevaluation } from './reevaluation.ts'
import { expireSilences, nextExpiry } from './silences.ts'
import { sweepStorms } from './storms.ts'
import { countSuppressed, listSuppressed, suppressedSince } from './suppressed-alerts.ts'
import type { Suppression, Suppressor } from './suppression.ts'
import { nextReevaluation, reevaluateSuppressions } from './suppressions.ts'

/** How many alerts a notice names. */
const NAMED = 15
const QUIET_HOURS = { kind: 'quiet-hours', id: null } as const

/** Brings every hold up to date at `now`, in one transaction. */
export function sweepSuppressions(state: State, now: number): void {
  state.transaction(() => {
    const notices = [...silencesOver(state, now), ...windowsOver(state, now), ...quietOver(state, now)]
    const changed = [beginWindows(state, now), sweepHostGroups(state, now), sweepStorms(state, now)]
    if (changed.includes(true)) requestReevaluation(state)
    reevaluateSuppressions(state, now)
    for (const { projectId, ...notice } of notices) {
      postNotice(state, { ...notice, projectId }, quietHold(state, projectId, now), now)
    }
  })
}

/** When `keepHolds` has something to do next. Quiet hours are looked at in every turn. */
export function nextSuppressionChange(state: State): number | null {
  const due = [nextReevaluation(state), nextExpiry(state), nextWindow(state)].filter(at => at !== null)
  return due.length > 0 ? Math.min(...due) : null
}

type Notice = { key: string; projectId: number | null; title: string; observation: { lines: Text[] } }

function silencesOver(state: State, now: number): Notice[] {
  return expireSilences(state, now).map(one => {
    const by = { kind: 'silence', id: one.id } as const
    const lines = [
      `It silenced ${one.matcher}${one.reason === null ? '' : ` (${one.reason})`}.`,
      ...stillOpen(state, by),
    ]
    const title = `Silence ${one.id} by ${one.by} expired; ${tally(state, by, one.suppressedCount)}`
    return { key: `silence:${one.id}:expired:${one.endsAt}`, projectId: one.projectId, title, observation: { lines } }
  })
}

function windowsOver(state: State, now: number): Notice[] {
  return endedWindows(state, now).flatMap(one => {
    const by = { kind: 'maintenance', id: one.id } as const
    const title = `The maintenance ${one.name} is over; ${tally(state, by, one.suppressedCount)}`
    const lines = stillOpen(state, by)
    endWindow(state, one, now, false)
    return one.suppressedCount === 0
      ? []
      : [{ key: `maintenance:${one.id}:over:${one.endsAt}`, projectId: one.projectId, title, observation: { lines } }]
  })
}

function quietOver(state: State, now: number): Notice[] {
  return listQuietHours(state).flatMap(one => {
    const quiet = quietUntil(one, now) !== null
    if (quiet === (one.quietSince !== null)) return []
    markQuiet(state, one, quiet ? now : null)
    requestReevaluation(state)
    return quiet ? [] : digest(state, one, now)
  })
}

function digest(state: State, one: QuietHours, now: number): Notice[] {
  // A turn notices a few seconds late that it is quiet.
  const waited = suppressedSince(state, QUIET_HOURS, one.quietSince! - MINUTE, now).filter(alert =>
    isFor(state, one, alert),
  )
  if (waited.length === 0) return []
  const [on, over] = [
    waited.filter(alert => alert.resolvedAt === null),
    waited.filter(alert => alert.resolvedAt !== null),
  ]
  const lines: Text[] = [
    ['Since ', { time: one.quietSince!, style: 'moment' }, ` (${one.hours ?? 'quiet'}).`],
    ...(on.length > 0 ? [[{ bold: 'Still going on' }], ...named(on)] : []),
    ...(over.length > 0 ? [[{ bold: 'Over by now' }], ...named(over)] : []),
  ]
  const title = `While it was quiet: ${plural(waited.length, 'alert')}, ${on.length} still going on`
  const projectId = one.projectId === 0 ? null : one.projectId
  return [{ key: `quiet:${one.projectId}:${one.quietSince}`, projectId, title, observation: { lines } }]
}

/** Whether an alert waits by these quiet hours: those of its project, or those for all when it has none of its own. */
function isFor(state: State, one: QuietHours, alert: Alert): boolean {
  const own = listQuietHours(state).find(other => other.projectId === alert.projectId)
  return own === undefined ? one.projectId === 0 : own.projectId === one.projectId
}

function quietHold(state: State, projectId: number | null, now: number): Suppression | null {
  const until = readQuietUntil(state, projectId, now)
  return until === null ? null : { ...QUIET_HOURS, until, reason: 'quiet hours' }
}

function tally(state: State, by: Suppressor, held: number): string {
  if (held === 0) return 'it held nothing back'
  const open = countSuppressed(state, by)
  return `${plural(held, 'alert')} ${held === 1 ? 'was' : 'were'} held back, ${open} still open`
}

function stillOpen(state: State, by: Suppressor): Text[] {
  return named(listSuppressed(state, by, NAMED + 1))
}

function named(alerts: readonly Alert[]): Text[] {
  const lines = alerts
    .slice(0, NAMED)
    .map((alert): Text => [{ bold: `${alert.id}` }, ` · ${alert.severity} · ${alert.title}`])
  return alerts.length > NAMED ? [...lines, '… and more; "alerts list" shows those that are open.'] : lines
}

function plural(n: number, one: string): string {
  return `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`
}
