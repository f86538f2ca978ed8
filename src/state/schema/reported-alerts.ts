// The table of alerts that other programs report: when they last did, and when an alert without news ends.
import { index, integer, sql, sqliteTable } from '../orm.ts'
import { alerts } from './alerts.ts'

export const reportedAlerts = sqliteTable(
  'reported_alerts',
  {
    alertId: integer('alert_id')
      .primaryKey()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    /** When its last report came. */
    reportedAt: integer('reported_at').notNull(),
    /** The sender's own time of that report; an older one that comes later changes nothing. */
    sentAt: integer('sent_at'),
    /** How long after its last report it ends without another one, ms; null is never. */
    silenceMs: integer('silence_ms'),
    /** When that is looked at; null when it never ends by itself, or has ended. */
    dueAt: integer('due_at'),
  },
  table => [index('reported_alerts_due').on(table.dueAt).where(sql`due_at is not null`)],
)
