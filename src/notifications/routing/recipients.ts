// The recipients table: which channels receive each alert, whom messages mention there, and why.
import type { Alert } from '../../alerts/alert.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { notifications, recipients } from '../../state/schema/index.ts'
import type { NewRecipient } from './route.ts'

export type Recipient = typeof recipients.$inferSelect

/** Has the recipients of every open alert resolved again, because routes or channels changed. */
export function rerouteOpenAlerts(state: State): void {
  state.transaction(() => {
    state.prepare(`update alerts set routed_version = 0, undelivered = 1 where state <> 'resolved'`).run()
    state.emit('alerts')
  })
}

/** Adds a recipient of an alert, or more mentions to it. */
export function addRecipient(state: State, alertId: number, recipient: NewRecipient, now: number): void {
  const { channelId, why } = recipient
  const existing = readRecipient(state, alertId, channelId)
  const mention = [...new Set([...(existing?.mention ?? []), ...recipient.mention])]
  const insert =
    'insert into recipients (alert_id, channel_id, mention, since, why, is_escalation) values (?, ?, ?, ?, ?, ?)'
  // Plain SQL, because a mass of alerts has several recipients each.
  if (!existing)
    state.prepare(insert).run(alertId, channelId, JSON.stringify(mention), now, why, recipient.isEscalation ? 1 : 0)
  else if (mention.length > existing.mention.length)
    state.db.update(recipients).set({ mention }).where(hasIds({ alertId, channelId })).run()
}

/** The recipients of an alert. */
export function listRecipients(state: State, alertId: number): Recipient[] {
  const ofAlert = eq(recipients.alertId, sql.placeholder('alertId'))
  const query = state.prepared('recipients of an alert', db =>
    db.select().from(recipients).where(ofAlert).orderBy(asc(recipients.channelId)).prepare(),
  )
  return query.all({ alertId })
}

/**
 * Stores the recipients that the routes choose now. A channel that already has a message of the alert stays a recipient until
 * the alert ends; one without a message is removed when it is not chosen any more.
 */
export function resolveAlertRecipients(state: State, alert: Alert, chosen: readonly NewRecipient[], now: number): void {
  const existing = listRecipients(state, alert.id)
  if (alert.state === 'resolved' && existing.length > 0) return
  for (const recipient of chosen) addRecipient(state, alert.id, recipient, now)
  const notChosen = existing.filter(
    row => !row.isEscalation && !chosen.some(({ channelId }) => channelId === row.channelId),
  )
  for (const row of notChosen) if (!hasMessage(state, row)) state.db.delete(recipients).where(hasIds(row)).run()
}

function hasMessage(state: State, { alertId, channelId }: Recipient): boolean {
  const notification = state.db
    .select({ ref: notifications.ref, sending: notifications.sending })
    .from(notifications)
    .where(and(eq(notifications.alertId, alertId), eq(notifications.channelId, channelId)))
    .get()
  return notification !== undefined && (notification.ref !== null || notification.sending !== null)
}

function readRecipient(state: State, alertId: number, channelId: string): Recipient | undefined {
  const query = state.prepared('recipient of an alert', db =>
    db
      .select()
      .from(recipients)
      .where(
        and(eq(recipients.alertId, sql.placeholder('alertId')), eq(recipients.channelId, sql.placeholder('channelId'))),
      )
      .prepare(),
  )
  return query.get({ alertId, channelId })
}

const hasIds = ({ alertId, channelId }: { alertId: number; channelId: string }) =>
  and(eq(recipients.alertId, alertId), eq(recipients.channelId, channelId))
