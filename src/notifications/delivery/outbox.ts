// The notifications table: which version of which alert each channel shows; and the outbox, which is a query over it.
import type { Alert } from '../../alerts/alert.ts'
import type { Channel } from '../../chat/channel.ts'
import { isWorse, SEVERITIES, severityRankSql } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { and, asc, desc, eq, sql } from '../../state/orm.ts'
import { alerts, channels, notifications, recipients } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { type Notification, nextStep, type Step } from './next-step.ts'

export type OutboxItem = {
  alert: Alert
  notification: Notification | null
  step: Step
  /** Whom a new message mentions, as stored words. */
  mention: readonly string[]
}

/** New messages, edits of cards, and lines for the threads under them. */
export type OutboxKind = 'post' | 'edit' | 'thread'
export type DeliveryRow = {
  alert: Alert
  notification: Notification | null
  channel: string
  channelId: string
  step: Step
}

/**
 * What a channel lacks at `now`, of all alerts that it receives or of one, in the order of `isMoreUrgent`: at most `limit`
 * items, `isComplete` when there are no others. The query narrows; `nextStep` decides.
 */
export function readOutbox(
  state: State,
  channelId: string,
  kind: OutboxKind,
  now: number,
  limit: number,
  alertId?: number,
): { items: OutboxItem[]; isComplete: boolean } {
  const isLacking = {
    post: sql`(suppression is null or sending is 'post') and ((ref is null and (state <> 'resolved' or shown_version > 0 or resolved_at >= added_at))
      or (mentioned_count < mention_count and case mention_reason when 'recovered' then state = 'resolved'
        else state = 'firing' and snoozed_until is null end))`,
    edit: sql`ref is not null and shown_version < ${alerts.version}`,
    thread: sql`ref is not null and threaded < thread_line`,
  }[kind]
  /** Whether a refusal of this version stops the kind. */
  const stops = { post: sql`1`, edit: sql`sending is not 'reply'`, thread: sql`1` }[kind]
  // One query for each severity, in the order of the index: a mass of alerts is not sorted for every message.
  const isWanted = alertId === undefined ? sql`1` : eq(alerts.id, sql.placeholder('alertId'))
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
        sql`${isWanted} and undelivered = 1 and severity = ${sql.placeholder('severity')}
          and coalesce(next_attempt_at, 0) <= ${sql.placeholder('now')}
          and not (failed_version is ${alerts.version} and ${stops}) and ${isLacking}`,
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
    // While new messages are rate limited, the card is edited before the reply that is due as well.
    const edit: Step = { do: 'edit', why: 'newer version' }
    return { alert, notification, mention, step: kind === 'edit' && step.do === 'reply' ? edit : step }
  })
  // The card comes before its thread.
  const due = kind === 'thread' ? items.filter(({ step }) => step.do === 'thread') : items
  return { items: due, isComplete: rows.length < limit }
}

/** Whether an alert is sent before another: the more severe first, then the older. */
export function isMoreUrgent(alert: Alert, other: Alert): boolean {
  if (alert.severity === other.severity) return alert.id < other.id
  return isWorse(alert.severity, other.severity)
}

const WORST_FIRST = SEVERITIES.toReversed()

/** The nearest instant after `now` at which a delayed attempt in a channel is due. */
export function nextAttempt(state: State, channelId: string, now: number): number | null {
  // A cross join keeps the order: the few undelivered alerts first, then their notifications, of which there are many.
  const query = `select min(next_attempt_at) as at from alerts cross join notifications on alert_id = alerts.id
    where undelivered = 1 and channel_id = ? and next_attempt_at > ?`
  return state.prepare<[string, number], { at: number | null }>(query).get(channelId, now)?.at ?? null
}

/** Records before a message is sent that it is being sent, so that it is searched after a crash. */
export function markSending(
  state: State,
  alert: Alert,
  channelId: string,
  sending: { kind: 'post' | 'reply'; nonce: string; sentAt: number },
): void {
  const { kind, nonce, sentAt } = sending
  // One reply stands for all mentions that are due: a reply that is found after a crash completes exactly these.
  const mentionedCount = kind === 'reply' ? alert.mentionCount - 1 : alert.mentionCount
  save(state, alert.id, channelId, { sending: kind, nonce, sentAt, mentionedCount })
}

/** What a channel shows of an alert after a send. */
export type Shown = {
  /** The platform's reference of a new card. */
  ref?: string
  version: number
  /** How many mentions of the alert are done. */
  mentionCount: number
  /** Whether no new message is in flight or to be searched any more. */
  endsSending: boolean
  /** The nonce of a message that was sent more than once: its double is looked for, also after a restart. */
  repeatedNonce?: string | undefined
  /** Whether the reply that belongs to the card stays refused. */
  isStillRefused?: boolean
  /** The newest line of the alert's history that the new card makes unnecessary in its thread. */
  threaded?: number
}

/** Records what the channel shows of an alert. */
export function markShown(state: State, alertId: number, channelId: string, shown: Shown): void {
  save(state, alertId, channelId, {
    ...(shown.ref === undefined ? {} : { ref: shown.ref }),
    ...(shown.threaded === undefined ? {} : { threaded: shown.threaded }),
    ...(shown.endsSending ? (shown.repeatedNonce === undefined ? NOT_SENDING : { sending: null }) : {}),
    shownVersion: shown.version,
    mentionedCount: shown.mentionCount,
    attempts: 0,
    nextAttemptAt: null,
    ...(shown.isStillRefused ? {} : { error: null, failedVersion: null }),
  })
}

/** A message that was sent more than once, first at `sentAt`. */
export type RepeatedMessage = { alertId: number; nonce: string; sentAt: number; kind: 'post' | 'reply' }

/** The messages of a channel whose doubles were still looked for when Vakt stopped. */
export function listRepeated(state: State, channelId: string): RepeatedMessage[] {
  const query = `select alert_id as alertId, nonce, sent_at as sentAt from notifications
    where channel_id = ? and sending is null and nonce is not null`
  return state
    .prepare<[string], Omit<RepeatedMessage, 'kind'>>(query)
    .all(channelId)
    .map(row => ({ ...row, kind: 'post' }))
}

/** Ends the search for doubles of a message. */
export function forgetNonce(state: State, alertId: number, channelId: string, nonce: string): void {
  const forget = `update notifications set nonce = null, sent_at = null
    where alert_id = ? and channel_id = ? and nonce = ? and sending is null`
  state.transaction(() => state.prepare(forget).run(alertId, channelId, nonce))
}

/** The reference of the card of an alert in a channel; null when there is none. */
export function readRef(state: State, alertId: number, channelId: string): string | null {
  const query = 'select ref from notifications where alert_id = ? and channel_id = ?'
  return state.prepare<[number, string], { ref: string | null }>(query).get(alertId, channelId)?.ref ?? null
}

/** No new message is in flight, and none may have arrived without an answer. */
export const NOT_SENDING = { sending: null, nonce: null, sentAt: null }

/** Records how an attempt failed, and when to retry. */
export function markFailed(state: State, alertId: number, channelId: string, failure: Partial<Notification>): void {
  save(state, alertId, channelId, failure)
}

/** Records the newest line of an alert's history in the thread under its card. */
export function markThreaded(state: State, alertId: number, channelId: string, line: number): void {
  save(state, alertId, channelId, { threaded: line, attempts: 0, nextAttemptAt: null, error: null })
}

/** Takes an alert out of the outbox when every recipient shows it or never will; its recipients must be resolved. */
export function clearIfDelivered(state: State, alertId: number, now: number): void {
  const isOpen = readNotifications(state, alertId).some(({ alert, notification, addedAt }) => {
    const step = nextStep(alert, addedAt, notification, now)
    return step.do !== 'skip' || step.why === 'waiting to retry'
  })
  if (!isOpen)
    state.prepare('update alerts set undelivered = 0 where id = ? and routed_version >= version').run(alertId)
}

/**
 * The notifications of the newest `limit` alerts with their steps, newest alert first; with `undelivered` only of alerts,
 * however old, that some channel lacks or refused.
 */
export function listDeliveries(
  state: State,
  limit: number,
  now: number,
  alertId?: number,
  undelivered = false,
): DeliveryRow[] {
  const isUndelivered = sql`(undelivered = 1 or ${alerts.id} in (select alert_id from notifications where failed_version is not null))`
  const recent = and(
    alertId === undefined ? undefined : eq(alerts.id, alertId),
    undelivered ? isUndelivered : undefined,
  )
  const ids = state.db.select({ id: alerts.id }).from(alerts).where(recent).orderBy(desc(alerts.id)).limit(limit).all()
  return ids.flatMap(({ id }) =>
    readNotifications(state, id).map(({ alert, notification, channel, channelId, addedAt }) => ({
      alert,
      notification,
      channel,
      channelId,
      step: nextStep(alert, addedAt, notification, now),
    })),
  )
}

/** How many alerts each channel lacks the newest version of; suppressed ones, which it does not receive, left out. */
export function countPending(state: State) {
  return state
    .prepare<[], { channelId: string; count: number }>(
      `select recipients.channel_id as channelId, count(*) as count
       from alerts join recipients on recipients.alert_id = alerts.id
       left join notifications on notifications.alert_id = alerts.id and notifications.channel_id = recipients.channel_id
       where undelivered = 1 and suppression is null and coalesce(shown_version, 0) < version
         and failed_version is not version
       group by recipients.channel_id`,
    )
    .all()
}

/** Makes everything that waits for a retry in a channel due immediately, because its platform is online again. */
export function retryNow(state: State, channelId: string): void {
  retry(state, sql`channel_id = ${channelId} and (next_attempt_at is not null or failed_version is not null)`)
}

/**
 * Makes every card of the open alerts, and of those resolved within a day, due for an edit in these channels: the state may
 * be older than what they show.
 */
export function refreshCards(state: State, channels: readonly Channel[], now: number): void {
  const recent = `select id from alerts where state <> 'resolved' or resolved_at > ?`
  const older = '(select version - 1 from alerts where id = alert_id)'
  const cards = `ref is not null and channel_id in (select value from json_each(?)) and alert_id in (${recent})`
  // Where nothing can be edited, an edit sends a message.
  const editable = channels.filter(({ capabilities }) => capabilities.edits)
  const ids = JSON.stringify(editable.map(({ id }) => id))
  state.transaction(() => {
    state
      .prepare(`update notifications set shown_version = ${older} where ${cards} and shown_version > ${older}`)
      .run(ids, now - DAY)
    const flag = `update alerts set undelivered = 1 where id in (select alert_id from notifications where ${cards})`
    state.prepare(flag).run(ids, now - DAY)
    state.emit('alerts')
  })
}

/** Makes what a channel refused of these alerts due immediately. */
export function retryRefused(state: State, channelId: string, alertIds: readonly number[]): void {
  const among = sql`alert_id in (select value from json_each(${JSON.stringify(alertIds)}))`
  retry(state, sql`channel_id = ${channelId} and failed_version is not null and ${among}`)
}

/**
 * The alerts whose current version a channel refused, and whether it was the edit of a card: those with the fewest attempts
 * first, then the more severe.
 */
export function listRefused(state: State, channelId: string): { id: number; isEdit: boolean }[] {
  const query = `select alerts.id, ref is not null and sending is not 'reply' as isEdit
    from notifications join alerts on alerts.id = alert_id
    where channel_id = ? and failed_version = version order by attempts, ${severityRankSql()} desc, alerts.id`
  return state
    .prepare<[string], { id: number; isEdit: number }>(query)
    .all(channelId)
    .map(({ id, isEdit }) => ({ id, isEdit: isEdit === 1 }))
}

function retry(state: State, which: ReturnType<typeof sql>): void {
  state.transaction(() => {
    const isFailed = sql`${alerts.id} in (select alert_id from notifications where failed_version is not null and ${which})`
    state.db.update(alerts).set({ undelivered: true }).where(isFailed).run()
    state.db.update(notifications).set({ nextAttemptAt: null, failedVersion: null }).where(which).run()
  })
}

function save(state: State, alertId: number, channelId: string, changes: Partial<Notification>): void {
  const entries = Object.entries(changes) as [keyof Notification, string | number | null][]
  const names = entries.map(([key]) => notifications[key].name)
  const insert = `insert into notifications (alert_id, channel_id, ${names}) values (?, ?${', ?'.repeat(names.length)})
    on conflict (alert_id, channel_id) do update set ${names.map(name => `${name} = excluded.${name}`)}`
  state.transaction(() => state.prepare(insert).run(alertId, channelId, ...entries.map(([, value]) => value)))
}

function readNotifications(state: State, alertId: number) {
  const query = state.prepared('notifications of an alert', db =>
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
