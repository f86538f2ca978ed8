// The notifications: which version of which alert each channel shows, and the outbox, which is a query over them.

import type { Alert } from '../../alerts/alert.ts'
import type { State } from '../../state/database.ts'
import { and, asc, desc, eq, sql } from '../../state/orm.ts'
import { alerts, channels, notifications, recipients } from '../../state/schema/index.ts'
import { type Notification, nextStep, type Step } from './next-step.ts'

export type OutboxItem = {
  alert: Alert
  notification: Notification | null
  step: Step
  /** Who is called out in a new message, as it is stored. */
  mention: readonly string[]
}

/** New messages, edits of cards, and lines for the thread under them. */
export type OutboxKind = 'post' | 'edit' | 'thread'
export type DeliveryRow = {
  alert: Alert
  notification: Notification | null
  channel: string
  channelId: string
  step: Step
}

/**
 * What a channel that belongs to an alert's audience still has to be told at `now`, of all alerts or of one, in the order
 * of `mattersMore`. At most `limit` items, `whole` when there are no others; `step` is the judge of each.
 */
export function readOutbox(
  state: State,
  channelId: string,
  kind: OutboxKind,
  now: number,
  limit: number,
  alertId?: number,
): { items: OutboxItem[]; whole: boolean } {
  const lacks = {
    post: sql`(suppression is null or sending is 'post') and ((ref is null and (state <> 'resolved' or shown_version > 0 or resolved_at >= added_at))
      or (mentioned_count < mention_count and case mention_reason when 'recovered' then state = 'resolved'
        else state = 'firing' and snoozed_until is null end))`,
    edit: sql`ref is not null and shown_version < ${alerts.version}`,
    thread: sql`ref is not null and threaded < thread_line`,
  }[kind]
  const refused = { post: sql`1`, edit: sql`sending is not 'reply'`, thread: sql`1` }[kind]
  // One query for each severity: in the order of the index, so that a mass of alerts is not sorted for every message.
  const ofOne = alertId === undefined ? sql`1` : eq(alerts.id, sql.placeholder('alertId'))
  const query = state.prepared(`outbox ${kind} ${alertId === undefined ? 'of all' : 'of one'}`, db =>
    db
      .select({ alert: alerts, notification: notifications, addedAt: channels.addedAt, mention: recipients.mention })
      .from(alerts)
      .innerJoin(
        recipients,
        and(eq(recipients.alertId, alerts.id), eq(recipients.channelId, sql.placeholder('channelId'))),
      )
      .innerJoin(channels, eq(channels.id, recipients.channelId))
      .leftJoin(notifications, and(eq(notifications.alertId, alerts.id), eq(notifications.channelId, channels.id)))
      .where(
        sql`${ofOne} and undelivered = 1 and severity = ${sql.placeholder('severity')}
          and coalesce(next_attempt_at, 0) <= ${sql.placeholder('now')}
          and not (failed_version is ${alerts.version} and ${refused}) and ${lacks}`,
      )
      .orderBy(asc(alerts.id))
      .limit(sql.placeholder('limit'))
      .prepare(),
  )
  const rows: ReturnType<typeof query.all> = []
  for (const severity of WORST_FIRST) {
    if (rows.length < limit) rows.push(...query.all({ channelId, severity, now, limit: limit - rows.length, alertId }))
  }
  const items = rows.map(({ alert, notification, addedAt, mention }): OutboxItem => {
    const step = nextStep(alert, addedAt, notification, now)
    // While new messages are held back, a card is made true before the reply that is due as well.
    const early: Step = { do: 'edit', why: 'newer version' }
    return { alert, notification, mention, step: kind === 'edit' && step.do === 'reply' ? early : step }
  })
  // Its thread comes after the card itself.
  const due = kind === 'thread' ? items.filter(({ step }) => step.do === 'thread') : items
  return { items: due, whole: rows.length < limit }
}

/** Whether an alert is told before another: criticals before warnings before infos, then older alerts first. */
export function mattersMore(one: Alert, other: Alert): boolean {
  if (one.severity === other.severity) return one.id < other.id
  return WORST_FIRST.indexOf(one.severity) < WORST_FIRST.indexOf(other.severity)
}

const WORST_FIRST: readonly Alert['severity'][] = ['critical', 'warning', 'info']

/** The nearest instant at which a delayed attempt in a channel is due again. */
export function nextAttempt(state: State, channelId: string, now: number): number | null {
  // Begins with the few alerts that are undelivered; the notifications of all times are many.
  const query = `select min(next_attempt_at) as at from alerts cross join notifications on alert_id = alerts.id
    where undelivered = 1 and channel_id = ? and next_attempt_at > ?`
  return state.prepare<[string, number], { at: number | null }>(query).get(channelId, now)?.at ?? null
}

/** Notes, before a message is sent, that it is; so that after a crash nobody takes it for unsent. */
export function markSending(
  state: State,
  alert: Alert,
  channelId: string,
  sending: { kind: 'post' | 'reply'; nonce: string; sentAt: number },
): void {
  const { kind, nonce, sentAt } = sending
  // Of several calls only the last is told: a message found after a crash is then known to tell that one and no later.
  const called = kind === 'reply' ? alert.mentionCount - 1 : alert.mentionCount
  save(state, alert.id, channelId, { sending: kind, nonce, sentAt, mentionedCount: called })
}

/**
 * What a channel shows: the message, the version in it, the calls told, whether no new message is to be sent or looked
 * for any more, and whether the reply that belongs to it stays refused.
 */
export type Shown = {
  ref?: string
  version: number
  calls: number
  over: boolean
  refused?: boolean
  /** The newest line of the alert's history that a new card makes needless in its thread. */
  threaded?: number
}

/** Notes what the channel shows of an alert. */
export function markShown(state: State, alertId: number, channelId: string, shown: Shown): void {
  save(state, alertId, channelId, {
    ...(shown.ref === undefined ? {} : { ref: shown.ref }),
    ...(shown.threaded === undefined ? {} : { threaded: shown.threaded }),
    ...(shown.over ? NOT_SENDING : {}),
    shownVersion: shown.version,
    mentionedCount: shown.calls,
    attempts: 0,
    nextAttemptAt: null,
    ...(shown.refused ? {} : { error: null, failedVersion: null }),
  })
}

/** No new message is under way, nor may one have arrived unheard. */
export const NOT_SENDING = { sending: null, nonce: null, sentAt: null }

/** Notes how an attempt failed, and when to try again. */
export function markFailed(state: State, alertId: number, channelId: string, failure: Partial<Notification>): void {
  save(state, alertId, channelId, failure)
}

/** Notes up to which line of an alert's history the thread under its card goes. */
export function markThreaded(state: State, alertId: number, channelId: string, line: number): void {
  save(state, alertId, channelId, { threaded: line, attempts: 0, nextAttemptAt: null, error: null })
}

/** Takes alerts that every channel of their audience shows (or never will) out of the outbox; the audience must be settled. */
export function markDone(state: State, alertId: number, now: number): void {
  const pairs = pairsOf(state, alertId)
  const open = pairs.some(({ alert, notification, addedAt }) => {
    const step = nextStep(alert, addedAt, notification, now)
    return step.do !== 'skip' || step.why === 'waiting to try again'
  })
  if (!open) state.prepare('update alerts set undelivered = 0 where id = ? and routed_version >= version').run(alertId)
}

/**
 * Every pair of recent alert and channel with its step, newest alert first, for `deliveries`; with `undelivered` only of
 * alerts, however old, that some channel still lacks or refused.
 */
export function listDeliveries(
  state: State,
  limit: number,
  now: number,
  alertId?: number,
  undelivered = false,
): DeliveryRow[] {
  const lacking = sql`(undelivered = 1 or ${alerts.id} in (select alert_id from notifications where failed_version is not null))`
  const recent = and(alertId === undefined ? undefined : eq(alerts.id, alertId), undelivered ? lacking : undefined)
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
    sql`(next_attempt_at is not null or failed_version is not null)`,
  )
  state.transaction(() => {
    const failed = sql`${alerts.id} in (select alert_id from notifications where channel_id = ${channelId} and failed_version is not null)`
    state.db.update(alerts).set({ undelivered: true }).where(failed).run()
    state.db.update(notifications).set({ nextAttemptAt: null, failedVersion: null }).where(later).run()
  })
}

function save(state: State, alertId: number, channelId: string, changes: Partial<Notification>): void {
  const entries = Object.entries(changes) as [keyof Notification, string | number | null][]
  const names = entries.map(([key]) => notifications[key].name)
  const insert = `insert into notifications (alert_id, channel_id, ${names}) values (?, ?${', ?'.repeat(names.length)})
    on conflict (alert_id, channel_id) do update set ${names.map(name => `${name} = excluded.${name}`)}`
  state.transaction(() => state.prepare(insert).run(alertId, channelId, ...entries.map(([, value]) => value)))
}

function pairsOf(state: State, alertId: number) {
  const query = state.prepared('pairs of an alert', db =>
    db
      .select({
        alert: alerts,
        notification: notifications,
        channel: channels.name,
        channelId: channels.id,
        addedAt: channels.addedAt,
      })
      .from(alerts)
      .innerJoin(recipients, eq(recipients.alertId, alerts.id))
      .innerJoin(channels, and(eq(channels.id, recipients.channelId), sql`${channels.removedAt} is null`))
      .leftJoin(notifications, and(eq(notifications.alertId, alerts.id), eq(notifications.channelId, channels.id)))
      .where(eq(alerts.id, sql.placeholder('alertId')))
      .prepare(),
  )
  return query.all({ alertId })
}
