// The escalations: their rules, and what is still to be escalated of which alert, at which stored instant.
import type { Alert } from '../../alerts/alert.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { escalateAlert } from '../../alerts/lifecycle.ts'
import { knownMatcher, matchesAlert } from '../../alerts/matcher.ts'
import { Problem } from '../../problem.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, lte, sql } from '../../state/orm.ts'
import { alertEscalations, escalations } from '../../state/schema/index.ts'
import { afterwards, beginWaiting, type Escalation, waitAnew, waitOn, waitsForSomebody } from './escalation.ts'
import { type DirectChannels, resolveTargets } from './escalation-targets.ts'
import { addRecipient, rerouteOpen } from './recipients.ts'

/** All escalations, the soonest first. */
export function listEscalations(state: State): Escalation[] {
  return state
    .prepared('escalations', db =>
      db.select().from(escalations).orderBy(asc(escalations.after), asc(escalations.id)).prepare(),
    )
    .all()
}

/** The escalation of a name; throws `not_found`. */
export function findEscalation(state: State, name: string): Escalation {
  const found = state.db.select().from(escalations).where(eq(escalations.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no escalation "${name}". "escalations list" shows those there are.`, {
    fields: { name: 'no such escalation' },
  })
}

/** Adds an escalation; open alerts that it fits begin to wait for it now. Throws `conflict` when the name is taken. */
export function addEscalation(state: State, row: Omit<Escalation, 'id'>): Escalation {
  return state.transaction(() => {
    if (state.db.select().from(escalations).where(eq(escalations.name, row.name)).get())
      throw new Problem('conflict', `There is an escalation "${row.name}" already.`, { fields: { name: 'is taken' } })
    const added = state.db.insert(escalations).values(row).returning().get()
    rerouteOpen(state)
    return added
  })
}

/** Changes an escalation; what waits for it follows at once, and what it fits no more waits no longer. Throws `not_found`. */
export function editEscalation(
  state: State,
  name: string,
  changes: Partial<Pick<Escalation, 'matcher' | 'after' | 'to' | 'repeat'>>,
  now: number,
): Escalation {
  return state.transaction(() => {
    const before = findEscalation(state, name)
    const edited = { ...before, ...changes }
    state.db.update(escalations).set(changes).where(eq(escalations.id, before.id)).run()
    const ofIt = eq(alertEscalations.escalationId, before.id)
    for (const waiting of state.db.select().from(alertEscalations).where(ofIt).all()) {
      const one = row(waiting.alertId, before.id)
      if (fitsStill(state, waiting.alertId, before, edited))
        state.db
          .update(alertEscalations)
          .set(waitAnew(waiting, before, edited, now))
          .where(one)
          .run()
      else state.db.delete(alertEscalations).where(one).run()
    }
    rerouteOpen(state)
    return edited
  })
}

/** Removes an escalation with everything that waits for it. */
export function removeEscalation(state: State, name: string): Escalation {
  return state.transaction(() => {
    const found = findEscalation(state, name)
    state.db.delete(escalations).where(eq(escalations.id, found.id)).run()
    state.emit('alerts')
    return found
  })
}

/** Lets what waits for an alert begin, stand still, go on or end, as the alert is now. */
export function updateEscalations(state: State, alert: Alert, project: string | null, now: number): void {
  if (alert.state === 'resolved') {
    state.prepare('delete from alert_escalations where alert_id = ?').run(alert.id)
    return
  }
  const all = listEscalations(state)
  if (all.length === 0) return
  const waiting = state.db.select().from(alertEscalations).where(eq(alertEscalations.alertId, alert.id)).all()
  for (const escalation of all) {
    const had = waiting.find(one => one.escalationId === escalation.id)
    const fits = had !== undefined || matchesAlert(knownMatcher(escalation.matcher), alert, project)
    if (!fits) continue
    const next = had
      ? had.times > escalation.repeat
        ? null
        : waitOn(alert, had, now)
      : beginWaiting(alert, escalation, now)
    if (next && had) state.db.update(alertEscalations).set(next).where(row(alert.id, escalation.id)).run()
    else if (next)
      state.db
        .insert(alertEscalations)
        .values({ alertId: alert.id, escalationId: escalation.id, ...next })
        .run()
  }
}

/** Carries out what is due at `now`, up to `limit` of it: the alert is told to whom it is escalated, and people are called anew. `directChannels` are those of one person. */
export function escalateDue(state: State, now: number, limit: number, directChannels: DirectChannels): void {
  if ((nextEscalation(state) ?? Number.POSITIVE_INFINITY) > now) return
  state.transaction(() => {
    const due = state.db.select().from(alertEscalations).where(lte(alertEscalations.dueAt, now)).limit(limit).all()
    for (const { alertId, escalationId, times } of due) {
      const alert = readAlert(state, alertId)
      const escalation = state.db.select().from(escalations).where(eq(escalations.id, escalationId)).get()
      if (!alert || !escalation) continue
      // It may have been taken or held back in this very moment; then it waits like any other.
      const paused = { left: 0, dueAt: null }
      const next = waitsForSomebody(alert) ? escalate(state, alert, escalation, times + 1, now, directChannels) : paused
      state.db.update(alertEscalations).set(next).where(row(alertId, escalationId)).run()
    }
  })
}

/** The nearest instant at which something is to be escalated. */
export function nextEscalation(state: State): number | null {
  const query = 'select due_at as at from alert_escalations where due_at is not null order by due_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/** What an alert still waits for: each escalation with when it is due, or null while it stands still. */
export function listWaiting(state: State, alertId: number) {
  return state.db
    .select({ name: escalations.name, dueAt: alertEscalations.dueAt, left: alertEscalations.left, to: escalations.to })
    .from(alertEscalations)
    .innerJoin(escalations, eq(escalations.id, alertEscalations.escalationId))
    .where(and(eq(alertEscalations.alertId, alertId), sql`${alertEscalations.times} <= ${escalations.repeat}`))
    .orderBy(asc(escalations.after))
    .all()
}

/** An alert that changed since may wait for what it fits no more; only another matcher ends that. */
function fitsStill(state: State, alertId: number, before: Escalation, edited: Escalation): boolean {
  if (edited.matcher === before.matcher) return true
  const alert = readAlert(state, alertId)
  if (!alert) return false
  const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
  return matchesAlert(knownMatcher(edited.matcher), alert, project)
}

function escalate(
  state: State,
  alert: Alert,
  escalation: Escalation,
  times: number,
  now: number,
  directChannels: DirectChannels,
) {
  const reached = resolveTargets(state, alert.id, escalation.to, now, directChannels)
  for (const { channelId, mention } of reached.targets)
    addRecipient(state, alert.id, { channelId, mention, why: `escalation ${escalation.name}` }, now)
  escalateAlert(state, alert.id, reached.names.join(', '), escalation.name, now)
  return { times, ...(afterwards(escalation, times, now) ?? { left: 0, dueAt: null }) }
}

const row = (alertId: number, escalationId: number) =>
  and(eq(alertEscalations.alertId, alertId), eq(alertEscalations.escalationId, escalationId))
