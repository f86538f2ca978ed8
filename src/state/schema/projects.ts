// The tables of projects and of what belongs to no other noun: keys, limits, roles, the audit and single values.
import { blob, index, integer, primaryKey, sqliteTable, text } from '../orm.ts'
import { flag } from './flag.ts'

/** Single values: when Vakt was last alive, what is registered where. */
export const facts = sqliteTable('key_values', { name: text().primaryKey(), value: text().notNull() })

export const projects = sqliteTable('projects', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** What its log lines are stored under: it never changes, and no other project ever has it. */
  logName: text('log_name').notNull().unique().default(''),
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
  /** Log lines a minute from one source of a host; 0 is no limit. */
  emitterLimit: integer('emitter_limit').notNull().default(0),
  /** Limits of one log request: bytes, lines, and bytes of one message. `addProject` sets larger ones than these defaults. */
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
  /** The zone (tz database) of times in log lines that name none; null is that of Vakt. */
  timeZone: text('time_zone'),
  createdAt: integer('created_at').notNull(),
})

/** Removed projects: their log lines are purged, and nothing is stored under their `log_name` again. */
export const removedProjects = sqliteTable('removed_projects', {
  logName: text('log_name').primaryKey(),
  name: text().notNull(),
  removedAt: integer('removed_at').notNull(),
  /** When all of its lines were purged; null until then. */
  purgedAt: integer('purged_at'),
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
  /** The secret itself, sealed with the key file beside the database; only for keys limited to signed requests, and for that of ready-made texts. */
  secretSealed: blob('secret_sealed', { mode: 'buffer' }),
  signed: flag('signed'),
  createdAt: integer('created_at').notNull(),
  revokedAt: integer('revoked_at'),
})

/** Signatures of signed requests that were accepted, until they are too old to be accepted anyway. */
export const signatures = sqliteTable(
  'signatures',
  {
    digest: text().primaryKey(),
    expiresAt: integer('expires_at').notNull(),
    /** The record of a satellite that has it; null for a request that came here. */
    owner: text(),
  },
  table => [index('signatures_expiry').on(table.expiresAt)],
)

/** How much of a limit was used in which minute: what sliding limits remember over a restart. */
export const rates = sqliteTable(
  'rates',
  { key: text().notNull(), minute: integer().notNull(), used: integer().notNull() },
  table => [primaryKey({ columns: [table.key, table.minute] })],
)

/** Log queries with a name. Project 0 is for people who see all projects. */
export const savedSearches = sqliteTable(
  'saved_searches',
  {
    projectId: integer('project_id').notNull().default(0),
    name: text().notNull(),
    query: text().notNull(),
    savedBy: text('saved_by').notNull(),
    savedAt: integer('saved_at').notNull(),
  },
  table => [primaryKey({ columns: [table.projectId, table.name] })],
)

/** Log formats that users added, by their project. */
export const logFormats = sqliteTable(
  'log_formats',
  {
    projectId: integer('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    /** RE2, with named groups. */
    pattern: text().notNull(),
    addedBy: text('added_by').notNull(),
    addedAt: integer('added_at').notNull(),
  },
  table => [primaryKey({ columns: [table.projectId, table.name] })],
)

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
  /** The address of a request over HTTP. */
  address: text(),
  /** The key that was created or revoked, or else the key that asked. */
  keyId: text('key_id'),
  /** How many rows or lines were removed. */
  count: integer(),
  /** SHA-256 of the hash of the row before and the content of this one, hex; see `src/projects/audit.ts`. */
  hash: text().notNull().default(''),
})
