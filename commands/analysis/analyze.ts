// Asking what happened: about logs, an alert, a host or a container, further questions, and what was answered before.
import { z } from 'zod'
import { countFollowed, countFollowing, findAnalysis, newestAnalysis } from '../../src/analysis/analyses.ts'
import type { Question } from '../../src/analysis/analyst.ts'
import { listAutomatic, setAutomatic } from '../../src/analysis/automatic-analyses.ts'
import type { Subject } from '../../src/analysis/evidence/gather.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { alertNumber, type Context, command, duration, projectName } from '../context.ts'
import { queryArguments } from '../logs/log-query.ts'
import { searchLine } from '../logs/logs.ts'
import { answered, answeredUnder } from './analyze-answers.ts'
import { analyzeHistory } from './analyze-history.ts'
import { logsSubject, namedSubject, ofAlert } from './analyze-subjects.ts'

const MOST_FOLLOWING = 10
const SHOWN_AS_TEXT = 1_500

const asking = () => ({
  question: z.string().max(1_000).optional().describe('What you want to know; what happened and why, unless said'),
  deep: z.boolean().optional().describe('Ask the stronger model at once'),
  fresh: z.boolean().optional().describe('Ask anew, though the same was answered lately'),
})
const lookback = () => duration().optional().describe('Over the last 15m, 2h, 1d; 1h unless said')

const logs = command({
  name: 'analyze logs',
  summary: 'Say what happened in the logs, with evidence for every claim',
  details:
    'The window is compared with as long before it. Every citation is checked by code and opens its line. Without an AI key the evidence itself is the answer. "analyze preview" shows what would leave the machine.',
  examples: ['analyze logs', 'analyze logs source:api --last 2h', 'analyze logs --question "why are orders slow?"'],
  role: 'responder',
  changes: false,
  args: { ...queryArguments(), ...asking() },
  run(args, context) {
    const line = searchLine('analyze logs', args)
    return answered(ask('logs', logsSubject(args, context), args, context), context, line)
  },
})

const alert = command({
  name: 'analyze alert',
  summary: 'Say what led to an alert; the answer comes under its card',
  examples: ['analyze alert 42', 'analyze alert 42 --question "did the deploy do it?"'],
  role: 'responder',
  changes: false,
  args: { alert: alertNumber().describe('Alert number, such as 42'), ...asking() },
  run(args, context) {
    const question = { ...ask('alert', ofAlert(args.alert, undefined, context), args, context), alertId: args.alert }
    return answeredUnder(args.alert, question, context, `analyze alert ${args.alert}`)
  },
})

const host = command({
  name: 'analyze host',
  summary: 'Say what happened on a host',
  examples: ['analyze host web-1 --last 2h'],
  role: 'responder',
  changes: false,
  args: {
    host: positional(z.string().min(1).max(200)).describe('Name of the host, as its lines carry it'),
    last: lookback(),
    project: projectName().optional().describe('Only of this project'),
    ...asking(),
  },
  run(args, context) {
    const line = searchLine(`analyze host ${quoteWord(args.host)}`, { ...args, query: undefined })
    return answered(ask('host', namedSubject('host', args.host, args, context), args, context), context, line)
  },
})

const container = command({
  name: 'analyze container',
  summary: 'Say what happened in a container',
  examples: ['analyze container api --last 30m'],
  role: 'responder',
  changes: false,
  args: {
    container: positional(z.string().min(1).max(200)).describe('Name of the container'),
    last: lookback(),
    project: projectName().optional().describe('Only of this project'),
    ...asking(),
  },
  run(args, context) {
    const line = searchLine(`analyze container ${quoteWord(args.container)}`, { ...args, query: undefined })
    const subject = namedSubject('container', args.container, args, context)
    return answered(ask('container', subject, args, context), context, line)
  },
})

const further = command({
  name: 'analyze ask',
  summary: 'Ask further about the evidence of an earlier analysis',
  examples: ['analyze ask "was it the deploy?"', 'analyze ask --analysis 7 "which customers saw it?"'],
  role: 'responder',
  changes: false,
  args: {
    question: positional(z.string().trim().min(1).max(1_000)).describe('What you want to know'),
    analysis: z.number().int().positive().optional().describe('Number of the analysis; your newest unless said'),
    deep: z.boolean().optional().describe('Ask the stronger model at once'),
  },
  run(args, context) {
    const { state, by } = context
    const parent = args.analysis === undefined ? newestAnalysis(state, by.name) : findAnalysis(state, args.analysis)
    if (!parent)
      throw new Problem('not_found', 'Nothing was analysed yet. Begin with "analyze logs" or "analyze alert".')
    const { pack } = parent
    if (pack === null)
      throw new Problem('conflict', `The evidence of analysis ${parent.id} is over a day old and gone. Analyse anew.`)
    if (countFollowing(state, parent.id) >= MOST_FOLLOWING || countFollowed(state, parent.id) >= MOST_FOLLOWING)
      throw new Problem(
        'limited',
        `The evidence of analysis ${parent.id} was asked about ${MOST_FOLLOWING} times. Analyse anew to go on.`,
      )
    const { where, from, until } = pack
    const subject = { title: parent.subject, where, from, until, projectId: parent.projectId }
    const question = ask('question', subject, args, context)
    const line = `analyze ask --analysis ${parent.id} --question=${quoteWord(question.question ?? '')}`
    const asked = { ...question, parent, alertId: parent.alertId }
    return context.place && parent.alertId !== null
      ? answeredUnder(parent.alertId, asked, context, line)
      : answered(asked, context, line)
  },
})

const preview = command({
  name: 'analyze preview',
  summary: 'Show exactly what would leave this machine for a model',
  details: 'Nothing is sent. Secrets are masked and people are pseudonyms already, as in the real question.',
  examples: ['analyze preview --last 30m', 'analyze preview --alert 42'],
  role: 'responder',
  changes: false,
  args: {
    ...queryArguments(),
    alert: z.number().int().positive().optional().describe('Preview the analysis of this alert'),
    question: z.string().max(1_000).optional().describe('With this question'),
  },
  async run({ alert: id, question, ...words }, context) {
    const subject = id === undefined ? logsSubject(words, context) : ofAlert(id, words.project, context)
    const { text, concealed } = await context.analyst.preview(subject, question ?? null)
    const hidden = Object.entries(concealed).map(([kind, count]) => `${kind} (${count})`)
    const models = context.analyst.models()
    return {
      card: {
        title: `What would leave for an analysis of ${subject.title}`,
        tone: 'plain',
        lines: [
          models === null
            ? 'No model is set up, so nothing leaves.'
            : `It would go to ${models.first}${models.first === models.second ? '' : `, and to ${models.second} where that does not suffice`}. The model may look up more lines of the same time, concealed in the same way. With it go the forms of an answer and of a look-up, which are always the same.`,
          hidden.length === 0 ? 'Nothing had to be concealed in it.' : `Concealed in it: ${hidden.join(', ')}.`,
        ],
        ...(text.length <= SHOWN_AS_TEXT
          ? { code: { text } }
          : { file: { name: 'preview.txt', content: new TextEncoder().encode(text) } }),
      },
      result: { text, concealed, models },
    }
  },
})

const auto = command({
  name: 'analyze auto',
  summary: 'Analyse the critical alerts of a project by themselves, or stop that',
  details: 'Twenty seconds after a critical alert fires its analysis comes under its cards; six an hour at the most.',
  examples: ['analyze auto on', 'analyze auto off --project shop'],
  role: 'admin',
  args: {
    state: positional(z.enum(['on', 'off'])).describe('on or off'),
    project: completes(z.string().max(64), 'project').optional().describe('The project, default unless said'),
  },
  run({ state: wanted, project: name }, { state, by, now }) {
    const project = findProject(state, name)
    setAutomatic(state, project.id, wanted === 'on', by.name, now)
    const what = wanted === 'on' ? 'are analysed by themselves from now on' : 'are analysed only when asked'
    return {
      card: { title: `Critical alerts of ${project.name} ${what}`, tone: 'good' },
      result: { projects: listAutomatic(state) },
    }
  },
})

export const analyzeCommands = [logs, alert, host, container, further, preview, analyzeHistory, auto]

type Asked = { question?: string | undefined; deep?: boolean | undefined; fresh?: boolean | undefined }

function ask(kind: Question['kind'], subject: Subject, args: Asked, { by }: Context): Question {
  const { question, deep = false, fresh = false } = args
  return {
    ...{
      kind,
      subject,
      // It is kept, and shown under the card for everybody.
      question: redact(question?.trim() ?? '') || null,
      automatic: false,
      deep,
      fresh,
      alertId: null,
      parent: null,
    },
    by: { person: `${by.platform}:${by.id}`, name: by.name },
  }
}
