// Every table of the state. Instants are epoch ms, durations ms; JSON columns are typed here.

import type { Field, Text } from '../card.ts'
import { blob, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from './orm.ts'

/** What a detector saw, in the words of the card. */
export type Sighting = { lines: Text[]; fields?: Field[] }

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

/** Single values: when Vakt was last alive, what is registered where. */
export const facts = sqliteTable('facts', { name: text().primaryKey(), value: text().notNull() })

export const projects = sqliteTable('projects', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  pingKey: text('ping_key').notNull().unique(),
  /** Log lines a minute; 0 is no limit. */
  rateLimit: integer('rate_limit').notNull().default(0),
  /** How long log lines are kept, ms; null is the RETENTION setting. */
  retention: integer(),
  /** How often an unacknowledged alert is told again, ms; 0 is never. */
  remindEvery: integer('remind_every').notNull(),
  /** Log lines a minute from one address; 0 is no limit. */
  addressLimit: integer('address_limit').notNull().default(0),
  /** Limits of one log request: bytes, lines, and bytes of one message. */
  bodyLimit: integer('body_limit')
    .notNull()
    .default(512 * 1024),
  lineLimit: integer('line_limit').notNull().default(1000),
  messageLimit: integer('message_limit')
    .notNull()
    .default(64 * 1024),
  /** How long lines with a tag are kept, ms, where that is not the project's retention. */
  tagRetention: text('tag_retention', { mode: 'json' }).$type<Record<string, number>>().notNull().default({}),
  /** What happens to personal data in log lines, by its kind. */
  privacy: text({ mode: 'json' }).$type<Record<string, 'keep' | 'mask' | 'encrypt'>>().notNull().default({}),
  createdAt: integer('created_at').notNull(),
})

export const keys = sqliteTable('keys', {
  id: text().primaryKey(),
  projectId: integer('project_id')
    .notNull()
    .references(() => projects.id, { onDelete: 'cascade' }),
  /** What the key may do: send logs (intake), or commands with a role. */
  role: text({ enum: ['intake', 'viewer', 'responder', 'admin'] }).notNull(),
  /** SHA-256 of the secret, hex. */
  secretHash: text('secret_hash').notNull().unique(),
  /** The secret itself, sealed with the key file beside the database; only for keys limited to signed requests. */
  secretSealed: blob('secret_sealed', { mode: 'buffer' }),
  signed: flag('signed'),
  createdAt: integer('created_at').notNull(),
  revokedAt: integer('revoked_at'),
})

/** Signatures of signed requests that were accepted, until they are too old to be accepted anyway. */
export const signatures = sqliteTable(
  'signatures',
  { digest: text().primaryKey(), expiresAt: integer('expires_at').notNull() },
  table => [index('signatures_expiry').on(table.expiresAt)],
)

/** How much of a limit was used in which minute: what sliding limits remember over a restart. */
export const rates = sqliteTable(
  'rates',
  { key: text().notNull(), minute: integer().notNull(), used: integer().notNull() },
  table => [primaryKey({ columns: [table.key, table.minute] })],
)

/** Log queries that were given a name. */
export const savedSearches = sqliteTable('saved_searches', {
  name: text().primaryKey(),
  query: text().notNull(),
  savedBy: text('saved_by').notNull(),
  savedAt: integer('saved_at').notNull(),
})

export const roles = sqliteTable(
  'roles',
  {
    platform: text().notNull(),
    subject: text().notNull(),
    role: text({ enum: ['viewer', 'responder', 'admin'] }).notNull(),
    setBy: text('set_by').notNull(),
    setAt: integer('set_at').notNull(),
  },
  table => [primaryKey({ columns: [table.platform, table.subject] })],
)

export const audit = sqliteTable('audit', {
  id: integer().primaryKey(),
  at: integer().notNull(),
  platform: text().notNull(),
  actorId: text('actor_id').notNull(),
  actorName: text('actor_name').notNull(),
  /** The command as it would be typed. */
  line: text().notNull(),
  /** `done`, or the sentence of the refusal. */
  outcome: text().notNull(),
})

export const checks = sqliteTable(
  'checks',
  {
    id: integer().primaryKey(),
    projectId: integer('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    uuid: text().notNull().unique(),
    name: text().notNull(),
    slug: text().notNull(),
    /** Exactly one of `every` and `cron` is set. */
    every: integer(),
    cron: text(),
    timeZone: text('time_zone').notNull(),
    grace: integer().notNull(),
    maxRuntime: integer('max_runtime'),
    /** Misses in a row that make it down. */
    after: integer().notNull().default(1),
    active: text(),
    methods: text({ enum: ['', 'POST'] })
      .notNull()
      .default(''),
    startKeywords: text('start_keywords').notNull().default(''),
    successKeywords: text('success_keywords').notNull().default(''),
    failureKeywords: text('failure_keywords').notNull().default(''),
    defaultFail: flag('default_fail'),
    manualResume: flag('manual_resume'),
    host: text(),
    dependsOn: text('depends_on'),
    severity: text({ enum: ['info', 'warning', 'critical'] }).notNull(),
    owner: text(),
    remindEvery: integer('remind_every'),
    status: text({ enum: ['new', 'up', 'down', 'paused'] }).notNull(),
    /** Misses and failures in a row since the last success. */
    misses: integer().notNull().default(0),
    /** When the last miss or failure was due or came, and which it was. */
    missedAt: integer('missed_at'),
    missKind: text('miss_kind', { enum: ['silent', 'failed', 'unfinished'] }),
    /** Last success or failure. */
    lastBeatAt: integer('last_beat_at'),
    lastStartAt: integer('last_start_at'),
    lastStartRid: text('last_start_rid'),
    lastDuration: integer('last_duration'),
    /** When the next beat is due, and when its absence is a miss. */
    lateAt: integer('late_at'),
    downAt: integer('down_at'),
    beats: integer().notNull().default(0),
    createdAt: integer('created_at').notNull(),
  },
  table => [
    index('checks_down_at').on(table.downAt).where(sql`down_at is not null`),
    index('checks_slug').on(table.projectId, table.slug),
    uniqueIndex('checks_name').on(table.projectId, table.name),
  ],
)

export const beats = sqliteTable(
  'beats',
  {
    id: integer().primaryKey(),
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    kind: text({ enum: ['success', 'start', 'fail', 'log', 'ignored'] }).notNull(),
    receivedAt: integer('received_at').notNull(),
    method: text().notNull(),
    scheme: text().notNull(),
    remoteAddress: text('remote_address').notNull(),
    userAgent: text('user_agent').notNull(),
    exitStatus: integer('exit_status'),
    rid: text(),
    duration: integer(),
    /** How many bytes came; `body` holds the first of them. */
    bodyBytes: integer('body_bytes').notNull(),
    body: blob({ mode: 'buffer' }),
  },
  table => [index('beats_check').on(table.checkId, table.id)],
)

/** Times when Vakt could not have received a beat. */
export const absences = sqliteTable('absences', {
  id: integer().primaryKey(),
  from: integer('from_at').notNull(),
  to: integer('to_at').notNull(),
  kind: text({ enum: ['stopped', 'asleep', 'offline'] }).notNull(),
})

export const alerts = sqliteTable(
  'alerts',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    detector: text().notNull(),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'set null' }),
    severity: text({ enum: ['info', 'warning', 'critical'] }).notNull(),
    title: text().notNull(),
    /** What the detector saw: the sentences and fields of the card. */
    seen: text({ mode: 'json' }).$type<Sighting>().notNull(),
    owner: text(),
    state: text({ enum: ['firing', 'acknowledged', 'resolved'] }).notNull(),
    count: integer().notNull().default(1),
    version: integer().notNull().default(1),
    /** How many times people were to be notified anew, and why last. */
    calls: integer().notNull().default(0),
    callReason: text('call_reason', { enum: ['reminder', 'fired again', 'escalated', 'recovered'] }),
    /** When the trouble itself began. */
    since: integer().notNull(),
    firedAt: integer('fired_at').notNull(),
    seenAt: integer('seen_at').notNull(),
    acknowledgedAt: integer('acknowledged_at'),
    acknowledgedBy: text('acknowledged_by'),
    note: text(),
    snoozedUntil: integer('snoozed_until'),
    snoozedBy: text('snoozed_by'),
    remindEvery: integer('remind_every').notNull().default(0),
    /** The next instant at which time alone changes the alert: a reminder, or the end of a snooze. */
    wakeAt: integer('wake_at'),
    resolvedAt: integer('resolved_at'),
    resolvedBy: text('resolved_by'),
    /** Some channel may not show the newest version yet; narrows the outbox query and is never trusted further. */
    undelivered: flag('undelivered'),
  },
  table => [
    uniqueIndex('alerts_open').on(table.key).where(sql`state <> 'resolved'`),
    index('alerts_undelivered').on(table.severity, table.id).where(sql`undelivered = 1`),
    index('alerts_wake').on(table.wakeAt).where(sql`wake_at is not null`),
    index('alerts_key').on(table.key, table.id),
  ],
)

/** Everything that happened to an alert, for its timeline. */
export const history = sqliteTable(
  'alert_history',
  {
    id: integer().primaryKey(),
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    at: integer().notNull(),
    what: text().notNull(),
    by: text(),
    note: text(),
  },
  table => [index('history_alert').on(table.alertId, table.id)],
)

export const channels = sqliteTable('channels', {
  id: text().primaryKey(),
  name: text().notNull(),
  /** Alerts that ended before this are not told there. */
  addedAt: integer('added_at').notNull(),
  /** Set while the platform is configured no more. */
  removedAt: integer('removed_at'),
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
    /** How many of the alert's calls were told there. */
    called: integer().notNull().default(0),
    /** A message of this kind is being sent with this nonce since then, or was when Vakt died. */
    sending: text({ enum: ['post', 'reply'] }),
    nonce: text(),
    sentAt: integer('sent_at'),
    attempts: integer().notNull().default(0),
    nextAttemptAt: integer('next_attempt_at'),
    /** Why the last attempt failed; with `failed` no further one is made until the alert changes. */
    error: text(),
    failedVersion: integer('failed_version'),
  },
  table => [primaryKey({ columns: [table.alertId, table.channelId] })],
)
