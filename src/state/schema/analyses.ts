// The tables of analyses: what was asked and found, what it cost, and for which projects it happens by itself.

import { index, integer, primaryKey, sql, sqliteTable, text } from '../orm.ts'
import { alerts } from './alerts.ts'
import { projects } from './projects.ts'

export const analyses = sqliteTable(
  'analyses',
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    kind: text({ enum: ['logs', 'alert', 'host', 'container', 'question'] }).notNull(),
    /** What it was about, in words for people: `alert 42: api is slow`. */
    subject: text().notNull(),
    question: text(),
    alertId: integer('alert_id').references(() => alerts.id, { onDelete: 'set null' }),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'set null' }),
    /** The analysis that this question follows up. */
    parentId: integer('parent_id'),
    askedBy: text('asked_by').notNull(),
    automatic: integer({ mode: 'boolean' }).notNull().default(false),
    /** Names question, model and evidence; the same one again is answered from here. */
    digest: text().notNull(),
    /** `report` is the evidence alone. */
    outcome: text({ enum: ['cause_found', 'likely', 'inconclusive', 'healthy', 'report'] }).notNull(),
    headline: text().notNull(),
    model: text(),
    /** Millionths of a dollar. */
    cost: integer().notNull().default(0),
    /** What the model said that held, as JSON; null for a report. */
    verdict: text(),
    /** Why no model answered, as a sentence; null when one did. */
    noModelReason: text('why'),
    /** The evidence, as JSON, for questions that follow; forgotten after a day. */
    pack: text(),
  },
  table => [
    index('analyses_digest').on(table.digest),
    index('analyses_alert').on(table.alertId).where(sql`alert_id is not null`),
    index('analyses_pack').on(table.at).where(sql`pack is not null`),
  ],
)

/** What calls to models cost: reserved before a call, settled after it. One that was never settled counts as spent. */
export const spending = sqliteTable(
  'spending',
  {
    id: integer().primaryKey(),
    at: integer().notNull(),
    /** Who asked, such as `slack:U123`. */
    person: text().notNull(),
    model: text().notNull(),
    /** Millionths of a dollar: the most it could cost, and what it did. */
    reserved: integer().notNull(),
    spent: integer(),
    inputTokens: integer('input_tokens'),
    outputTokens: integer('output_tokens'),
  },
  table => [index('spending_at').on(table.at), index('spending_person').on(table.person, table.at)],
)

/** The projects whose critical alerts are analysed by themselves. */
export const automaticAnalyses = sqliteTable('automatic_analyses', {
  projectId: integer('project_id')
    .primaryKey()
    .references(() => projects.id, { onDelete: 'cascade' }),
  by: text().notNull(),
  at: integer().notNull(),
})

/** Messages that wait for their answer; what is left here when Vakt starts was interrupted. */
export const pendingAnswers = sqliteTable('pending_answers', {
  id: integer().primaryKey(),
  channelId: text('channel_id').notNull(),
  ref: text().notNull(),
  title: text().notNull(),
  /** The command line that asks again. */
  retryLine: text('again').notNull(),
  at: integer().notNull(),
})

/** Executables on Vakt's host that explain alerts. */
export const analyzers = sqliteTable('analyzers', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** The absolute path of the file, without links in it. */
  file: text().notNull(),
  /** Which alerts it runs for, in the language of matchers; empty is all. */
  matcher: text().notNull().default(''),
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
  /** How long it may run, ms. */
  timeout: integer().notNull(),
  createdAt: integer('created_at').notNull(),
  createdBy: text('created_by').notNull(),
})

/** For which alerts each analyzer ran, and how that ended. */
export const analyzerRuns = sqliteTable(
  'analyzer_runs',
  {
    analyzerId: integer('analyzer_id')
      .notNull()
      .references(() => analyzers.id, { onDelete: 'cascade' }),
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
    /** Why there is no answer, as a sentence; null when there is one, or the run has not ended. */
    failure: text(),
    analysisId: integer('analysis_id'),
  },
  table => [
    primaryKey({ columns: [table.analyzerId, table.alertId] }),
    index('analyzer_runs_time').on(table.startedAt),
  ],
)
