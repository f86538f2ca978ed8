// The tables of detection rules and of what each of them watches at the moment.
import { index, integer, real, sqliteTable, text } from '../orm.ts'
import { projects } from './projects.ts'

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

export const rules = sqliteTable('rules', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  kind: text({
    enum: ['error-spike', 'error-rate', 'new-error', 'regression', 'silence', 'threshold', 'search'],
  }).notNull(),
  /** Null is every project. */
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
  /** Which lines, in the search language; empty is all. */
  matcher: text().notNull().default(''),
  /** Lines, percent or the metric's own unit, by kind. */
  threshold: real(),
  operator: text({ enum: ['>', '>=', '<', '<='] }),
  /** The name of a metric; null counts lines. */
  metric: text(),
  window: integer(),
  /** What is judged apart. */
  per: text({ enum: ['everywhere', 'source', 'host', 'container'] })
    .notNull()
    .default('everywhere'),
  /** How long a threshold must be passed without a break, ms. */
  hold: integer().notNull().default(0),
  /** An alert ends after so long without another occurrence, ms. */
  quiet: integer().notNull(),
  /** Lines or errors there must be at the least. */
  minimum: integer(),
  /** Whether what is usual for an error or a source raises its threshold. */
  baseline: flag('baseline'),
  /** How often as much as usual is allowed. */
  times: real().notNull().default(2),
  severity: text({ enum: ['info', 'warning', 'critical'] }).notNull(),
  owner: text(),
  remindEvery: integer('remind_every'),
  /** A title of people's own, with `{where}` and `{value}`; null is the kind's own. */
  title: text(),
  /** Words for the card: what to do, where the runbook is. */
  note: text(),
  paused: flag('paused'),
  createdAt: integer('created_at').notNull(),
  createdBy: text('created_by').notNull(),
})

/** What a rule sees over time, by the key of its alert: trouble that is not lasting enough yet, or an open alert. */
export const ruleStates = sqliteTable(
  'rule_states',
  {
    key: text().primaryKey(),
    ruleId: integer('rule_id')
      .notNull()
      .references(() => rules.id, { onDelete: 'cascade' }),
    state: text({ enum: ['pending', 'open'] }).notNull(),
    since: integer().notNull(),
    lastAt: integer('last_at').notNull(),
    /** When time alone tells more of it or ends it. */
    endsAt: integer('ends_at').notNull(),
    /** How many occurrences the alert has been told of. */
    counted: integer().notNull().default(0),
    /** What it is about: an error's or source's number, a host's or container's name. */
    subject: text().notNull().default(''),
    /** What was seen at its worst. */
    value: real().notNull(),
  },
  table => [index('rule_states_end').on(table.endsAt), index('rule_states_rule').on(table.ruleId)],
)
