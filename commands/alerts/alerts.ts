// Alerts: what is open, what was, one in full, and a test of the whole way to the chats.
import { z } from 'zod'
import type { Alert } from '../../src/alerts/alert.ts'
import { alertCard, stateTone, stateWord } from '../../src/alerts/alert-card.ts'
import { countAlerts, findAlert, listAlerts, readHistory, readOpenAlert } from '../../src/alerts/alerts.ts'
import { ALL_ACTIONS, readActionsShown } from '../../src/alerts/available-actions.ts'
import { endAlert, fireAlert } from '../../src/alerts/lifecycle.ts'
import { readInhibited } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { heldBy, suppressorOf } from '../../src/alerts/suppression/suppression.ts'
import type { Button, Card, Text } from '../../src/card.ts'
import { timelineLine } from '../../src/notifications/delivery/messages.ts'
import { listPendingEscalations } from '../../src/notifications/routing/escalations.ts'
import { mentionName } from '../../src/notifications/routing/mentions.ts'
import { listRecipients } from '../../src/notifications/routing/recipients.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { SEVERITIES } from '../../src/severity.ts'
import { aboutDuration, isoTime } from '../../src/time.ts'
import { alertNumber, type Context, command, counted, projectName } from '../context.ts'

const PAGE = 10
/** How many of the newest lines of a timeline scripts are given, and people are shown. */
const TIMELINE = 200
const TIMELINE_SHOWN = 20

const list = command({
  name: 'alerts list',
  summary: 'Show the open alerts, worst first',
  examples: ['alerts list', 'alerts list --project shop'],
  role: 'viewer',
  args: {
    project: projectName().optional().describe('Only of this project'),
    limit: z.number().int().min(1).max(100).optional().describe('How many; 10 unless said, all for scripts'),
  },
  run({ project, limit }, { state, interactive }) {
    const filter = { open: true, ...(project === undefined ? {} : { projectId: findProject(state, project).id }) }
    const total = countAlerts(state, filter)
    // A person reads the worst; a script wants them all unless it says how many.
    const found = listAlerts(state, { ...filter, limit: limit ?? (interactive ? PAGE : total) })
    const shown = found.slice(0, limit ?? PAGE)
    const more = total > shown.length ? `… ${total - shown.length} more` : ''
    return {
      card: {
        title: total === 0 ? 'No open alerts' : counted(total, 'open alert'),
        tone: total === 0 ? 'good' : (found[0]?.severity ?? 'info'),
        lines:
          total === 0
            ? ['All is well. "alerts history" shows what was.']
            : [...shown.map(alertLine), more].filter(line => line !== ''),
        buttons: found.slice(0, 5).map(alert => ({ label: `Details ${alert.id}`, line: `alerts show ${alert.id}` })),
      },
      result: { alerts: found.map(alert => alertResult(state, alert)), total },
    }
  },
})

const show = command({
  name: 'alerts show',
  summary: 'Show one alert in full, with its timeline',
  examples: ['alerts show 42'],
  role: 'viewer',
  args: { alert: alertNumber().describe('Alert number, such as 42') },
  run({ alert: id }, { state }) {
    const alert = findAlert(state, id)
    const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
    const card = alertCard(alert, project, readInhibited(state, alert), readActionsShown(state, alert, ALL_ACTIONS))
    const { newest, total } = readHistory(state, id, TIMELINE)
    const earlier = total > TIMELINE_SHOWN ? [`… ${total - TIMELINE_SHOWN} earlier`] : []
    const timeline = newest.slice(-TIMELINE_SHOWN).map(timelineLine)
    const waiting = listPendingEscalations(state, id)
    const next = waiting.map((one): Text => {
      const to = `Escalates (${one.name}) to ${one.to.map(mentionName).join(', ')} `
      return one.dueAt === null
        ? [`${to}once nobody is on it any more.`]
        : [to, { time: one.dueAt, style: 'relative' }, '.']
    })
    return {
      card: { ...card, lines: [...(card.lines ?? []), ...next, [{ bold: 'Timeline' }], ...earlier, ...timeline] },
      result: {
        alerts: [alertResult(state, alert)],
        history: newest.map(({ at, what, by, note, kind, count }) => ({
          at: isoTime(at),
          what,
          by,
          note,
          kind,
          count,
        })),
        history_total: total,
        audience: listRecipients(state, id).map(({ channelId, mention, why }) => ({
          channel: channelId,
          mention,
          why,
        })),
        escalations: waiting.map(({ name, dueAt, to }) => ({ name, due_at: isoTime(dueAt), to })),
      },
    }
  },
})

const history = command({
  name: 'alerts history',
  summary: 'Show alerts, ended ones too, newest first',
  examples: ['alerts history', 'alerts history --before 42'],
  role: 'viewer',
  args: {
    project: projectName().optional().describe('Only of this project'),
    before: z.number().int().positive().optional().describe('Only alerts with a smaller number than this'),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 10 unless said'),
  },
  run({ project, before, limit = PAGE }, { state }) {
    const filter = {
      ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
      ...(before === undefined ? {} : { before }),
    }
    const found = listAlerts(state, { ...filter, limit })
    const total = countAlerts(state, filter)
    const older = total > found.length ? found.at(-1) : undefined
    const inProject = project === undefined ? '' : ` --project ${project}`
    const buttons: Button[] = older ? [{ label: 'Older', line: `alerts history --before ${older.id}${inProject}` }] : []
    return {
      card: {
        title: found.length === 0 ? 'No alerts yet' : 'Alerts, newest first',
        tone: 'plain',
        lines:
          found.length === 0
            ? ['Nothing has gone wrong so far. "alerts test" tries the way to the chats.']
            : found.map(alertLine),
        buttons,
      },
      result: { alerts: found.map(alert => alertResult(state, alert)), total },
    }
  },
})

const test = command({
  name: 'alerts test',
  summary: 'Send a test alert to every channel, and end it again',
  details:
    'A card appears everywhere within a second. Press Acknowledge to see it change everywhere. "alerts test" without --severity ends it.',
  examples: ['alerts test', 'alerts test --severity critical'],
  role: 'responder',
  args: { severity: z.enum(SEVERITIES).optional().describe('How bad it should look, info unless said') },
  run({ severity: asked }, { state, now, by }) {
    const key = `test:${by.platform}:${by.id}`
    const severity = asked ?? 'info'
    const open = readOpenAlert(state, key)
    if (open && asked !== undefined) {
      throw new Problem(
        'conflict',
        `Your test alert ${open.id} (${open.severity}) is still open. "alerts test" without --severity ends it.`,
      )
    }
    const ended = endAlert(state, key, by.name, now)
    if (ended) {
      return {
        card: { title: `The test alert ${ended.id} is ended`, tone: 'good', lines: ['Its cards everywhere show it.'] },
        result: alertsResult(state, ended),
      }
    }
    const fired = fireAlert(
      state,
      {
        key,
        detector: 'test',
        projectId: null,
        severity,
        title: `test alert by ${by.name}`,
        since: now,
        owner: null,
        remindEvery: 0,
        observation: { lines: ['Nothing is wrong. This only tries the way to the chats.'] },
        occurrences: 0,
        labels: {},
      },
      now,
    )
    return {
      card: {
        title: `The test alert ${fired.id} is on its way`,
        tone: 'info',
        lines: ['"deliveries" shows where it arrived. "alerts test" (without --severity) ends it.'],
      },
      result: alertsResult(state, fired),
    }
  },
})

export const alertCommands = [list, show, history, test]

/** An alert in the machine-readable form of every command that answers with some. */
export function alertResult(state: Context['state'], alert: Alert) {
  const suppressor = suppressorOf(alert)
  return {
    id: alert.id,
    state: alert.state,
    severity: alert.severity,
    title: alert.title,
    key: alert.key,
    detector: alert.detector,
    project: alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null),
    owner: alert.owner,
    labels: alert.labels,
    suppressed_by: suppressor,
    suppressed_until: isoTime(alert.suppressedUntil),
    suppressed_count: alert.suppressedCount,
    held_by: suppressor && heldBy(suppressor),
    held_until: isoTime(alert.suppressedUntil),
    explains: alert.suppressedCount,
    flapping: alert.flappingSince !== null && alert.state !== 'resolved',
    count: alert.count,
    version: alert.version,
    since: isoTime(alert.since),
    fired_at: isoTime(alert.firedAt),
    acknowledged_at: isoTime(alert.acknowledgedAt),
    acknowledged_by: alert.acknowledgedBy,
    acknowledged_until: isoTime(alert.acknowledgedUntil),
    note: alert.note,
    snoozed_until: isoTime(alert.snoozedUntil),
    resolved_at: isoTime(alert.resolvedAt),
    resolved_by: alert.resolvedBy,
  }
}

/** One alert as the machine-readable answer of the commands that change it. */
export function alertsResult(state: Context['state'], alert: Alert) {
  return { alerts: [alertResult(state, alert)] }
}

/** The short card that says what became of an alert. */
export function changedCard(alert: Alert, says: string): Card {
  return {
    title: `${stateWord(alert)}: ${alert.title}`,
    tone: stateTone(alert),
    lines: [says],
    footer: `Alert ${alert.id}`,
  }
}

function alertLine(alert: Alert): Text {
  const over = alert.resolvedAt
  const owner = alert.acknowledgedBy === null || over !== null ? '' : `, ${alert.acknowledgedBy} is on it`
  const lasted = over === null ? '' : `, for ${aboutDuration(over - alert.since)}`
  const until: Text = alert.suppressedUntil === null ? [] : [' until ', { time: alert.suppressedUntil, style: 'clock' }]
  const held: Text =
    alert.suppression === null || over !== null ? [] : [` · held back by ${alert.suppressionReason}`, ...until]
  return [
    { bold: `${alert.id}` },
    ` · ${stateWord(alert)} · ${alert.title} · `,
    { time: alert.since, style: 'relative' },
    lasted,
    owner,
    ...held,
  ]
}
