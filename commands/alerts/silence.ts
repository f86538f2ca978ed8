// Silences: alerts that nobody is to be told of for a while, and why.
import { z } from 'zod'
import { countMatching, findAlert } from '../../src/alerts/alerts.ts'
import { readMatcher } from '../../src/alerts/matcher.ts'
import { isReevaluated } from '../../src/alerts/suppression/reevaluation.ts'
import {
  addSilence,
  endSilence,
  extendSilence,
  findSilence,
  listSilences,
  type Silence,
} from '../../src/alerts/suppression/silences.ts'
import { countSuppressed, listSuppressed } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { reevaluateSuppressions } from '../../src/alerts/suppression/suppressions.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { aboutDuration, formatDuration, HOUR, isoTime } from '../../src/time.ts'
import { type Context, command, counted, duration, projectName } from '../context.ts'

const MATCHER =
  'Which alerts, in the language of "logs search": host:web-1, severity<=warning, check:nightly-*, "disk full"'
const NAMED = 10
const USUAL = HOUR

const silenceNumber = () =>
  completes(positional(z.number({ error: 'must be a silence number such as 3' }).int().positive()), 'silence').describe(
    'Silence number, such as 3',
  )
const inProject = () => projectName().optional().describe('Only of this project')

const add = command({
  name: 'silence add',
  summary: 'Tell nobody of some alerts for a while',
  details:
    'What is silenced is counted, shown by "alerts list", and told when the silence ends and it still goes on. A card that is there already stays true, but calls nobody. --preview shows what would be silenced now.',
  examples: [
    'silence add host:web-1 --for 2h --reason "new disk"',
    'silence add "check:nightly-* severity<=warning" --for 1d',
    'silence add --alert 42 --for 30m',
  ],
  role: 'responder',
  args: {
    matcher: positional(z.string().trim().min(1).max(500).optional()).describe(MATCHER),
    for: duration().optional().describe('How long, such as 30m, 2h or 1d; 1h unless said'),
    reason: z.string().trim().max(500).optional().describe('Why, for the others'),
    alert: completes(z.number({ error: 'must be an alert number such as 42' }).int().positive(), 'alert')
      .optional()
      .describe('Alerts of the same cause as this one, instead of a matcher'),
    project: projectName().optional().describe('Only alerts of this project'),
    preview: z.boolean().optional().describe('Only show what it would hold back now'),
  },
  run({ matcher: asked, for: lasts = USUAL, reason, alert: alertId, project, preview }, context) {
    const { state, now, by } = context
    const projectId = project === undefined ? null : findProject(state, project).id
    const { matcher, onlyIn } = wanted(context, asked, alertId, projectId)
    readMatcher(matcher)
    const found = countMatching(state, matcher, onlyIn)
    if (preview) {
      return {
        card: {
          title: `That would hold back ${counted(found.total, 'open alert')} now`,
          tone: 'info',
          lines: found.titles.map(title => `• ${title}`),
        },
        result: { would_hold: found.total },
        asked: true,
      }
    }
    const draft = { projectId: onlyIn, matcher, reason: reason || null, by: by.name, endsAt: now + lasts }
    const silence = addSilence(state, draft, now)
    reevaluateSuppressions(state, now)
    return {
      card: {
        ...silenceCard(findSilence(state, silence.id), context),
        title: `Silence ${silence.id} is on for ${formatDuration(lasts)}`,
      },
      result: silenceResult(context, findSilence(state, silence.id)),
    }
  },
})

const list = command({
  name: 'silence list',
  summary: 'Show the silences that are on, and how much each held back',
  examples: ['silence list', 'silence list --ended'],
  role: 'viewer',
  args: {
    project: inProject(),
    ended: z.boolean().optional().describe('The ended ones too'),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 20 unless said'),
  },
  run({ project, ended = false, limit = 20 }, context) {
    const projectId = project === undefined ? {} : { projectId: findProject(context.state, project).id }
    const found = listSilences(context.state, { ...projectId, ended, limit })
    return {
      card: {
        title: found.length === 0 ? 'Nothing is silenced' : counted(found.length, 'silence'),
        tone: 'plain',
        lines:
          found.length === 0 ? ['"silence add host:web-1 --for 2h" would silence a host.'] : found.map(silenceLine),
        buttons: found
          .filter(one => one.endedAt === null)
          .slice(0, 5)
          .map(one => ({ label: `End ${one.id}`, line: `silence end ${one.id}` })),
      },
      result: { silences: found.map(one => silenceResult(context, one).silence) },
    }
  },
})

const show = command({
  name: 'silence show',
  summary: 'Show a silence and the open alerts it holds back',
  examples: ['silence show 3'],
  role: 'viewer',
  args: { silence: silenceNumber(), project: inProject() },
  run({ silence: id, project }, context) {
    const silence = silenceOf(context, id, project)
    return { card: silenceCard(silence, context), result: silenceResult(context, silence) }
  },
})

const end = command({
  name: 'silence end',
  summary: 'End a silence now; what still goes on is told',
  examples: ['silence end 3'],
  role: 'responder',
  args: { silence: silenceNumber(), project: inProject() },
  run({ silence: id, project }, context) {
    const { state, now, by } = context
    const silence = silenceOf(context, id, project)
    const open = countSuppressed(state, { kind: 'silence', id })
    const ended = endSilence(state, silence, by.name, now)
    reevaluateSuppressions(state, now)
    return {
      card: {
        title: `Silence ${id} is over`,
        tone: 'plain',
        lines: [`It held back ${counted(ended.suppressedCount, 'alert')}; ${open} still open.`],
      },
      result: silenceResult(context, ended),
    }
  },
})

const extend = command({
  name: 'silence extend',
  summary: 'Let a silence last longer (or shorter): so long from now',
  examples: ['silence extend 3 --for 2h'],
  role: 'responder',
  args: { silence: silenceNumber(), for: duration().describe('How long from now'), project: inProject() },
  run({ silence: id, for: lasts, project }, context) {
    const silence = silenceOf(context, id, project)
    const extended = extendSilence(context.state, silence, context.now + lasts)
    reevaluateSuppressions(context.state, context.now)
    const change = extended.endsAt - silence.endsAt
    const how = change < 0 ? 'sooner' : 'later'
    return {
      card: {
        ...silenceCard(extended, context),
        title: `Silence ${id} is on for ${formatDuration(lasts)} from now, ${aboutDuration(Math.abs(change))} ${how} than before`,
      },
      result: silenceResult(context, extended),
    }
  },
})

export const silenceCommands = [add, list, show, end, extend]

function silenceOf({ state }: Context, id: number, project: string | undefined): Silence {
  return findSilence(state, id, project === undefined ? undefined : findProject(state, project).id)
}

/** The matcher and project that were asked for, by words or by an alert. */
function wanted({ state }: Context, asked: string | undefined, alertId: number | undefined, projectId: number | null) {
  if ((asked === undefined) === (alertId === undefined)) {
    throw invalid('matcher', 'Give either a matcher, such as host:web-1, or --alert with the number of an alert.')
  }
  if (alertId === undefined) return { matcher: asked!, onlyIn: projectId }
  const alert = findAlert(state, alertId)
  if (projectId !== null && alert.projectId !== projectId) {
    throw new Problem('not_found', `There is no alert ${alertId} in that project.`)
  }
  return { matcher: `key:"${alert.key.replaceAll('"', '*')}"`, onlyIn: alert.projectId }
}

function silenceCard(silence: Silence, { state }: Context) {
  const by = { kind: 'silence', id: silence.id } as const
  const open = countSuppressed(state, by)
  const held = listSuppressed(state, by, NAMED).map((alert): Text => [{ bold: `${alert.id}` }, ` · ${alert.title}`])
  return {
    title: `Silence ${silence.id}`,
    tone: 'muted' as const,
    lines: [
      silenceLine(silence),
      `It holds back ${counted(open, 'open alert')} now${isReevaluated(state) ? '' : ', and more within seconds'}.`,
      ...held,
      ...(open > NAMED ? [`… ${open - NAMED} more`] : []),
    ],
    buttons:
      silence.endedAt === null
        ? [
            { label: 'End it', line: `silence end ${silence.id}` },
            { label: 'Extend', line: `silence extend ${silence.id}`, ask: ['for'] },
          ]
        : [],
  }
}

function silenceLine(silence: Silence): Text {
  const over = silence.endedAt !== null
  const why = silence.reason === null ? '' : ` (${silence.reason})`
  return [
    { bold: `${silence.id}` },
    ' · ',
    { code: silence.matcher },
    ` by ${silence.by}${why} · ${over ? 'over since ' : 'until '}`,
    { time: silence.endedAt ?? silence.endsAt, style: 'moment' },
    ` · held back ${silence.suppressedCount.toLocaleString('en')}`,
  ]
}

function silenceResult({ state }: Context, silence: Silence) {
  return {
    silence: {
      id: silence.id,
      matcher: silence.matcher,
      project: silence.projectId === null ? null : (readProjectById(state, silence.projectId)?.name ?? null),
      reason: silence.reason,
      by: silence.by,
      created_at: isoTime(silence.createdAt),
      ends_at: isoTime(silence.endsAt),
      ended_at: isoTime(silence.endedAt),
      ended_by: silence.endedBy,
      held: silence.suppressedCount,
      open: countSuppressed(state, { kind: 'silence', id: silence.id }),
    },
  }
}
