// Commands that show alerts: the open alerts, the history, one alert with its timeline, and a test alert.
import { z } from 'zod'
import type { Alert } from '../../src/alerts/alert.ts'
import { alertCard, stateTone, stateWord } from '../../src/alerts/alert-card.ts'
import {
  countAlerts,
  countOpenAlerts,
  findAlert,
  listAlertIds,
  listAlerts,
  readHistory,
  readOpenAlert,
} from '../../src/alerts/alerts.ts'
import { MAX_ACTIONS, readCardActions } from '../../src/alerts/available-actions.ts'
import { readGroupMembers } from '../../src/alerts/groups/groups.ts'
import { endAlert, fireAlert } from '../../src/alerts/lifecycle.ts'
import { TEST } from '../../src/alerts/suppression/inhibition.ts'
import { readSuppressedSummary } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { suppressorOf, suppressorText } from '../../src/alerts/suppression/suppression.ts'
import type { Button, Card, Row, Text } from '../../src/card.ts'
import { timelineLine } from '../../src/notifications/delivery/messages.ts'
import { listPendingEscalations } from '../../src/notifications/routing/escalations.ts'
import { mentionName } from '../../src/notifications/routing/mentions.ts'
import { listRecipients } from '../../src/notifications/routing/recipients.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { SEVERITIES } from '../../src/severity.ts'
import { mapInSlices } from '../../src/slices.ts'
import type { State } from '../../src/state/database.ts'
import { plural } from '../../src/text.ts'
import { aboutDuration, isoTime } from '../../src/time.ts'
import { alertNumber, command, projectName } from '../context.ts'

const PAGE_SIZE = 10
/** How many of the newest lines of a timeline a result and a card have. */
const MAX_RESULT_LINES = 200
const MAX_CARD_LINES = 20
const MAX_LIMIT = 100
/** Members of a group in a result. */
const MAX_MEMBERS = 1_000

const inProject = () => projectName().optional().describe('Only alerts of this project')

const list = command({
  name: 'alerts list',
  summary: 'Show the open alerts, worst first',
  examples: ['alerts list', 'alerts list --project shop'],
  role: 'viewer',
  args: {
    project: inProject(),
    limit: z
      .number()
      .int()
      .min(1)
      .max(MAX_LIMIT)
      .optional()
      .describe('Number of alerts (default: 10; for scripts: all)'),
  },
  async run({ project, limit }, { state, interactive }) {
    // A person sees one row for a group; a script gets the group and its members.
    const filter = { open: true, ungrouped: interactive, ...projectFilter(state, project) }
    const total = countAlerts(state, filter)
    // A person reads the worst alerts; a script gets all unless it sets a limit.
    const wanted = limit ?? (interactive ? PAGE_SIZE : total)
    const ids = listAlertIds(state, filter).slice(0, wanted)
    // Thousands of alerts are read in slices, so that no beat waits for them.
    const alerts = await mapInSlices(ids, id => findAlert(state, id))
    const shown = alerts.filter(({ groupId }) => groupId === null).slice(0, limit ?? PAGE_SIZE)
    const cards = countAlerts(state, { ...filter, ungrouped: true })
    const open = countOpenAlerts(state, filter.projectId ?? null).reduce((sum, { count }) => sum + count, 0)
    return {
      card: {
        title:
          total === 0
            ? 'No open alerts'
            : `${plural(open, 'open alert')}${cards === open ? '' : ` on ${plural(cards, 'card')}`}`,
        tone: total === 0 ? 'good' : (alerts[0]?.severity ?? 'info'),
        ...(total === 0 ? { lines: ['"alerts history" shows resolved alerts.'] } : { rows: shown.map(alertRow) }),
        ...(cards > shown.length
          ? { page: { text: `${plural(cards - shown.length, 'more alert')}`, next: moreButton(project, shown.length) } }
          : {}),
      },
      result: { alerts: await mapInSlices(alerts, alert => alertResult(state, alert)), total },
    }
  },
})

const show = command({
  name: 'alerts show',
  summary: 'Show an alert with its timeline',
  examples: ['alerts show 42'],
  role: 'viewer',
  args: { alert: alertNumber().describe('Alert number, such as 42') },
  run({ alert: id }, { state }) {
    const alert = findAlert(state, id)
    const suppressed = readSuppressedSummary(state, alert)
    const actions = readCardActions(state, alert, MAX_ACTIONS)
    const members = readGroupMembers(state, alert, MAX_MEMBERS)
    const card = alertCard(alert, projectOf(state, alert), suppressed, actions, members)
    const { newest, total } = readHistory(state, id, MAX_RESULT_LINES)
    const earlier = total > MAX_CARD_LINES ? [`… ${total - MAX_CARD_LINES} earlier`] : []
    const timeline = newest.slice(-MAX_CARD_LINES).map(timelineLine)
    const waiting = listPendingEscalations(state, id)
    const recipients = listRecipients(state, id).map(({ channelId, mention, why }) => ({
      channel: channelId,
      mention,
      why,
    }))
    return {
      card: {
        ...card,
        lines: [...(card.lines ?? []), ...waiting.map(escalationLine), [{ bold: 'Timeline' }], ...earlier, ...timeline],
      },
      result: {
        alerts: [alertResult(state, alert)],
        ...(members === null
          ? {}
          : { members: members.shown.map(member => alertResult(state, member)), members_total: members.counts.total }),
        history: newest.map(({ at, what, by, note, kind, count }) => ({
          at: isoTime(at),
          what,
          by,
          note,
          kind,
          count,
        })),
        history_total: total,
        recipients,
        audience: recipients,
        escalations: waiting.map(({ name, dueAt, to }) => ({ name, due_at: isoTime(dueAt), to })),
      },
    }
  },
})

const history = command({
  name: 'alerts history',
  summary: 'Show open and resolved alerts, newest first',
  examples: ['alerts history', 'alerts history --before 42'],
  role: 'viewer',
  args: {
    project: inProject(),
    before: z.number().int().positive().optional().describe('Only alerts with a smaller number'),
    limit: z.number().int().min(1).max(100).optional().describe('Number of alerts (default: 10)'),
  },
  run({ project, before, limit = PAGE_SIZE }, { state }) {
    const filter = { ...projectFilter(state, project), ...(before === undefined ? {} : { before }) }
    const alerts = listAlerts(state, { ...filter, limit })
    const total = countAlerts(state, filter)
    const oldest = total > alerts.length ? alerts.at(-1) : undefined
    const only = project === undefined ? '' : ` --project ${project}`
    const older = oldest && { label: 'Older', line: `alerts history --before ${oldest.id}${only}` }
    return {
      card: {
        title: alerts.length === 0 ? 'No alerts yet' : 'Alerts, newest first',
        tone: 'plain',
        ...(alerts.length === 0
          ? { lines: ['"alerts test" sends a test alert to every channel.'] }
          : { rows: alerts.map(alertRow) }),
        ...(older ? { page: { next: older } } : {}),
      },
      result: { alerts: alerts.map(alert => alertResult(state, alert)), total },
    }
  },
})

const test = command({
  name: 'alerts test',
  summary: 'Send a test alert to every channel, and resolve it again',
  details:
    'A card appears in every channel within a second. Press Acknowledge: every card changes. "alerts test" without --severity resolves the alert.',
  examples: ['alerts test', 'alerts test --severity critical'],
  role: 'responder',
  args: { severity: z.enum(SEVERITIES).optional().describe('Severity of the test alert (default: info)') },
  run({ severity }, { state, now, by }) {
    const key = `test:${by.platform}:${by.id}`
    const open = readOpenAlert(state, key)
    if (open && severity !== undefined) {
      throw new Problem(
        'conflict',
        `Your test alert ${open.id} (${open.severity}) is still open. "alerts test" without --severity resolves it.`,
      )
    }
    const resolved = endAlert(state, key, by.name, now)
    if (resolved) {
      return {
        card: { title: `Test alert ${resolved.id} is resolved`, tone: 'good', lines: ['Every card shows it.'] },
        result: alertsResult(state, resolved),
      }
    }
    const fired = fireAlert(
      state,
      {
        key,
        detector: TEST,
        projectId: null,
        severity: severity ?? 'info',
        title: `test alert by ${by.name}`,
        since: now,
        owner: null,
        remindEvery: 0,
        observation: { lines: ['Nothing is wrong. This tests the notifications.'] },
        occurrences: 0,
        labels: {},
      },
      now,
    )
    return {
      card: {
        title: `Test alert ${fired.id} is on its way`,
        tone: 'info',
        lines: ['"deliveries" shows where it arrived. "alerts test" resolves it.'],
      },
      result: alertsResult(state, fired),
    }
  },
})

export const alertCommands = [list, show, history, test]

/** An alert as a result. `held_by`, `held_until` and `explains` repeat values under their former names. */
export function alertResult(state: State, alert: Alert) {
  const suppressor = suppressorOf(alert)
  return {
    id: alert.id,
    state: alert.state,
    severity: alert.severity,
    title: alert.title,
    key: alert.key,
    detector: alert.detector,
    project: projectOf(state, alert),
    owner: alert.owner,
    labels: alert.labels,
    group: alert.groupId,
    group_key: alert.groupKey,
    suppressed_by: suppressor,
    suppressed_until: isoTime(alert.suppressedUntil),
    suppressed_count: alert.suppressedCount,
    held_by: suppressor && suppressorText(suppressor),
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

/** The result of a command that changed one alert. */
export function alertsResult(state: State, alert: Alert) {
  return { alerts: [alertResult(state, alert)] }
}

/** The short card that answers a command that changed an alert. */
export function changedCard(alert: Alert, sentence: string): Card {
  return {
    title: `${stateWord(alert)}: ${alert.title}`,
    tone: stateTone(alert),
    lines: [sentence],
    footer: `Alert ${alert.id}`,
  }
}

/** Shows more alerts of the same list; none when the list is as long as it can be. */
function moreButton(project: string | undefined, shown: number): Button {
  const only = project === undefined ? '' : ` --project ${project}`
  return { label: 'More', line: `alerts list --limit ${Math.min(MAX_LIMIT, shown * 3)}${only}` }
}

/** An alert of a list; one that nobody has yet can be acknowledged right there. */
function alertRow(alert: Alert): Row {
  const details = { label: 'Details', line: `alerts show ${alert.id}` }
  const isOpen = alert.state === 'firing' && alert.snoozedUntil === null
  const acknowledge = { label: 'Acknowledge', line: `ack ${alert.id}` }
  return { name: `${alert.id}`, text: alertLine(alert), action: details, ...(isOpen ? { more: [acknowledge] } : {}) }
}

function alertLine(alert: Alert): Text {
  const { resolvedAt, acknowledgedBy, suppressedUntil } = alert
  const isOpen = resolvedAt === null
  const duration = isOpen ? '' : `, for ${aboutDuration(resolvedAt - alert.since)}`
  const acknowledged = acknowledgedBy === null || !isOpen ? '' : `, acknowledged by ${acknowledgedBy}`
  const until: Text = suppressedUntil === null ? [] : [' until ', { time: suppressedUntil, style: 'clock' }]
  const suppressed: Text =
    alert.suppression === null || !isOpen ? [] : [` · suppressed by ${alert.suppressionReason}`, ...until]
  return [
    { bold: `${alert.id}` },
    ` · ${stateWord(alert)} · ${alert.title} · `,
    { time: alert.since, style: 'relative' },
    duration,
    acknowledged,
    ...suppressed,
  ]
}

function escalationLine({ name, to, dueAt }: ReturnType<typeof listPendingEscalations>[number]): Text {
  const escalation = `Escalates to ${to.map(mentionName).join(', ')} (${name})`
  // No due time means that it is acknowledged, snoozed or suppressed.
  return dueAt === null
    ? [`${escalation}; paused for now.`]
    : [`${escalation} `, { time: dueAt, style: 'relative' }, '.']
}

function projectFilter(state: State, project: string | undefined): { projectId?: number } {
  return project === undefined ? {} : { projectId: findProject(state, project).id }
}

function projectOf(state: State, { projectId }: Alert): string | null {
  return projectId === null ? null : (readProjectById(state, projectId)?.name ?? null)
}
