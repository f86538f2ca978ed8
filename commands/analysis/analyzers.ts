// The commands about analyzers: executables on Vakt's host that explain alerts under their cards.
import { z } from 'zod'
import { readMatcher } from '../../src/alerts/matcher.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  type Analyzer,
  addAnalyzer,
  findAnalyzer,
  listAnalyzers,
  readNewestRun,
  removeAnalyzer,
} from '../../src/notifications/analyzers/analyzers.ts'
import { checkFile } from '../../src/notifications/analyzers/run-file.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, isoTime, MINUTE, SECOND } from '../../src/time.ts'
import { matcherHints } from '../alerts/matcher-hints.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, duration, projectName, readable, yes } from '../context.ts'

const DEFAULT_TIMEOUT_MS = 30 * SECOND
const MAX_TIMEOUT_MS = 5 * MINUTE
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/

const analyzerName = () => completes(positional(z.string().min(1).max(64)), 'analyzer').describe('Name of the analyzer')
const newName = () =>
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be up to 64 lowercase letters, digits, - and _')

const add = command({
  name: 'analyzers add',
  summary: "Register an executable on Vakt's host that explains alerts; only from the terminal of that host",
  details: [
    'It gets the alert and its evidence as JSON on standard input, without arguments, shell or environment, and answers on',
    'standard output. Claims without a correct citation such as [L3] are dropped. The answer is posted under the card of the alert.',
  ].join(' '),
  examples: [
    'analyzers add disks --file /opt/vakt/analyzers/disks',
    'analyzers add deploys --file /opt/vakt/analyzers/deploys --matcher "project:shop severity:critical" --timeout 1m',
  ],
  role: 'admin',
  args: {
    name: positional(newName()).describe('Name of the new analyzer'),
    file: z.string().trim().min(1).max(1_000).describe('Whole path of the executable on the host of Vakt'),
    matcher: readable(text => {
      readMatcher(text)
      return text
    }, 500)
      .optional()
      .describe('Alerts that it runs for: severity:critical, host:db-* (default: all)'),
    timeout: duration(SECOND).optional().describe('How long it may run (default: 30s, at most 5m)'),
    project: projectName().optional().describe('Only alerts of this project'),
  },
  run({ name, file, matcher = '', timeout = DEFAULT_TIMEOUT_MS, project }, context) {
    refuseChats(context)
    const { state, now, by } = context
    const analyzer = addAnalyzer(state, {
      name,
      file: checkFile(file),
      matcher,
      projectId: project === undefined ? null : findProject(state, project).id,
      timeout: Math.min(timeout, MAX_TIMEOUT_MS),
      createdAt: now,
      createdBy: by.name,
    })
    const warnings = matcherHints(state, matcher)
    return {
      card: {
        title: `The analyzer ${name} is registered`,
        tone: 'good',
        lines: [
          ...warnings,
          analyzerLine(context, analyzer),
          `It runs when an alert has notified people. "analyzers run ${name} --alert 42" tries it.`,
        ],
      },
      result: { analyzer: analyzerResult(context, analyzer), warnings },
    }
  },
})

const list = command({
  name: 'analyzers list',
  summary: 'Show the analyzers, and how the last run of each ended',
  examples: ['analyzers list'],
  role: 'viewer',
  args: {},
  run(_, context) {
    const all = listAnalyzers(context.state)
    return {
      card: {
        title: all.length === 0 ? 'No analyzers' : plural(all.length, 'analyzer'),
        tone: 'plain',
        lines:
          all.length === 0
            ? [
                'An analyzer is an executable on the host of Vakt that explains alerts. In the terminal there: analyzers add disks --file /opt/vakt/analyzers/disks',
              ]
            : all.map(analyzer => analyzerLine(context, analyzer)),
      },
      result: { analyzers: all.map(analyzer => analyzerResult(context, analyzer)) },
    }
  },
})

const remove = command({
  name: 'analyzers remove',
  summary: 'Remove an analyzer; its answers stay',
  examples: ['analyzers remove disks'],
  role: 'admin',
  args: { name: analyzerName(), yes: yes() },
  run({ name, yes }, context) {
    const analyzer = findAnalyzer(context.state, name)
    if (context.interactive && !yes)
      return confirmation(`Remove the analyzer ${name}?`, [analyzerLine(context, analyzer)], {
        line: `analyzers remove ${name}`,
      })
    const result = { analyzer: analyzerResult(context, analyzer) }
    removeAnalyzer(context.state, analyzer)
    return {
      card: { title: `The analyzer ${name} is removed`, tone: 'muted', lines: ['The file stays where it is.'] },
      result,
    }
  },
})

const run = command({
  name: 'analyzers run',
  summary: 'Run an analyzer for an alert now, and show its answer',
  examples: ['analyzers run disks --alert 42'],
  role: 'responder',
  args: {
    name: analyzerName(),
    alert: completes(z.number({ error: 'must be an alert number such as 42' }).int().positive(), 'alert').describe(
      'Alert number, such as 42',
    ),
  },
  async run({ name, alert }, context) {
    const analyzer = findAnalyzer(context.state, name)
    const answer = await context.analyzers.run(analyzer, alert, context.by.name)
    if ('failure' in answer) throw new Problem('conflict', `The analyzer ${name} gave no answer. ${answer.failure}`)
    const { id, headline, outcome } = answer.analysis
    return { card: answer.card, result: { analysis: { id, headline, outcome } } }
  },
})

export const analyzerCommands = [add, list, remove, run]

/** Which file runs is decided at the host of Vakt itself: in its terminal, or by npx vakt there with the admin key. */
function refuseChats({ by }: Context): void {
  const isLocal = by.address !== undefined && LOOPBACK.test(by.address)
  if (by.platform === 'terminal' || (by.platform === 'api' && by.keyId === undefined && isLocal)) return
  throw new Problem(
    'forbidden',
    'An analyzer is a program that runs on the host of Vakt, so it is registered there: npx vakt analyzers add …',
  )
}

function analyzerLine({ state }: Context, analyzer: Analyzer): Text {
  const { id, name, file, matcher, timeout, projectId, createdBy } = analyzer
  const project = projectId === null ? '' : ` of ${readProjectById(state, projectId)?.name ?? 'a removed project'}`
  const last = readNewestRun(state, id)
  const outcome: Text =
    last === undefined
      ? ['has not run yet']
      : [
          `last run for alert ${last.alertId} `,
          { time: last.startedAt, style: 'relative' },
          last.failure === null ? (last.endedAt === null ? ', running' : ', answered') : `, no answer: ${last.failure}`,
        ]
  return [
    { bold: name },
    ': ',
    { code: file },
    ` for ${matcher === '' ? 'all alerts' : `alerts that match ${matcher}`}${project}, at most ${formatDuration(timeout)}, by ${createdBy}; `,
    ...outcome,
  ]
}

function analyzerResult({ state }: Context, analyzer: Analyzer) {
  const last = readNewestRun(state, analyzer.id)
  return {
    name: analyzer.name,
    file: analyzer.file,
    matcher: analyzer.matcher === '' ? null : analyzer.matcher,
    project: analyzer.projectId === null ? null : (readProjectById(state, analyzer.projectId)?.name ?? null),
    timeout_ms: analyzer.timeout,
    created_at: isoTime(analyzer.createdAt),
    created_by: analyzer.createdBy,
    last_run: last
      ? { alert: last.alertId, started_at: isoTime(last.startedAt), failure: last.failure, analysis: last.analysisId }
      : null,
  }
}
