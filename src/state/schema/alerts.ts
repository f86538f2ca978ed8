// The tables of alerts, their timelines, the channels, and the notifications in them.
import type { Button, Evidence, Field, Text } from '../../card.ts'
import { SEVERITIES } from '../../severity.ts'
import { blob, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { hosts } from './hosts.ts'
import { projects } from './projects.ts'

/**
 * The labels of an alert, what it belongs to: `check`, `host`, `container`, `source`, `group`, `rule`, `depends_on` (names of
 * checks, comma-separated) … Matchers of silences, routes and inhibition read them; a label without a value is absent.
 */
export type Labels = { readonly [name: string]: string }

/** What a detector found, as the card shows it; `buttons` lead to details. */
export type Observation = {
  /** The first one is the fact: what people read on a lock screen. */
  lines: Text[]
  fields?: Field[]
  evidence?: Evidence[]
  /** Short facts for the small print. */
  facts?: Field[]
  buttons?: Button[]
  chart?: Curve
}

/** Numbers behind an alert, for the chart on its card: instants (epoch ms) with values, and the threshold they crossed. */
export type Curve = {
  name: string
  unit: string
  points: (readonly [number, number | null])[]
  threshold?: number
}

const MENTION_REASONS = [
  'reminder',
  'fired again',
  'joined',
  'snooze ended',
  'acknowledgement expired',
  'worse',
  'escalated',
  'recovered',
] as const

/** Why nobody is notified of an alert for now, in the order in which the reasons are tried. */
export const SUPPRESSIONS = [
  'silence',
  'maintenance',
  'inhibition',
  'awaiting-cause',
  'quiet-hours',
  'group',
  'storm',
] as const

/** What a line of a timeline records; `other` only in lines written before kinds were stored. */
export const HISTORY_KINDS = [
  'fired',
  'repeated',
  'cleared',
  'fired-again',
  'acknowledged',
  'unacknowledged',
  'acknowledgement-expired',
  'snoozed',
  'snooze-ended',
  'reminded',
  'reminder-skipped',
  'escalated',
  'noted',
  'suppressed',
  'released',
  'storm-subsided',
  'grouped',
  'joined',
  'left',
  'action',
  'resolved',
  'other',
] as const

export const alerts = sqliteTable(
  'alerts',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    detector: text().notNull(),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'set null' }),
    severity: text({ enum: SEVERITIES }).notNull(),
    title: text().notNull(),
    /** What the detector found: lines and fields of the card. */
    observation: text({ mode: 'json' }).$type<Observation>().notNull(),
    owner: text(),
    labels: text({ mode: 'json' }).$type<Labels>().notNull().default({}),
    /** What it is the cause of in other alerts: its label `role`, such as `host-down`; null when it inhibits none by role. */
    role: text(),
    /** Alerts of a project with the same group key share one card; null is a card of its own. */
    groupKey: text('group_key'),
    /** The alert whose card stands for this one and the others of its group; null while it has its own card. */
    groupId: integer('group_id'),
    /** The check, or the host, whose failure this alert is; their rows may be gone. */
    checkId: integer('check_id'),
    hostId: integer('host_id'),
    state: text({ enum: ['firing', 'acknowledged', 'resolved'] }).notNull(),
    count: integer().notNull().default(1),
    version: integer().notNull().default(1),
    /** How many times people were to be mentioned again, and the reason of the last time. */
    mentionCount: integer('mention_count').notNull().default(0),
    mentionReason: text('mention_reason', { enum: MENTION_REASONS }),
    /** When the problem began. */
    since: integer().notNull(),
    firedAt: integer('fired_at').notNull(),
    seenAt: integer('seen_at').notNull(),
    acknowledgedAt: integer('acknowledged_at'),
    acknowledgedBy: text('acknowledged_by'),
    /** When the acknowledgement expires; null is never. */
    acknowledgedUntil: integer('acknowledged_until'),
    note: text(),
    snoozedUntil: integer('snoozed_until'),
    snoozedBy: text('snoozed_by'),
    remindEvery: integer('remind_every').notNull().default(0),
    /** The next instant at which time alone changes the alert: a reminder, or the end of a snooze. */
    wakeAt: integer('wake_at'),
    /** Why nobody is notified of it for now; null when nothing suppresses it. A card posted before stays up to date. */
    suppression: text({ enum: SUPPRESSIONS }),
    /** The silence, the maintenance, or the alert (root cause or storm) that suppresses it. */
    suppressorId: integer('suppressor_id'),
    /** The suppression in words, `silence 3 by Ann`; kept after it ends, for the card. */
    suppressionReason: text('suppression_reason'),
    /** When time alone ends the suppression; null when something else must. */
    suppressedUntil: integer('suppressed_until'),
    /** Since when nothing suppresses it; null while something does. */
    releasedAt: integer('released_at'),
    /** How many alerts it has suppressed so far. */
    suppressedCount: integer('suppressed_count').notNull().default(0),
    /** The recent instants (epoch ms) at which it, or the previous alert of its key, fired or resolved automatically. */
    transitionTimes: text('transition_times', { mode: 'json' }).$type<number[]>().notNull().default([]),
    /** Since when it is flapping; null when it is not. */
    flappingSince: integer('flapping_since'),
    /** When a flapping alert resolves if it stays clear, or a storm subsides if no more alerts fire. */
    stableAt: integer('stable_at'),
    resolvedAt: integer('resolved_at'),
    resolvedBy: text('resolved_by'),
    /** Some channel may not show the newest version yet. Only narrows the outbox query. */
    undelivered: integer({ mode: 'boolean' }).notNull().default(false),
    /** When the cards are updated with repeats that were only counted; null when they show everything. */
    cardUpdateAt: integer('card_update_at'),
    /** The version for which its recipients were last resolved. */
    routedVersion: integer('routed_version').notNull().default(0),
    /** The newest line of its timeline that belongs into the thread under its cards. */
    threadLine: integer('thread_line').notNull().default(0),
  },
  table => [
    uniqueIndex('alerts_open').on(table.key).where(sql`state <> 'resolved'`),
    index('alerts_undelivered').on(table.severity, table.id).where(sql`undelivered = 1`),
    index('alerts_wake').on(table.wakeAt).where(sql`wake_at is not null`),
    index('alerts_key').on(table.key, table.id),
    index('alerts_suppressed_until')
      .on(table.suppressedUntil)
      .where(sql`suppressed_until is not null and state <> 'resolved'`),
    index('alerts_released').on(table.projectId, table.releasedAt).where(sql`released_at is not null`),
    index('alerts_stable').on(table.stableAt).where(sql`stable_at is not null`),
    index('alerts_role').on(table.role).where(sql`role is not null and state <> 'resolved'`),
    index('alerts_suppressed')
      .on(table.suppression, table.suppressorId)
      .where(sql`suppression is not null and state <> 'resolved'`),
    index('alerts_card_update').on(table.cardUpdateAt).where(sql`card_update_at is not null`),
    index('alerts_group').on(table.groupId, table.state).where(sql`group_id is not null`),
    index('alerts_group_key')
      .on(table.groupKey, table.projectId)
      .where(sql`group_key is not null and state <> 'resolved'`),
    index('alerts_host').on(table.hostId).where(sql`host_id is not null and state <> 'resolved'`),
  ],
)

/** Everything that happened to an alert: its timeline. */
export const history = sqliteTable(
  'alert_history',
  {
    id: integer().primaryKey(),
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    at: integer().notNull(),
    kind: text({ enum: HISTORY_KINDS }).notNull().default('other'),
    /** How many occurrences the line stands for; more than one only for `repeated`. */
    count: integer().notNull().default(1),
    /** The line in words, for people only. */
    what: text().notNull(),
    by: text(),
    note: text(),
  },
  table => [index('history_alert').on(table.alertId, table.id)],
)

/** Alerts about a host that somebody resolved while the problem persists. */
export const dismissedAlerts = sqliteTable(
  'dismissed_alerts',
  {
    key: text().primaryKey(),
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    severity: text({ enum: SEVERITIES }).notNull(),
    dismissedAt: integer('dismissed_at').notNull(),
  },
  table => [index('dismissed_alerts_host').on(table.hostId)],
)

export const channels = sqliteTable('channels', {
  id: text().primaryKey(),
  name: text().notNull(),
  /** Alerts resolved before this are not posted there. */
  addedAt: integer('added_at').notNull(),
  /** Set while its platform is not configured. */
  removedAt: integer('removed_at'),
  /** Named by the settings, added by a command, or the direct channel of a person. */
  origin: text({ enum: ['settings', 'command', 'person'] })
    .notNull()
    .default('settings'),
  /** The URL of a webhook; other platforms find a channel by its id. */
  address: text(),
  /** The signing secret of a webhook, sealed with the key file beside the database. */
  secretSealed: blob('secret_sealed', { mode: 'buffer' }),
})

export const notifications = sqliteTable(
  'notifications',
  {
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    /** The platform's own reference of the message; null until it is posted. */
    ref: text(),
    shownVersion: integer('shown_version').notNull().default(0),
    /** How many of the alert's mentions were sent there. */
    mentionedCount: integer('mentioned_count').notNull().default(0),
    /** The newest line of the alert's timeline that the thread under the card has. */
    threaded: integer().notNull().default(0),
    /** A message of this kind is being sent with this nonce since `sentAt`, or was when Vakt was killed. */
    sending: text({ enum: ['post', 'reply'] }),
    nonce: text(),
    sentAt: integer('sent_at'),
    attempts: integer().notNull().default(0),
    nextAttemptAt: integer('next_attempt_at'),
    /** Why the last attempt failed; with `failedVersion` there is no further attempt until the alert changes. */
    error: text(),
    failedVersion: integer('failed_version'),
  },
  table => [primaryKey({ columns: [table.alertId, table.channelId] })],
)

/** Links on telephones that run one command line, once. */
export const pressLinks = sqliteTable(
  'press_links',
  {
    /** SHA-256 of the token in the link, hex. */
    tokenHash: text('token_hash').primaryKey(),
    line: text().notNull(),
    channelId: text('channel_id').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
  },
  table => [index('press_links_expiry').on(table.expiresAt)],
)
