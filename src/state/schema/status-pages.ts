// The tables of published status pages: what strangers may see of which checks, and under which names.
import { index, integer, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { checks } from './checks.ts'
import { projects } from './projects.ts'

export const statusPages = sqliteTable('status_pages', {
  id: integer().primaryKey(),
  slug: text().notNull().unique(),
  /** The project that published it; null is the owner of Vakt. */
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
  title: text().notNull(),
  about: text().notNull().default(''),
  /** What it shows while something is down and nobody has written a message. */
  whenDown: text('when_down').notNull(),
  /** What the team says now, and since when. */
  message: text(),
  messageAt: integer('message_at'),
  createdAt: integer('created_at').notNull(),
  createdBy: text('created_by').notNull(),
})

export const statusComponents = sqliteTable(
  'status_components',
  {
    id: integer().primaryKey(),
    pageId: integer('page_id')
      .notNull()
      .references(() => statusPages.id, { onDelete: 'cascade' }),
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    position: integer().notNull(),
    section: text().notNull(),
    /** What strangers read in place of the check's name. */
    name: text().notNull(),
    slug: text().notNull(),
  },
  table => [
    uniqueIndex('status_components_slug').on(table.pageId, table.slug),
    index('status_components_check').on(table.checkId),
  ],
)
