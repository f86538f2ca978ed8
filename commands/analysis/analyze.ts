// Analyzes logs, an alert, a host or a container, and answers follow-up questions.
import { z } from 'zod'
import {
  countAncestors,
  countFollowUps,
  findAnalysis,
  listAutomaticProjects,
  readNewestAnalysis,
  setAutomaticAnalysis,
} from '../../src/analysis/analyses.ts'
import type { AnalysisQuestion } from '../../src/analysis/analyst.ts'
import type { AnalysisSubject } from '../../src/analysis/evidence/gather.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { fileName } from '../../src/text.ts'
import { alertNumber, type Context, command, duration, projectName } from '../context.ts'
import { queryArguments } from '../logs/log-query.ts'
import { searchLine } from '../logs/logs.ts'
import { answerDirectly, answerUnderAlert } from './analyze-answers.ts'
import { analyzeHistory } from './analyze-history.ts'
import { findAlertSubject, readLogsSubject, readNamedSubject } from './analyze-subjects.ts'

const MAX_FOLLOW_UPS = 10
const MAX_CODE_LENGTH = 1_500

const questionArguments = () => ({
  question: z.string().max(1_000).optional().describe('Your question (default: what happened and why)'),
  deep: z.boolean().optional().describe('Use the stronger model at once'),
  fresh: z.boolean().optional().describe('Ask again even if the same question was answered recently'),
})
const windowArgument = () => duration().optional().describe('Period until now, such as 15m, 2h or 1d (default: 1h)')

const logs = command({
  name: 'analyze logs',
  summary: 'Explain what happened in the logs, with evidence for every claim',
  details:
    'Vakt compares the period with the one before it. It verifies every citation, and each opens its line. Without an AI model, the answer is the evidence. "analyze preview" shows the text that a model gets.',
  examples: ['analyze logs', 'analyze logs source:api --last 2h', 'analyze logs --question "why are orders slow?"'],
  role: 'responder',
  changes: false,
  args: { ...queryArguments(), ...questionArguments() },
  run(args, context) {
    const line = searchLine('analyze logs', args)
    return answerDirectly(buildQuestion('logs', readLogsSubject(args, context), args, context), context, line)
  },
})

const alert = command({
  name: 'analyze alert',
  summary: 'Explain the cause of an alert, under its card',
  examples: ['analyze alert 42', 'analyze alert 42 --question "did the deploy do it?"'],
  role: 'responder',
  changes: false,
  args: { alert: alertNumber().describe('Alert number, such as 42'), ...questionArguments() },
  run(args, context) {
    const question = {
      ...buildQuestion('alert', findAlertSubject(args.alert, undefined, context), args, context),
      alertId: args.alert,
    }
    return answerUnderAlert(args.alert, question, context, `analyze alert ${args.alert}`)
  },
})

const host = command({
  name: 'analyze host',
  summary: 'Explain what happened on a host',
  examples: ['analyze host web-1 --last 2h'],
  role: 'responder',
  changes: false,
  args: {
    host: positional(z.string().min(1).max(200)).describe('Name of the host in its log lines'),
    last: windowArgument(),
    project: projectName().optional().describe('Only logs of this project'),
    ...questionArguments(),
  },
  run(args, context) {
    const line = searchLine(`analyze host ${quoteWord(args.host)}`, { ...args, query: undefined })
    return answerDirectly(
      buildQuestion('host', readNamedSubject('host', args.host, args, context), args, context),
      context,
      line,
    )
  },
})

const container = command({
  name: 'analyze container',
  summary: 'Explain what happened in a container',
  examples: ['analyze container api --last 30m'],
  role: 'responder',
  changes: false,
  args: {
    container: positional(z.string().min(1).max(200)).describe('Name of the container'),
    last: windowArgument(),
    project: projectName().optional().describe('Only logs of this project'),
    ...questionArguments(),
  },
  run(args, context) {
    const line = searchLine(`analyze container ${quoteWord(args.container)}`, { ...args, query: undefined })
    const subject = readNamedSubject('container', args.container, args, context)
    return answerDirectly(buildQuestion('container', subject, args, context), context, line)
  },
})

const ask = command({
  name: 'analyze ask',
  summary: 'Ask a follow-up question about an earlier analysis',
  examples: ['analyze ask "was it the deploy?"', 'analyze ask --analysis 7 "which customers saw it?"'],
  role: 'responder',
  changes: false,
  args: {
    question: positional(z.string().trim().min(1).max(1_000)).describe('Your question'),
    analysis: z.number().int().positive().optional().describe('Number of the analysis (default: your newest)'),
    deep: z.boolean().optional().describe('Use the stronger model at once'),
  },
  run(args, context) {
    const { state, by } = context
    const parent = args.analysis === undefined ? readNewestAnalysis(state, by.name) : findAnalysis(state, args.analysis)
    if (!parent)
      throw new Problem('not_found', 'There is no analysis yet. Start with "analyze logs" or "analyze alert".')
    if (context.analyst.models() === null)
      throw new Problem(
        'conflict',
        'Vakt cannot answer a question without an AI model: set ANTHROPIC_API_KEY, or AI_PROVIDER, AI_BASE_URL and AI_MODEL.',
      )
    const { pack } = parent
    if (pack === null)
      throw new Problem(
        'conflict',
        `The evidence of analysis ${parent.id} was deleted after a day. Start a new analysis.`,
      )
    if (countFollowUps(state, parent.id) >= MAX_FOLLOW_UPS || countAncestors(state, parent.id) >= MAX_FOLLOW_UPS)
      throw new Problem(
        'limited',
        `Analysis ${parent.id} has ${MAX_FOLLOW_UPS} follow-up questions, the limit. Start a new analysis.`,
      )
    const { where, from, until } = pack
    const subject = { title: parent.subject, where, from, until, projectId: parent.projectId }
    const question = buildQuestion('question', subject, args, context)
    const line = `analyze ask --analysis ${parent.id} --question=${quoteWord(question.question ?? '')}`
    const followUp = { ...question, parent, alertId: parent.alertId }
    return context.place && parent.alertId !== null
      ? answerUnderAlert(parent.alertId, followUp, context, line)
      : answerDirectly(followUp, context, line)
  },
})

const preview = command({
  name: 'analyze preview',
  summary: 'Show the exact text that a model would get',
  details: 'Nothing is sent. Secrets are masked and personal data is pseudonymized, as in a real question.',
  examples: ['analyze preview --last 30m', 'analyze preview --alert 42'],
  role: 'responder',
  changes: false,
  args: {
    ...queryArguments(),
    alert: z.number().int().positive().optional().describe('Number of an alert to preview'),
    question: z.string().max(1_000).optional().describe('Question to include'),
  },
  async run({ alert: id, question, ...words }, context) {
    const subject = id === undefined ? readLogsSubject(words, context) : findAlertSubject(id, words.project, context)
    const { text, concealed } = await context.analyst.preview(subject, question ?? null)
    const hidden = Object.entries(concealed).map(([kind, count]) => `${kind} (${count})`)
    const models = context.analyst.models()
    return {
      card: {
        title: `Preview of the analysis of ${subject.title}`,
        tone: 'plain',
        lines: [
          models === null
            ? 'No AI model is configured, so nothing would be sent.'
            : `It would be sent to ${models.first}${models.first === models.second ? '' : `, and to ${models.second} if the answer is inconclusive`}. The model may look up more lines of the same period, concealed in the same way. The schemas of the answer and of the tools, which never change, are sent too.`,
          hidden.length === 0 ? 'It contains nothing to conceal.' : `Concealed: ${hidden.join(', ')}.`,
        ],
        ...(text.length <= MAX_CODE_LENGTH
          ? { code: { text } }
          : {
              file: {
                name: fileName(`analysis preview ${subject.title}`, context.now, context.config.timeZone, 'txt'),
                content: new TextEncoder().encode(text),
              },
            }),
      },
      result: { text, concealed, models },
    }
  },
})

const auto = command({
  name: 'analyze auto',
  summary: 'Turn automatic analysis of critical alerts on or off',
  details: 'The analysis appears under the card 20 seconds after a critical alert fires, at most six per hour.',
  examples: ['analyze auto on', 'analyze auto off --project shop'],
  role: 'admin',
  args: {
    state: positional(z.enum(['on', 'off'])).describe('on or off'),
    project: completes(z.string().max(64), 'project').optional().describe('Project (default: default)'),
  },
  run({ state: wanted, project: name }, { state, by, now }) {
    const project = findProject(state, name)
    setAutomaticAnalysis(state, project.id, wanted === 'on', by.name, now)
    const title =
      wanted === 'on'
        ? `Automatic analysis is on for critical alerts of ${project.name}`
        : `Automatic analysis is off for ${project.name}`
    return {
      card: { title, tone: 'good' },
      result: { projects: listAutomaticProjects(state) },
    }
  },
})

export const analyzeCommands = [logs, alert, host, container, ask, preview, analyzeHistory, auto]

type QuestionWords = { question?: string | undefined; deep?: boolean | undefined; fresh?: boolean | undefined }

function buildQuestion(
  kind: AnalysisQuestion['kind'],
  subject: AnalysisSubject,
  args: QuestionWords,
  { by }: Context,
): AnalysisQuestion {
  const { question, deep = false, fresh: skipCache = false } = args
  return {
    ...{
      kind,
      subject,
      // The question is stored, and shown to everybody under the card.
      question: redact(question?.trim() ?? '') || null,
      automatic: false,
      deep,
      skipCache,
      alertId: null,
      parent: null,
    },
    askedBy: { person: `${by.platform}:${by.id}`, name: by.name },
  }
}
