// The table of forwards: where log lines and alerts are sent on to, and how far each has come.
import { blob, integer, sqliteTable, text } from '../orm.ts'

export const FORWARD_KINDS = ['webhook', 'loki', 'otlp', 'syslog', 'alertmanager'] as const

export const forwards = sqliteTable('forwards', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  kind: text({ enum: FORWARD_KINDS }).notNull(),
  /** The address without what may be secret in it, for people. */
  shownAddress: text('shown_address').notNull(),
  /** The address and the headers as JSON, encrypted by the vault: they may hold keys. */
  targetSealed: blob('target_sealed', { mode: 'buffer' }).notNull(),
  /** The project of the lines or alerts; null for all. */
  projectId: integer('project_id'),
  /** The query that lines must match; empty for all. */
  query: text().notNull(),
  /** The position of the last line that was sent or did not match. */
  position: integer().notNull(),
  /** Lines or alerts that arrived, and lines that the receiver refused for what they are. */
  sent: integer().notNull().default(0),
  refused: integer().notNull().default(0),
  lastSentAt: integer('last_sent_at'),
  /** Failures in a row, since when, and the last one in words; 0 and null while all is well. */
  failures: integer().notNull().default(0),
  failingSince: integer('failing_since'),
  lastError: text('last_error'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})
