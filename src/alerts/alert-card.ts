// The card of an alert, and the short card that mentions people again.
import type { Button, Card, Field, Text, Tone } from '../card.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import type { Alert } from './alert.ts'
import type { CardActions } from './available-actions.ts'
import { type GroupMembers, groupLines, groupTable } from './groups/group-card.ts'
import { GROUP, NOTICE, STORM, TEST } from './suppression/inhibition.ts'
import type { SuppressedSummary } from './suppression/suppressed-alerts.ts'
import { flappingTitle, silenceButton, stormButtons, suppressionLines } from './suppression/suppression-card.ts'

const NO_ACTIONS: CardActions = { lines: [], buttons: [] }

/**
 * The card of an alert as it is now; `project` is its project's name, `suppressed` the alerts that it suppresses, `actions`
 * the actions that it offers and their last runs, `members` the alerts of a group.
 */
export function alertCard(
  alert: Alert,
  project: string | null,
  suppressed: SuppressedSummary | null = null,
  actions: CardActions = NO_ACTIONS,
  members: GroupMembers | null = null,
): Card {
  if (alert.detector === NOTICE) return noticeCard(alert, project)
  const { observation } = alert
  return {
    title: `${stateWord(alert)}: ${alert.title}${flappingTitle(alert)}`,
    tone: stateTone(alert),
    lines: [
      sinceLine(alert),
      ...stateLines(alert),
      ...(members === null ? [] : groupLines(alert, members)),
      ...observation.lines,
      ...suppressionLines(alert, suppressed),
      ...actions.lines,
    ],
    ...(observation.fields && observation.fields.length > 0 ? { fields: observation.fields } : {}),
    ...(members !== null
      ? { evidence: groupTable(members) }
      : observation.evidence
        ? { evidence: observation.evidence }
        : {}),
    facts: alertFacts(alert),
    buttons: orderedAlertButtons(alert, actions.buttons),
    footer: footerText(alert, project),
  }
}

/** The reply that mentions people again: a reminder, an escalation, a worse severity, a recovery … */
export function mentionCard(alert: Alert): Card {
  const reason = {
    reminder: 'Still firing, not acknowledged',
    'fired again': 'Firing again',
    joined: 'Another alert of the group fires',
    'snooze ended': 'Snooze ended, still firing',
    'acknowledgement expired': 'Acknowledgement expired, still firing',
    worse: `Now ${alert.severity}`,
    escalated: 'Escalated',
    recovered: `Resolved after ${aboutDuration((alert.resolvedAt ?? alert.seenAt) - alert.since)}`,
  }[alert.mentionReason ?? 'reminder']
  return {
    title: `${reason}: ${alert.title}`,
    tone: stateTone(alert),
    lines: [sinceLine(alert), ...alert.observation.lines.slice(0, 1)],
    buttons: alert.state === 'firing' ? orderedAlertButtons(alert, []) : [],
    footer: footerText(alert, null),
  }
}

/** The state of an alert in one word, so that colour never stands alone. */
export function stateWord(alert: Pick<Alert, 'state' | 'severity' | 'snoozedUntil'>): string {
  if (alert.state === 'resolved') return 'Resolved'
  if (alert.state === 'acknowledged') return 'Acknowledged'
  if (alert.snoozedUntil !== null) return 'Snoozed'
  return { critical: 'Critical', warning: 'Warning', info: 'Info' }[alert.severity]
}

/** The tone of an alert: its severity while firing, info when acknowledged, muted when snoozed, good when resolved. */
export function stateTone(alert: Pick<Alert, 'state' | 'severity' | 'snoozedUntil'>): Tone {
  if (alert.state === 'resolved') return 'good'
  if (alert.state === 'acknowledged') return 'info'
  return alert.snoozedUntil === null ? alert.severity : 'muted'
}

/** A notice has no state to show. */
function noticeCard(alert: Alert, project: string | null): Card {
  const { lines, fields } = alert.observation
  return { title: alert.title, tone: 'info', lines, ...(fields ? { fields } : {}), footer: footerText(alert, project) }
}

function footerText(alert: Alert, project: string | null): Text {
  return [`Alert ${alert.id}`, ...(project === null ? [] : [` · ${project}`])]
}

/** How bad where the title does not say it, since when, where, and whether somebody has it. */
function sinceLine(alert: Alert): Text {
  const { since, resolvedAt, labels, severity, owner } = alert
  const isPlain = alert.state === 'firing' && alert.snoozedUntil === null
  const named = `${severity.charAt(0).toUpperCase()}${severity.slice(1)}`
  const start: Text = isPlain ? ['Since '] : [`${named} ${resolvedAt === null ? 'since' : 'from'} `]
  const time = { time: since, style: 'moment' as const }
  const duration: Text =
    resolvedAt === null
      ? [' (', { time: since, style: 'relative' as const }, ')']
      : [`, for ${aboutDuration(resolvedAt - since)}`]
  // A title names the host of most alerts; no thing stands twice.
  const { host } = labels
  const place: Text = host === undefined || alert.title.includes(host) ? [] : [' · on ', { bold: host }]
  const nobody =
    isPlain && alert.detector !== TEST ? ` · not acknowledged${owner === null ? '' : `, owner ${owner}`}` : ''
  return [...start, time, ...duration, ...place, nobody]
}

/** What matters less, for the small print. */
function alertFacts(alert: Alert): Field[] {
  const { owner, count, state, snoozedUntil, remindEvery, observation } = alert
  const isPlain = state === 'firing' && snoozedUntil === null
  return [
    ...(owner === null || (isPlain && alert.detector !== TEST) ? [] : [{ name: 'Owner', value: owner }]),
    ...(count > 1 && alert.detector !== GROUP ? [{ name: 'Seen', value: `${count.toLocaleString('en')} times` }] : []),
    ...(observation.facts ?? []),
    ...(isPlain && remindEvery > 0 ? [{ name: 'Reminds', value: `every ${formatDuration(remindEvery)}` }] : []),
  ]
}

function stateLines(alert: Alert): Text[] {
  const lines: Text[] = []
  if (alert.acknowledgedBy !== null && alert.acknowledgedAt !== null) {
    lines.push([
      'Acknowledged by ',
      { bold: alert.acknowledgedBy },
      ' ',
      { time: alert.acknowledgedAt, style: 'relative' },
      ...(alert.acknowledgedUntil === null
        ? ['.']
        : [', until ', { time: alert.acknowledgedUntil, style: 'moment' as const }, '.']),
    ])
  }
  if (alert.snoozedUntil !== null) {
    lines.push([
      'Snoozed by ',
      { bold: alert.snoozedBy ?? 'somebody' },
      ' until ',
      { time: alert.snoozedUntil, style: 'moment' },
      '.',
    ])
  }
  if (alert.note) lines.push(['Note: ', alert.note])
  if (alert.resolvedAt !== null) {
    const resolved =
      alert.resolvedBy === null ? ['Resolved automatically '] : ['Resolved by ', { bold: alert.resolvedBy }, ' ']
    lines.push([...resolved, { time: alert.resolvedAt, style: 'relative' }, '.'])
  }
  return lines
}

/** The buttons in the order of use: take it, see more of it, act on it, quieten it. */
function orderedAlertButtons(alert: Alert, actions: readonly Button[]): Button[] {
  const details: Button = { label: 'Details', line: `alerts show ${alert.id}` }
  const analyze: Button = { label: 'Analyze', line: `analyze alert ${alert.id}` }
  const own = alert.observation.buttons ?? []
  if (alert.state === 'resolved') return [...own, details, analyze]
  if (alert.detector === STORM && alert.state === 'firing') return [...stormButtons(alert), ...actions, ...own]
  if (alert.state === 'acknowledged') {
    return [
      { label: 'Resolve', line: `resolve ${alert.id}` },
      ...own,
      ...actions,
      details,
      analyze,
      { label: 'Unacknowledge', line: `unack ${alert.id}` },
    ]
  }
  return [
    { label: 'Acknowledge', line: `ack ${alert.id}`, tone: 'primary' },
    ...own,
    ...actions,
    { label: 'Snooze', line: `snooze ${alert.id}`, ask: ['for', 'note'] },
    ...(alert.detector === TEST ? [] : [silenceButton(alert)]),
    details,
    analyze,
  ]
}
