// The table of live boards: one message in a channel, edited in place.
import { integer, sqliteTable, text } from '../orm.ts'
import { flag } from './flag.ts'
import { projects } from './projects.ts'

export const boards = sqliteTable('boards', {
  /** The id of the channel; it has one board. */
  channelId: text('channel_id').primaryKey(),
  /** The project that it shows; null for all. */
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
  /** The message; null while there is none. */
  ref: text(),
  /** Identifies the message while its answer is unknown, and since when it may be there. */
  nonce: text().notNull(),
  sentAt: integer('sent_at'),
  isPinned: flag('is_pinned'),
  setBy: text('set_by').notNull(),
  createdAt: integer('created_at').notNull(),
})
