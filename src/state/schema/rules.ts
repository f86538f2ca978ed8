// The tables of detection rules, and of the conditions that each of them is evaluating.
import { SEVERITIES } from '../../severity.ts'
import { index, integer, real, sqliteTable, text } from '../orm.ts'
import { projects } from './projects.ts'

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

/** What the settings mean depends on the kind, see src/detectors/rules/kinds. */
export const rules = sqliteTable('rules', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** The name of a rule kind. */
  kind: text().notNull(),
  /** Null is every project. */
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
  /** Which lines, hosts or containers, in the search language; empty is all. */
  matcher: text().notNull().default(''),
  /** Lines, percent or the metric's own unit. */
  threshold: real(),
  operator: text({ enum: ['>', '>=', '<', '<='] }),
  /** The name of a metric; null counts lines. */
  metric: text(),
  /** The time window, ms. */
  window: integer(),
  /** What is evaluated separately. */
  per: text({ enum: ['everywhere', 'source', 'host', 'container'] })
    .notNull()
    .default('everywhere'),
  /** How long the condition must be true before the alert fires, ms. */
  for: integer('for_ms').notNull().default(0),
  /** How long the condition must be false before the alert is resolved, ms. */
  keepFiring: integer('keep_firing_ms').notNull(),
  /** The minimum number of lines or errors. */
  minimum: integer(),
  /** Whether the threshold is raised for errors or sources with a high baseline. */
  baseline: flag('baseline'),
  /** How many times the baseline is allowed. */
  factor: real().notNull().default(2),
  severity: text({ enum: SEVERITIES }).notNull(),
  owner: text(),
  /** How often the alert is repeated until it is acknowledged, ms; 0 is never, null is as the project. */
  remindEvery: integer('remind_every'),
  /** A title with placeholders such as `{where}`; null is the kind's own. */
  title: text(),
  /** A note for the card: what to do, where the runbook is. */
  note: text(),
  /** Alerts of the rule with the same values of these labels share one card; an empty list is one card for all of them. */
  groupBy: text('group_by', { mode: 'json' }).$type<string[]>(),
  paused: flag('paused'),
  createdAt: integer('created_at').notNull(),
  createdBy: text('created_by').notNull(),
})

/** A condition of a rule, by the key of its alert: pending until it has lasted, then firing. */
export const ruleStates = sqliteTable(
  'rule_states',
  {
    key: text().primaryKey(),
    ruleId: integer('rule_id')
      .notNull()
      .references(() => rules.id, { onDelete: 'cascade' }),
    state: text({ enum: ['pending', 'firing'] }).notNull(),
    /** When the condition began, epoch ms. */
    since: integer().notNull(),
    /** When the condition was last true, epoch ms. */
    lastAt: integer('last_at').notNull(),
    /** When time alone may change it, epoch ms. */
    evaluateAt: integer('evaluate_at').notNull(),
    /** How many lines of an error are on the alert. */
    reported: integer().notNull().default(0),
    /** Whether a person resolved its alert: it is not reported again before the condition was false. */
    dismissed: flag('dismissed'),
    /** What it is about: the id of an error or a source, or what a rule evaluates separately. */
    subject: text().notNull().default(''),
    /** The worst value. */
    value: real().notNull(),
  },
  table => [index('rule_states_due').on(table.evaluateAt), index('rule_states_rule').on(table.ruleId)],
)
