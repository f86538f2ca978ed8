// The tables of probes: what each check that looks for itself asks, and what came back, compactly.
import { blob, index, integer, primaryKey, sqliteTable, text } from '../orm.ts'
import { checks } from './checks.ts'
import { flag } from './flag.ts'

/** A check with a row here is a probe: Vakt asks the target itself and expects no beats. */
export const probes = sqliteTable('probes', {
  checkId: integer('check_id')
    .primaryKey()
    .references(() => checks.id, { onDelete: 'cascade' }),
  /** The name of its kind: http, tcp, dns … */
  kind: text().notNull(),
  /** What it asks, as people write it; for a command the name of the host. */
  target: text().notNull(),
  command: text(),
  expectStatus: text('expect_status'),
  /** Expectations of the answer, one a line; all must hold. */
  expect: text().notNull().default(''),
  method: text().notNull().default('GET'),
  /** The names of the headers, one a line; their values are secrets. */
  headerNames: text('header_names').notNull().default(''),
  headersSealed: blob('headers_sealed', { mode: 'buffer' }),
  timeout: integer().notNull(),
  insecure: flag('insecure'),
  /** Days before the end of a certificate from which it alerts; 0 is never. */
  certDays: integer('cert_days').notNull(),
  /** The addresses that it may connect to: all, or public ones and the networks of PROBE_ALLOW. */
  reach: text({ enum: ['any', 'public'] }).notNull(),
  changedAt: integer('changed_at').notNull(),
  /** From where it is asked: names of satellites and `main`, one a line; null is only from here. */
  via: text(),
  /** How many viewpoints must find it down; null is most of those that are up. */
  quorum: integer(),
  /** The last result. */
  lastAt: integer('last_at'),
  lastOk: integer('last_ok', { mode: 'boolean' }),
  lastMessage: text('last_message'),
  lastAddress: text('last_address'),
  certificateEndsAt: integer('certificate_ends_at'),
})

/** The results of an hour: how long the target was up and down, and each response time (see `packed-results.ts`). */
export const probeHours = sqliteTable(
  'probe_hours',
  {
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    hour: integer().notNull(),
    upMs: integer('up_ms').notNull(),
    downMs: integer('down_ms').notNull(),
    results: blob({ mode: 'buffer' }).notNull(),
  },
  table => [primaryKey({ columns: [table.checkId, table.hour] }), index('probe_hours_hour').on(table.hour)],
)

/** What is kept of a day (UTC) once its hours are deleted. Response times in ms, null without an answer. */
export const probeDays = sqliteTable(
  'probe_days',
  {
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    day: integer().notNull(),
    upMs: integer('up_ms').notNull(),
    downMs: integer('down_ms').notNull(),
    succeeded: integer().notNull(),
    failed: integer().notNull(),
    p50: integer(),
    p95: integer(),
    maximum: integer(),
  },
  table => [primaryKey({ columns: [table.checkId, table.day] })],
)
