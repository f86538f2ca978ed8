// The notifications: which version of which alert each channel shows, and the outbox, which is a query over them.
import { and, desc, eq, sql } from 'drizzle-orm'
import type { Alert } from '../alerts/alert.ts'
import type { State } from '../state/database.ts'
import { alerts, channels, notifications } from '../state/schema.ts'
import { type Notification, nextStep, type Step } from './next-step.ts'

export type OutboxItem = { alert: Alert; notification: Notification | null; step: Step }
export type Delivery = {
  alert: Alert
  notification: Notification | null
  channel: string
  channelId: string
  step: Step
}

/**
 * What a channel still has to be told at `now` by new messages or by edits, in the order it matters: criticals before
 * warnings before infos, then older alerts first. At most `limit` items; `step` is the judge of each.
 */
export function readOutbox(
  state: State,
  channelId: string,
  kind: 'post' | 'edit',
  now: number,
  limit: number,
): OutboxItem[] {
  const lacks = {
    post: sql`(ref is null or (called < calls and state = case call_reason when 'recovered' then 'resolved' else 'firing' end))`,
    edit: sql`ref is not null and shown_version < ${alerts.version}`,
  }[kind]
  const query = state.prepared(`outbox ${kind}`, db =>
    db
      .select({ alert: alerts, notification: notifications, addedAt: channels.addedAt })
      .from(alerts)
      .innerJoin(channels, eq(channels.id, sql.placeholder('channelId')))
      .leftJoin(notifications, and(eq(notifications.alertId, alerts.id), eq(notifications.channelId, channels.id)))
      .where(
        sql`undelivered = 1 and coalesce(next_attempt_at, 0) <= ${sql.placeholder('now')}
          and failed_version is not ${alerts.version} and ${lacks}`,
      )
      .orderBy(sql`case severity when 'critical' then 0 when 'warning' then 1 else 2 end, ${alerts.id}`)
      .limit(sql.placeholder('limit'))
      .prepare(),
  )
  return query.all({ channelId, now, limit }).map(({ alert, notification, addedAt }) => ({
    alert,
    notification,
    step: nextStep(alert, addedAt, notification, now),
  }))
}

/** The nearest instant at which a delayed attempt in a channel is due again. */
export function nextAttempt(state: State, channelId: string, now: number): number | null {
  const query = `select min(next_attempt_at) as at from notifications
    where channel_id = ? and next_attempt_at > ? and alert_id in (select id from alerts where undelivered = 1)`
  return state.prepare<[string, number], { at: number | null }>(query).get(channelId, now)?.at ?? null
}

/** Notes, before a message is sent, that it is; so that after a crash nobody takes it for unsent. */
export function markSending(
  state: State,
  item: OutboxItem,
  channelId: string,
  kind: 'post' | 'reply',
  nonce: string,
  now: number,
): void {
  save(state, item.alert.id, channelId, { sending: kind, nonce, sentAt: now })
}

/** Notes that the channel shows `alert` as it was when the message was made. */
export function markShown(
  state: State,
  alert: Alert,
  channelId: string,
  shown: { ref?: string; calls: number; version: number },
): void {
  const ref = shown.ref === undefined ? {} : { ref: shown.ref }
  save(state, alert.id, channelId, {
    ...ref,
    shownVersion: shown.version,
    called: shown.calls,
    sending: null,
    nonce: null,
    sentAt: null,
    attempts: 0,
    nextAttemptAt: null,
    error: null,
    failedVersion: null,
  })
}

/** Notes how an attempt failed, and when to try again. */
export function markFailed(state: State, alertId: number, channelId: string, failure: Partial<Notification>): void {
  save(state, alertId, channelId, failure)
}

/** Takes alerts that every configured channel shows (or never will) out of the outbox. */
export function settle(state: State, alertId: number, now: number): void {
  const pairs = pairsOf(state, alertId)
  const open = pairs.some(({ alert, notification, addedAt }) => {
    const step = nextStep(alert, addedAt, notification, now)
    return step.do !== 'skip' || step.why === 'waiting to try again'
  })
  if (!open) state.db.update(alerts).set({ undelivered: false }).where(eq(alerts.id, alertId)).run()
}

/** Every pair of recent alert and channel with its step, newest alert first, for `deliveries`. */
export function listDeliveries(state: State, limit: number, now: number, alertId?: number): Delivery[] {
  const recent = alertId === undefined ? undefined : eq(alerts.id, alertId)
  const ids = state.db.select({ id: alerts.id }).from(alerts).where(recent).orderBy(desc(alerts.id)).limit(limit).all()
  return ids.flatMap(({ id }) =>
    pairsOf(state, id).map(({ alert, notification, channel, channelId, addedAt }) => ({
      alert,
      notification,
      channel,
      channelId,
      step: nextStep(alert, addedAt, notification, now),
    })),
  )
}

/** Lets everything that was put off in a channel be tried at once; for when its platform is back. */
export function retryNow(state: State, channelId: string): void {
  const later = and(
    eq(notifications.channelId, channelId),
    sql`next_attempt_at is not null or failed_version is not null`,
  )
  state.transaction(() => {
    const failed = sql`${alerts.id} in (select alert_id from notifications where channel_id = ${channelId} and failed_version is not null)`
    state.db.update(alerts).set({ undelivered: true }).where(failed).run()
    state.db.update(notifications).set({ nextAttemptAt: null, failedVersion: null }).where(later).run()
  })
}

function save(state: State, alertId: number, channelId: string, changes: Partial<Notification>): void {
  state.transaction(() => {
    state.db
      .insert(notifications)
      .values({ alertId, channelId, ...changes })
      .onConflictDoUpdate({ target: [notifications.alertId, notifications.channelId], set: changes })
      .run()
  })
}

function pairsOf(state: State, alertId: number) {
  return state.db
    .select({
      alert: alerts,
      notification: notifications,
      channel: channels.name,
      channelId: channels.id,
      addedAt: channels.addedAt,
    })
    .from(alerts)
    .innerJoin(channels, sql`${channels.removedAt} is null`)
    .leftJoin(notifications, and(eq(notifications.alertId, alerts.id), eq(notifications.channelId, channels.id)))
    .where(eq(alerts.id, alertId))
    .all()
}
