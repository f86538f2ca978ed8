// The card of an alert, and the short card that mentions people again.
import type { Button, Card, Field, Text, Tone } from '../card.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import type { Alert } from './alert.ts'
import type { CardActions } from './available-actions.ts'
import { NOTICE, STORM, TEST } from './suppression/inhibition.ts'
import type { SuppressedSummary } from './suppression/suppressed-alerts.ts'
import { flappingTitle, silenceButton, stormButtons, suppressionLines } from './suppression/suppression-card.ts'

const NO_ACTIONS: CardActions = { lines: [], buttons: [] }

/**
 * The card of an alert as it is now; `project` is its project's name, `suppressed` the alerts that it suppresses, `actions`
 * the actions that it offers and their last runs.
 */
export function alertCard(
  alert: Alert,
  project: string | null,
  suppressed: SuppressedSummary | null = null,
  actions: CardActions = NO_ACTIONS,
): Card {
  if (alert.detector === NOTICE) return noticeCard(alert, project)
  const owner: Field[] = alert.owner === null ? [] : [{ name: 'Owner', value: alert.owner, inline: true }]
  const count: Field[] = alert.count > 1 ? [{ name: 'Seen', value: `${alert.count} times`, inline: true }] : []
  return {
    title: `${stateWord(alert)}: ${alert.title}${flappingTitle(alert)}`,
    tone: stateTone(alert),
    lines: [...alert.observation.lines, ...suppressionLines(alert, suppressed), ...stateLines(alert), ...actions.lines],
    fields: [
      { name: 'Since', value: sinceText(alert), inline: true },
      ...owner,
      ...count,
      ...(alert.observation.fields ?? []),
    ],
    buttons: [...stateButtons(alert), ...actions.buttons, ...(alert.observation.buttons ?? [])],
    footer: footerText(alert, project),
  }
}

/** The reply that mentions people again: a reminder, an escalation, a worse severity, a recovery … */
export function mentionCard(alert: Alert): Card {
  const reason = {
    reminder: 'Still firing, not acknowledged',
    'fired again': 'Firing again',
    'snooze ended': 'Snooze ended, still firing',
    'acknowledgement expired': 'Acknowledgement expired, still firing',
    worse: `Now ${alert.severity}`,
    escalated: 'Escalated',
    recovered: `Resolved after ${aboutDuration((alert.resolvedAt ?? alert.seenAt) - alert.since)}`,
  }[alert.mentionReason ?? 'reminder']
  return {
    title: `${reason}: ${alert.title}`,
    tone: stateTone(alert),
    lines: [['Since ', { time: alert.since, style: 'moment' }, '.']],
    buttons: alert.state === 'firing' ? stateButtons(alert) : [],
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

function sinceText(alert: Alert): Text {
  const since = { time: alert.since, style: 'moment' as const }
  if (alert.resolvedAt === null) return [since, ' (', { time: alert.since, style: 'relative' }, ')']
  return [since, `, for ${aboutDuration(alert.resolvedAt - alert.since)}`]
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
  if (alert.state === 'firing' && alert.snoozedUntil === null && alert.remindEvery > 0) {
    lines.push(`Reminder every ${formatDuration(alert.remindEvery)} until acknowledged.`)
  }
  return lines
}

function stateButtons(alert: Alert): Button[] {
  const details: Button = { label: 'Details', line: `alerts show ${alert.id}` }
  const analyze: Button = { label: 'Analyze', line: `analyze alert ${alert.id}` }
  if (alert.state === 'resolved') return [analyze]
  if (alert.detector === STORM && alert.state === 'firing') return stormButtons(alert)
  if (alert.state === 'acknowledged') {
    return [
      { label: 'Unacknowledge', line: `unack ${alert.id}` },
      { label: 'Resolve', line: `resolve ${alert.id}` },
      details,
      analyze,
    ]
  }
  return [
    { label: 'Acknowledge', line: `ack ${alert.id}`, tone: 'primary' },
    { label: 'Snooze', line: `snooze ${alert.id}`, ask: ['for', 'note'] },
    ...(alert.detector === TEST ? [] : [silenceButton(alert)]),
    details,
    analyze,
  ]
}
