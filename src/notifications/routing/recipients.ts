// The audiences: which channels each alert is told in, and who is called out there.
import type { Alert } from '../../alerts/alert.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { notifications, recipients } from '../../state/schema/index.ts'
import type { Target } from './route.ts'

export type Recipient = typeof recipients.$inferSelect

/** Has the audience of every open alert settled anew, because routes or channels have changed. */
export function rerouteOpen(state: State): void {
  state.transaction(() => {
    state.prepare(`update alerts set routed_version = 0, undelivered = 1 where state <> 'resolved'`).run()
    state.emit('alerts')
  })
}

/** Adds a channel to the audience of an alert, or more to be called out there. */
export function addRecipient(state: State, alertId: number, target: Target, now: number): void {
  const had = readTarget(state, alertId, target.channelId)
  const mention = [...new Set([...(had?.mention ?? []), ...target.mention])]
  const row = { alertId, channelId: target.channelId, mention, since: now, why: target.why }
  const insert = 'insert into recipients (alert_id, channel_id, mention, since, why) values (?, ?, ?, ?, ?)'
  // By hand, for a mass of alerts has several each.
  if (!had) state.prepare(insert).run(alertId, row.channelId, JSON.stringify(mention), now, row.why)
  else if (mention.length > had.mention.length) state.db.update(recipients).set({ mention }).where(pair(row)).run()
}

/** Who is told of an alert, and why. */
export function listRecipients(state: State, alertId: number): Recipient[] {
  const ofAlert = eq(recipients.alertId, sql.placeholder('alertId'))
  const query = state.prepared('audience of an alert', db =>
    db.select().from(recipients).where(ofAlert).orderBy(asc(recipients.channelId)).prepare(),
  )
  return query.all({ alertId })
}

/** What was told somewhere stays told there until it ends; where nothing was said yet, the newest routes count. */
export function resolveAlertRecipients(state: State, alert: Alert, wanted: readonly Target[], now: number): void {
  const had = listRecipients(state, alert.id)
  if (alert.state === 'resolved' && had.length > 0) return
  for (const target of wanted) addRecipient(state, alert.id, target, now)
  const unwanted = had.filter(
    row => !row.why.startsWith('escalation') && !wanted.some(one => one.channelId === row.channelId),
  )
  for (const row of unwanted) if (!isTold(state, row)) state.db.delete(recipients).where(pair(row)).run()
}

function isTold(state: State, { alertId, channelId }: Recipient): boolean {
  const had = state.db
    .select({ ref: notifications.ref, sending: notifications.sending })
    .from(notifications)
    .where(and(eq(notifications.alertId, alertId), eq(notifications.channelId, channelId)))
    .get()
  return had !== undefined && (had.ref !== null || had.sending !== null)
}

function readTarget(state: State, alertId: number, channelId: string): Recipient | undefined {
  const query = state.prepared('one of an audience', db =>
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

const pair = ({ alertId, channelId }: { alertId: number; channelId: string }) =>
  and(eq(recipients.alertId, alertId), eq(recipients.channelId, channelId))
