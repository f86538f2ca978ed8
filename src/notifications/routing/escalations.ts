// The escalations table, and the timers of the alerts that are to be escalated.
import type { Alert } from '../../alerts/alert.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { listMatchables } from '../../alerts/groups/groups.ts'
import { escalateAlert } from '../../alerts/lifecycle.ts'
import { knownMatcher, matchesAlert } from '../../alerts/matcher.ts'
import { Problem } from '../../problem.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, lte, sql } from '../../state/orm.ts'
import { alertEscalations, escalations } from '../../state/schema/index.ts'
import {
  adjustTimer,
  type Escalation,
  isTimerRunning,
  restartTimer,
  STOPPED,
  startTimer,
  updateTimer,
} from './escalation.ts'
import { type DirectChannels, resolveTargets } from './escalation-targets.ts'
import { addRecipient, rerouteOpenAlerts } from './recipients.ts'

/** All escalations, the soonest first. */
export function listEscalations(state: State): Escalation[] {
  return state
    .prepared('escalations', db =>
      db.select().from(escalations).orderBy(asc(escalations.afterMs), asc(escalations.id)).prepare(),
    )
    .all()
}

/** The escalation with this name; throws `not_found`. */
export function findEscalation(state: State, name: string): Escalation {
  const found = state.db.select().from(escalations).where(eq(escalations.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no escalation "${name}". "escalations list" shows all escalations.`, {
    fields: { name: 'no such escalation' },
  })
}

/** Adds an escalation; its timers start now for open alerts that match. Throws `conflict` when the name is taken. */
export function addEscalation(state: State, row: Omit<Escalation, 'id'>): Escalation {
  return state.transaction(() => {
    if (state.db.select().from(escalations).where(eq(escalations.name, row.name)).get())
      throw new Problem('conflict', `There is an escalation "${row.name}" already.`, { fields: { name: 'is taken' } })
    const added = state.db.insert(escalations).values(row).returning().get()
    rerouteOpenAlerts(state)
    return added
  })
}

/** Edits an escalation and adjusts its timers; those of alerts that do not match any more are removed. Throws `not_found`. */
export function editEscalation(
  state: State,
  name: string,
  changes: Partial<Pick<Escalation, 'matcher' | 'afterMs' | 'to' | 'repeat'>>,
  now: number,
): Escalation {
  return state.transaction(() => {
    const before = findEscalation(state, name)
    const edited = { ...before, ...changes }
    state.db.update(escalations).set(changes).where(eq(escalations.id, before.id)).run()
    const isOfEdited = eq(alertEscalations.escalationId, before.id)
    for (const timer of state.db.select().from(alertEscalations).where(isOfEdited).all()) {
      const isTimer = hasIds(timer.alertId, before.id)
      if (stillMatches(state, timer.alertId, before, edited))
        state.db
          .update(alertEscalations)
          .set(adjustTimer(timer, before, edited, now))
          .where(isTimer)
          .run()
      else state.db.delete(alertEscalations).where(isTimer).run()
    }
    rerouteOpenAlerts(state)
    return edited
  })
}

/** Removes an escalation with its timers. */
export function removeEscalation(state: State, name: string): Escalation {
  return state.transaction(() => {
    const found = findEscalation(state, name)
    state.db.delete(escalations).where(eq(escalations.id, found.id)).run()
    state.emit('alerts')
    return found
  })
}

/** Starts, stops, continues or removes the timers of an alert, after it changed. */
export function updateEscalations(state: State, alert: Alert, project: string | null, now: number): void {
  if (alert.state === 'resolved') {
    state.prepare('delete from alert_escalations where alert_id = ?').run(alert.id)
    return
  }
  const all = listEscalations(state)
  if (all.length === 0) return
  const timers = state.db.select().from(alertEscalations).where(eq(alertEscalations.alertId, alert.id)).all()
  for (const escalation of all) {
    const timer = timers.find(({ escalationId }) => escalationId === escalation.id)
    if (timer) {
      const next = timer.count > escalation.repeat ? null : updateTimer(alert, timer, now)
      if (next) state.db.update(alertEscalations).set(next).where(hasIds(alert.id, escalation.id)).run()
    } else if (applies(state, escalation, alert, project)) {
      const ids = { alertId: alert.id, escalationId: escalation.id }
      state.db
        .insert(alertEscalations)
        .values({ ...ids, ...startTimer(alert, escalation, now) })
        .run()
    }
  }
}

/** Escalates at most `limit` alerts that are due at `now`: adds the recipients of the escalation and mentions people again. */
export function escalateDue(state: State, now: number, limit: number, directChannels: DirectChannels): void {
  if ((nextEscalation(state) ?? Number.POSITIVE_INFINITY) > now) return
  state.transaction(() => {
    const due = state.db.select().from(alertEscalations).where(lte(alertEscalations.dueAt, now)).limit(limit).all()
    for (const { alertId, escalationId, count } of due) {
      const alert = readAlert(state, alertId)
      const escalation = state.db.select().from(escalations).where(eq(escalations.id, escalationId)).get()
      if (!alert || !escalation) continue
      // An alert that was acknowledged or suppressed in this very moment stops its timer instead.
      const next = isTimerRunning(alert) ? escalate(state, alert, escalation, count + 1, now, directChannels) : STOPPED
      state.db.update(alertEscalations).set(next).where(hasIds(alertId, escalationId)).run()
    }
  })
}

/** The nearest instant at which an alert is due to be escalated; null when there is none. */
export function nextEscalation(state: State): number | null {
  const query = 'select due_at as at from alert_escalations where due_at is not null order by due_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/** The escalations to come of an alert; `dueAt` is null while the timer stands still. */
export function listPendingEscalations(state: State, alertId: number) {
  return state.db
    .select({
      name: escalations.name,
      dueAt: alertEscalations.dueAt,
      remainingMs: alertEscalations.remainingMs,
      to: escalations.to,
    })
    .from(alertEscalations)
    .innerJoin(escalations, eq(escalations.id, alertEscalations.escalationId))
    .where(and(eq(alertEscalations.alertId, alertId), sql`${alertEscalations.count} <= ${escalations.repeat}`))
    .orderBy(asc(escalations.afterMs))
    .all()
}

/** Whether an edited escalation still applies to an alert. Only a new matcher ends a timer, not a changed alert. */
function stillMatches(state: State, alertId: number, before: Escalation, edited: Escalation): boolean {
  if (edited.matcher === before.matcher) return true
  const alert = readAlert(state, alertId)
  if (!alert) return false
  const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
  return applies(state, edited, alert, project)
}

/** Whether an escalation is for an alert, or for one of the alerts of a group. */
function applies(state: State, { matcher }: Escalation, alert: Alert, project: string | null): boolean {
  return listMatchables(state, alert).some(own => matchesAlert(knownMatcher(matcher), own, project))
}

function escalate(
  state: State,
  alert: Alert,
  escalation: Escalation,
  count: number,
  now: number,
  directChannels: DirectChannels,
) {
  const { targets, names } = resolveTargets(state, alert.id, escalation.to, now, directChannels)
  for (const { channelId, mention } of targets)
    addRecipient(state, alert.id, { channelId, mention, why: `escalation ${escalation.name}`, isEscalation: true }, now)
  escalateAlert(state, alert.id, [...new Set(names)].join(', '), escalation.name, now)
  return { count, ...restartTimer(escalation, count, now) }
}

const hasIds = (alertId: number, escalationId: number) =>
  and(eq(alertEscalations.alertId, alertId), eq(alertEscalations.escalationId, escalationId))
