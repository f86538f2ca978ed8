// Every table of the state; those of alerts and hosts are in files of their own. Instants are epoch ms, durations ms; JSON columns are typed here.

import { blob, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from './orm.ts'

export * from './action-schema.ts'
export * from './alert-schema.ts'
export * from './analysis-schema.ts'
export * from './archive-schema.ts'
export * from './counter-schema.ts'
export * from './hold-schema.ts'
export * from './host-schema.ts'
export * from './route-schema.ts'
export * from './rule-schema.ts'

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
  /** After how long an acknowledgement ends by itself unless it says, ms; 0 is never. */
  ackTimeout: integer('ack_timeout').notNull().default(0),
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
    /** Its beats reach Vakt without the internet: it is judged while Vakt is offline too. */
    lan: flag('lan'),
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
    index('checks_host').on(table.host, table.projectId).where(sql`host is not null`),
    index('checks_depends_on').on(table.projectId, table.dependsOn).where(sql`depends_on is not null`),
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
export const absences = sqliteTable(
  'absences',
  {
    id: integer().primaryKey(),
    from: integer('from_at').notNull(),
    to: integer('to_at').notNull(),
    kind: text({ enum: ['stopped', 'asleep', 'offline'] }).notNull(),
  },
  table => [index('absences_to').on(table.to)],
)
