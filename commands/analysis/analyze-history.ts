// Lists earlier analyses, and shows one again.
import { z } from 'zod'
import { findAnalysis, listAnalyses } from '../../src/analysis/analyses.ts'
import { answerCard, expiredAnswerCard } from '../../src/analysis/answer-card.ts'
import { packCard } from '../../src/analysis/evidence/pack-card.ts'
import { formatDollars } from '../../src/analysis/model/price.ts'
import { readSpending } from '../../src/analysis/model/spending.ts'
import type { Button, Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { truncate } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'
import { analysisResult, writeOutButtons } from './analyze-answers.ts'

const DEFAULT_LIMIT = 10
const MAX_SHOW_BUTTONS = 4
const MAX_QUESTION_LENGTH = 80

export const analyzeHistory = command({
  name: 'analyze history',
  summary: 'List earlier analyses, or show one again',
  examples: ['analyze history', 'analyze history certificate', 'analyze history --show 7'],
  role: 'responder',
  changes: false,
  args: {
    words: positional(z.string().max(200).optional()).describe('Words in the question or the answer'),
    alert: z.number().int().positive().optional().describe('Only analyses of this alert'),
    project: projectName().optional().describe('Only analyses of this project'),
    show: z.number().int().positive().optional().describe('Number of one analysis to show'),
    evidence: z.boolean().optional().describe('Show its evidence instead of its answer'),
    before: z.number().int().positive().optional().describe('Only analyses with a smaller number'),
    limit: z.number().int().min(1).max(100).optional().describe('Number of analyses (default: 10)'),
  },
  run({ show, evidence = false, ...filter }, context) {
    return show === undefined ? listHistory(filter, context) : showAnalysis(show, evidence, filter.project, context)
  },
})

type HistoryFilter = {
  words?: string | undefined
  alert?: number | undefined
  project?: string | undefined
  before?: number | undefined
  limit?: number | undefined
}

function listHistory(
  { words, alert, project, before, limit = DEFAULT_LIMIT }: HistoryFilter,
  { state, now, config }: Context,
) {
  const spent = readSpending(state, now, config.timeZone)
  const found = listAnalyses(state, {
    ...{ limit: limit + 1 },
    ...(words === undefined ? {} : { words }),
    ...(alert === undefined ? {} : { alertId: alert }),
    ...(before === undefined ? {} : { before }),
    ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
  })
  const page = found.slice(0, limit)
  const more = found.length > limit ? page.at(-1) : undefined
  const line = [
    'analyze history',
    ...(words ? [quoteWord(words)] : []),
    ...(alert ? [`--alert ${alert}`] : []),
    ...(project ? [`--project ${project}`] : []),
  ].join(' ')
  const older: Button[] = more ? [{ label: 'Older', line: `${line} --before ${more.id}` }] : []
  return {
    card: {
      title: page.length === 0 ? 'No analyses' : 'Analyses, newest first',
      tone: 'plain' as const,
      lines:
        page.length === 0
          ? ['"analyze logs" analyzes the last hour, "analyze alert 42" the cause of an alert.']
          : page.map(
              (analysis): Text => [
                { bold: `${analysis.id}` },
                ` · ${analysis.headline} · ${analysis.subject}${writeQuestion(analysis.question)} · ${analysis.askedBy} · `,
                { time: analysis.at, style: 'relative' },
              ],
            ),
      buttons: [
        ...page
          .slice(0, MAX_SHOW_BUTTONS)
          .map(({ id }) => ({ label: `Show ${id}`, line: `analyze history --show ${id}` })),
        ...older,
      ],
      footer: `Model costs: ${formatDollars(spent.day)} of ${formatDollars(config.ai.dailyBudgetUsd * 1e6)} today, ${formatDollars(spent.month)} of ${formatDollars(config.ai.monthlyBudgetUsd * 1e6)} this month`,
    },
    result: {
      analyses: page.map(analysis => ({
        id: analysis.id,
        at: isoTime(analysis.at),
        kind: analysis.kind,
        subject: analysis.subject,
        question: analysis.question,
        outcome: analysis.outcome,
        headline: analysis.headline,
        asked_by: analysis.askedBy,
        automatic: analysis.automatic,
      })),
      next_before: more?.id ?? null,
      spent_usd: { day: spent.day / 1e6, month: spent.month / 1e6 },
    },
  }
}

/** The question of an analysis; questions about the same evidence share their subject. */
function writeQuestion(question: string | null): string {
  if (question === null) return ''
  return ` · “${truncate(question, MAX_QUESTION_LENGTH)}”`
}

function showAnalysis(id: number, evidence: boolean, project: string | undefined, context: Context) {
  const { state } = context
  const analysis = findAnalysis(state, id)
  if (project !== undefined && analysis.projectId !== findProject(state, project).id)
    throw new Problem('not_found', `There is no analysis ${id} in project "${project}".`)
  const { pack } = analysis
  if (pack === null && evidence)
    throw new Problem('conflict', `The evidence of analysis ${id} was deleted after a day. Analyze again.`)
  const card =
    pack === null
      ? expiredAnswerCard(analysis)
      : evidence
        ? packCard(pack, null)
        : answerCard({ analysis, pack, cachedAt: null })
  return { card: writeOutButtons(card, context), result: analysisResult({ analysis, pack, cachedAt: null }) }
}
