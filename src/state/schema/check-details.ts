// The tables of what Healthchecks' API keeps of a check beside its settings, and of its changes of status.
import { index, integer, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { checks } from './checks.ts'
import { flag } from './flag.ts'

/** Only checks that the API, an import or a tag touched have a row. */
export const checkDetails = sqliteTable(
  'check_details',
  {
    checkId: integer('check_id')
      .primaryKey()
      .references(() => checks.id, { onDelete: 'cascade' }),
    /** The name in the API, which may be empty or not unique; it counts while the check is called `forName`. */
    apiName: text('api_name').notNull(),
    forName: text('for_name').notNull(),
    /** Separated by spaces. */
    tags: text().notNull().default(''),
    description: text().notNull().default(''),
    startKeywords: text('start_keywords').notNull().default(''),
    successKeywords: text('success_keywords').notNull().default(''),
    failureKeywords: text('failure_keywords').notNull().default(''),
    filterSubject: flag('filter_subject'),
    filterBody: flag('filter_body'),
    filterHttpBody: flag('filter_http_body'),
    filterDefaultFail: flag('filter_default_fail'),
    /** The channels of its alerts; `["*"]` is all of them, null leaves it to the routes. */
    channels: text({ mode: 'json' }).$type<readonly string[]>(),
    /** The token of a push URL that an import kept. */
    pushToken: text('push_token'),
  },
  table => [uniqueIndex('check_details_push_token').on(table.pushToken)],
)

/** Every change of the stored status of a check. */
export const checkFlips = sqliteTable(
  'check_flips',
  {
    id: integer().primaryKey(),
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    at: integer().notNull(),
    oldStatus: text('old_status', { enum: ['new', 'up', 'down', 'paused'] }).notNull(),
    newStatus: text('new_status', { enum: ['new', 'up', 'down', 'paused'] }).notNull(),
  },
  table => [index('check_flips_check').on(table.checkId, table.id)],
)
