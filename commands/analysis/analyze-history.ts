// What was analysed before: found again by its words, and shown again.
import { z } from 'zod'
import { findAnalysis, listAnalyses } from '../../src/analysis/analyses.ts'
import { answerCard, oldAnswerCard } from '../../src/analysis/answer-card.ts'
import { packCard } from '../../src/analysis/evidence/pack-card.ts'
import { formatDollars } from '../../src/analysis/model/price.ts'
import { spentLately } from '../../src/analysis/model/spending.ts'
import type { Button, Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'
import { analysisResult, spelledOut } from './analyze-answers.ts'

const PAGE = 10
const SHOWN_QUESTION = 80

export const analyzeHistory = command({
  name: 'analyze history',
  summary: 'Find earlier analyses, or show one again',
  examples: ['analyze history', 'analyze history certificate', 'analyze history --show 7'],
  role: 'responder',
  changes: false,
  args: {
    words: positional(z.string().max(200).optional()).describe('Words in the question or the answer'),
    alert: z.number().int().positive().optional().describe('Only of this alert'),
    project: projectName().optional().describe('Only of this project'),
    show: z.number().int().positive().optional().describe('Show the analysis of this number'),
    evidence: z.boolean().optional().describe('Show its evidence instead of its answer'),
    before: z.number().int().positive().optional().describe('Only analyses with a smaller number than this'),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 10 unless said'),
  },
  run({ show, evidence = false, ...filter }, context) {
    return show === undefined ? listed(filter, context) : shown(show, evidence, filter.project, context)
  },
})

type Filter = {
  words?: string | undefined
  alert?: number | undefined
  project?: string | undefined
  before?: number | undefined
  limit?: number | undefined
}

function listed({ words, alert, project, before, limit = PAGE }: Filter, { state, now, config }: Context) {
  const spent = spentLately(state, now, config.timeZone)
  const found = listAnalyses(state, {
    ...{ limit: limit + 1 },
    ...(words === undefined ? {} : { words }),
    ...(alert === undefined ? {} : { alertId: alert }),
    ...(before === undefined ? {} : { before }),
    ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
  })
  const page = found.slice(0, limit)
  const more = found.length > limit ? page.at(-1) : undefined
  const again = [
    'analyze history',
    ...(words ? [quoteWord(words)] : []),
    ...(alert ? [`--alert ${alert}`] : []),
    ...(project ? [`--project ${project}`] : []),
  ].join(' ')
  const older: Button[] = more ? [{ label: 'Older', line: `${again} --before ${more.id}` }] : []
  return {
    card: {
      title: page.length === 0 ? 'No analysis found' : 'Analyses, newest first',
      tone: 'plain' as const,
      lines:
        page.length === 0
          ? ['"analyze logs" asks what happened in the last hour; "analyze alert 42" what led to an alert.']
          : page.map(
              (one): Text => [
                { bold: `${one.id}` },
                ` · ${one.headline} · ${one.subject}${asked(one.question)} · ${one.askedBy} · `,
                { time: one.at, style: 'relative' },
              ],
            ),
      buttons: [
        ...page.slice(0, 4).map(one => ({ label: `Show ${one.id}`, line: `analyze history --show ${one.id}` })),
        ...older,
      ],
      footer: `Spent on models: ${formatDollars(spent.day)} of ${formatDollars(config.ai.dailyBudgetUsd * 1e6)} today, ${formatDollars(spent.month)} of ${formatDollars(config.ai.monthlyBudgetUsd * 1e6)} this month`,
    },
    result: {
      analyses: page.map(one => ({
        ...{ id: one.id, at: isoTime(one.at), kind: one.kind, subject: one.subject, question: one.question },
        ...{ outcome: one.outcome, headline: one.headline, asked_by: one.askedBy, automatic: one.automatic },
      })),
      next_before: more?.id ?? null,
      spent_usd: { day: spent.day / 1e6, month: spent.month / 1e6 },
    },
  }
}

/** Beside the subject, which questions about the same evidence share. */
function asked(question: string | null): string {
  if (question === null) return ''
  const points = Array.from(question)
  return ` · “${points.length > SHOWN_QUESTION ? `${points.slice(0, SHOWN_QUESTION).join('')}…` : question}”`
}

function shown(id: number, evidence: boolean, project: string | undefined, context: Context) {
  const { state } = context
  const analysis = findAnalysis(state, id)
  if (project !== undefined && analysis.projectId !== findProject(state, project).id)
    throw new Problem('not_found', `There is no analysis ${id} in the project ${project}.`)
  const { pack } = analysis
  if (pack === null && evidence)
    throw new Problem('conflict', `The evidence of analysis ${id} is over a day old and gone.`)
  const card =
    pack === null
      ? oldAnswerCard(analysis)
      : evidence
        ? packCard(pack, null)
        : answerCard({ analysis, pack, sameAs: null })
  return { card: spelledOut(card, context), result: analysisResult({ analysis, pack, sameAs: null }) }
}
