// Commands for silences: people mute the alerts that match for a while.
import { z } from 'zod'
import { countMatchingAlerts, findAlert } from '../../src/alerts/alerts.ts'
import { readMatcher } from '../../src/alerts/matcher.ts'
import { type Match, matchLastWeek } from '../../src/alerts/seen-labels.ts'
import { GROUP } from '../../src/alerts/suppression/inhibition.ts'
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
import type { Row, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { aboutDuration, HOUR, isoTime, type Period } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'
import { describeLength, end as endTime, period, readEnd, zoneOf } from '../period.ts'
import { matcherHints } from './matcher-hints.ts'

const MATCHER =
  'Which alerts, in the language of "logs search": host:web-1, severity<=warning, check:nightly-*, "disk full"'
const MAX_LISTED = 10
const DEFAULT_LENGTH: Period = { days: 0, ms: HOUR }

const silenceNumber = () =>
  completes(positional(z.number({ error: 'must be a silence number such as 3' }).int().positive()), 'silence').describe(
    'Silence number, such as 3',
  )
const inProject = () => projectName().optional().describe('Only silences of this project')

const add = command({
  name: 'silence add',
  summary: 'Mute matching alerts for a while',
  details:
    'Silenced alerts are stored, counted and shown by "alerts list". Cards that exist stay up to date, but nobody is notified. When the silence ends, alerts that are still firing get their cards. --preview shows what would be silenced now, and what would have been in the last 7 days.',
  examples: [
    'silence add host:web-1 --for 2h --reason "new disk"',
    'silence add "check:nightly-* severity<=warning" --for 1d',
    'silence add --alert 42 --for 30m',
  ],
  role: 'responder',
  args: {
    matcher: positional(z.string().trim().min(1).max(500).optional()).describe(MATCHER),
    for: period().optional().describe('How long, such as 30m, 2h or 1d (default: 1h)'),
    to: endTime().optional().describe('End instead of --for, such as 17:00, "tomorrow 09:00" or "Mon 09:00"'),
    reason: z.string().trim().max(500).optional().describe('Reason, shown to everyone'),
    alert: completes(z.number({ error: 'must be an alert number such as 42' }).int().positive(), 'alert')
      .optional()
      .describe('Alerts with the same key as this alert, or all of its group, instead of a matcher'),
    project: projectName().optional().describe('Only alerts of this project'),
    preview: z.boolean().optional().describe('Only show which alerts match, now and in the last 7 days'),
  },
  run({ matcher: text, for: length, to, reason, alert: alertId, project, preview }, context) {
    const { state, now, by } = context
    const { matcher, projectId } = resolveMatcher(context, text, alertId, project)
    readMatcher(matcher)
    const hints = alertId === undefined ? matcherHints(state, matcher) : []
    const past = matchLastWeek(state, matcher, projectId, now, MAX_LISTED)
    if (preview) {
      const { total, titles } = countMatchingAlerts(state, matcher, projectId)
      return {
        card: {
          title: `${plural(total, 'open alert')} would be silenced now`,
          tone: hints.length > 0 ? 'warning' : 'info',
          lines: [
            ...hints,
            ...titles.map(title => `• ${title}`),
            pastLine(past),
            ...past.newest.map(
              ({ id, title, firedAt }): Text => [
                { bold: `${id}` },
                ` · ${title} · `,
                { time: firedAt, style: 'moment' },
              ],
            ),
          ],
        },
        result: { would_suppress: total, would_hold: total, ...pastResult(past), warnings: hints },
        asked: true,
      }
    }
    const given = { for: length, to }
    const endsAt = readEnd(given, now, zoneOf(context, projectId), DEFAULT_LENGTH)
    const draft = { projectId, matcher, reason: reason || null, by: by.name, endsAt }
    const { id } = addSilence(state, draft, now)
    reevaluateSuppressions(state, now)
    const silence = findSilence(state, id)
    const card = silenceCard(silence, context)
    return {
      card: {
        ...card,
        ...(hints.length > 0 ? { tone: 'warning' as const } : {}),
        lines: [...hints, ...card.lines, pastLine(past)],
        title: `Silence ${id} is active for ${describeLength(given, now, endsAt, DEFAULT_LENGTH)}`,
      },
      result: { ...silenceResult(context, silence), ...pastResult(past), warnings: hints },
    }
  },
})

const list = command({
  name: 'silence list',
  summary: 'Show the active silences, and how many alerts each has suppressed',
  examples: ['silence list', 'silence list --ended'],
  role: 'viewer',
  args: {
    project: inProject(),
    ended: z.boolean().optional().describe('Also show ended silences'),
    limit: z.number().int().min(1).max(100).optional().describe('Number of silences (default: 20)'),
  },
  run({ project, ended = false, limit = 20 }, context) {
    const filter = project === undefined ? {} : { projectId: findProject(context.state, project).id }
    const silences = listSilences(context.state, { ...filter, ended, limit })
    return {
      card: {
        title: silences.length === 0 ? 'No silences' : plural(silences.length, 'silence'),
        tone: 'plain',
        ...(silences.length === 0
          ? { lines: [['Silence a host: ', { code: 'silence add host:web-1 --for 2h' }]] }
          : { rows: silences.map(silenceRow) }),
      },
      result: { silences: silences.map(silence => silenceResult(context, silence).silence) },
    }
  },
})

const show = command({
  name: 'silence show',
  summary: 'Show a silence and the open alerts that it suppresses',
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
  summary: 'End a silence now; alerts that are still firing get their cards',
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
        title: `Silence ${id} has ended`,
        tone: 'plain',
        lines: [`${plural(ended.suppressedCount, 'alert')} suppressed, ${open} still open.`],
      },
      result: silenceResult(context, ended),
    }
  },
})

const extend = command({
  name: 'silence extend',
  summary: 'Change the end of a silence, counted from now',
  examples: ['silence extend 3 --for 2h'],
  role: 'responder',
  args: {
    silence: silenceNumber(),
    for: period().optional().describe('How long from now, such as 2h'),
    to: endTime().optional().describe('End instead of --for, such as 17:00 or "tomorrow 09:00"'),
    project: inProject(),
  },
  run({ silence: id, for: length, to, project }, context) {
    const silence = silenceOf(context, id, project)
    const given = { for: length, to }
    const endsAt = readEnd(given, context.now, zoneOf(context, silence.projectId))
    const extended = extendSilence(context.state, silence, endsAt)
    reevaluateSuppressions(context.state, context.now)
    const change = extended.endsAt - silence.endsAt
    const direction = change < 0 ? 'earlier' : 'later'
    return {
      card: {
        ...silenceCard(extended, context),
        title: `Silence ${id} ends in ${describeLength(given, context.now, endsAt)}, ${aboutDuration(Math.abs(change))} ${direction} than before`,
      },
      result: silenceResult(context, extended),
    }
  },
})

export const silenceCommands = [add, list, show, end, extend]

/** What the last week would have been with this silence. */
function pastLine({ total, critical }: Match): Text {
  if (total === 0) return 'In the last 7 days no alert matched.'
  const severe = critical === 0 ? '' : `, ${critical} of them critical`
  return `In the last 7 days it would have suppressed ${plural(total, 'alert')}${severe}.`
}

function pastResult({ total, critical }: Match) {
  return { last_7_days: { would_suppress: total, critical } }
}

function silenceOf({ state }: Context, id: number, project: string | undefined): Silence {
  return findSilence(state, id, project === undefined ? undefined : findProject(state, project).id)
}

/** The matcher and the project of a new silence, from a matcher as text or from the number of an alert. */
function resolveMatcher(
  { state }: Context,
  text: string | undefined,
  alertId: number | undefined,
  project: string | undefined,
): { matcher: string; projectId: number | null } {
  const projectId = project === undefined ? null : findProject(state, project).id
  if ((text === undefined) === (alertId === undefined)) {
    throw invalid('matcher', 'Name the alerts: either a matcher, such as host:web-1, or --alert with an alert number.')
  }
  if (alertId === undefined) return { matcher: text!, projectId }
  const alert = findAlert(state, alertId)
  if (projectId !== null && alert.projectId !== projectId) {
    throw new Problem('not_found', `There is no alert ${alertId} in project ${project}.`)
  }
  // Silencing a group silences the alerts that it has and will have.
  const [name, value] =
    alert.detector === GROUP && alert.groupKey !== null ? ['group_key', alert.groupKey] : ['key', alert.key]
  return { matcher: `${name}:"${value.replaceAll(/[\\"]/g, '\\$&')}"`, projectId: alert.projectId }
}

function silenceCard(silence: Silence, { state }: Context) {
  const { id, endedAt } = silence
  const suppressor = { kind: 'silence', id } as const
  const open = countSuppressed(state, suppressor)
  const more = isReevaluated(state) ? '' : ', more within seconds'
  return {
    title: `Silence ${id}`,
    tone: 'muted' as const,
    lines: [
      silenceLine(silence),
      `${plural(open, 'open alert')} suppressed now${more}.`,
      ...listSuppressed(state, suppressor, MAX_LISTED).map(
        (alert): Text => [{ bold: `${alert.id}` }, ` · ${alert.title}`],
      ),
      ...(open > MAX_LISTED ? [`… ${open - MAX_LISTED} more`] : []),
    ],
    buttons:
      endedAt === null
        ? [
            { label: 'End', line: `silence end ${id}` },
            { label: 'Extend', line: `silence extend ${id}`, ask: ['for'], example: '--for 2h' },
          ]
        : [],
  }
}

function silenceRow(silence: Silence): Row {
  const { id, endedAt } = silence
  const show = { label: 'Show', line: `silence show ${id}` }
  const end = { label: 'End', line: `silence end ${id}` }
  return {
    name: `${id}`,
    text: silenceLine(silence),
    action: endedAt === null ? end : show,
    more: endedAt === null ? [show] : [],
  }
}

function silenceLine(silence: Silence): Text {
  const reason = silence.reason === null ? '' : ` (${silence.reason})`
  return [
    { bold: `${silence.id}` },
    ' · ',
    { code: silence.matcher },
    ` by ${silence.by}${reason} · ${silence.endedAt === null ? 'until' : 'ended'} `,
    { time: silence.endedAt ?? silence.endsAt, style: 'moment' },
    ` · ${plural(silence.suppressedCount, 'alert')} suppressed`,
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
      suppressed_count: silence.suppressedCount,
      // The former name of suppressed_count.
      held: silence.suppressedCount,
      open: countSuppressed(state, { kind: 'silence', id: silence.id }),
    },
  }
}
