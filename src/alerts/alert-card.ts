// The card of an alert, and the short one that calls people to it again.
import type { Button, Card, Field, Text, Tone } from '../card.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import type { Alert } from './alert.ts'
import type { ActionsShown } from './available-actions.ts'
import { NOTICE, STORM, TEST } from './suppression/inhibition.ts'
import type { InhibitedAlerts } from './suppression/suppressed-alerts.ts'
import { flappingTitle, silenceButton, stormButtons, suppressionLines } from './suppression/suppression-card.ts'

const NO_ACTIONS: ActionsShown = { lines: [], buttons: [] }

/**
 * The card of an alert as it is now; `project` is its project's name, `explained` what it holds back, `actions` what can be
 * run for it and what was.
 */
export function alertCard(
  alert: Alert,
  project: string | null,
  explained: InhibitedAlerts | null = null,
  actions: ActionsShown = NO_ACTIONS,
): Card {
  if (alert.detector === NOTICE) return noticeCard(alert, project)
  const owner: Field[] = alert.owner === null ? [] : [{ name: 'Owner', value: alert.owner, inline: true }]
  const counted: Field[] = alert.count > 1 ? [{ name: 'Seen', value: `${alert.count} times`, inline: true }] : []
  return {
    title: `${stateWord(alert)}: ${alert.title}${flappingTitle(alert)}`,
    tone: stateTone(alert),
    lines: [...alert.observation.lines, ...suppressionLines(alert, explained), ...stateLines(alert), ...actions.lines],
    fields: [
      { name: 'Since', value: since(alert), inline: true },
      ...owner,
      ...counted,
      ...(alert.observation.fields ?? []),
    ],
    buttons: [...stateButtons(alert), ...actions.buttons, ...(alert.observation.buttons ?? [])],
    footer: [`Alert ${alert.id}`, ...(project === null ? [] : [` · ${project}`])],
  }
}

/** The reply that notifies people anew: a reminder, a second firing, something worse, an escalation, or the recovery of a critical. */
export function mentionCard(alert: Alert): Card {
  const lasted = aboutDuration((alert.resolvedAt ?? alert.seenAt) - alert.since)
  const says = {
    reminder: 'Still going on, and nobody has acknowledged it',
    'fired again': 'It is on again',
    'snooze ended': 'The snooze is over and it still goes on',
    'acknowledgement expired': 'The acknowledgement has run out and it still goes on',
    worse: `It is ${alert.severity} now`,
    escalated: 'Escalated: nobody has acknowledged it',
    recovered: `Recovered after ${lasted}`,
  }[alert.mentionReason ?? 'reminder']
  return {
    title: `${says}: ${alert.title}`,
    tone: stateTone(alert),
    lines: [['Since ', { time: alert.since, style: 'moment' }, '.']],
    buttons: alert.state === 'firing' ? stateButtons(alert) : [],
    footer: [`Alert ${alert.id}`],
  }
}

/** The word that a state is shown with, so that colour never stands alone. */
export function stateWord(alert: Pick<Alert, 'state' | 'severity' | 'snoozedUntil'>): string {
  if (alert.state === 'resolved') return 'Resolved'
  if (alert.state === 'acknowledged') return 'Acknowledged'
  if (alert.snoozedUntil !== null) return 'Snoozed'
  return { critical: 'Critical', warning: 'Warning', info: 'Info' }[alert.severity]
}

/** Red, amber or blue while nobody is on it; blue once somebody is; green when it is over. */
export function stateTone(alert: Pick<Alert, 'state' | 'severity' | 'snoozedUntil'>): Tone {
  if (alert.state === 'resolved') return 'good'
  if (alert.state === 'acknowledged') return 'info'
  return alert.snoozedUntil === null ? alert.severity : 'muted'
}

/** What only tells something has no state of its own. */
function noticeCard(alert: Alert, project: string | null): Card {
  const { lines, fields } = alert.observation
  const footer = [`Alert ${alert.id}`, ...(project === null ? [] : [` · ${project}`])]
  return { title: alert.title, tone: 'info', lines, ...(fields ? { fields } : {}), footer }
}

function since(alert: Alert): Text {
  const begun = { time: alert.since, style: 'moment' as const }
  if (alert.resolvedAt === null) return [begun, ' (', { time: alert.since, style: 'relative' }, ')']
  return [begun, `, for ${aboutDuration(alert.resolvedAt - alert.since)}`]
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
    const who: Text =
      alert.resolvedBy === null ? 'Recovered by itself ' : ['Resolved by ', { bold: alert.resolvedBy }, ' ']
    lines.push([...(typeof who === 'string' ? [who] : who), { time: alert.resolvedAt, style: 'relative' }, '.'])
  }
  if (alert.state === 'firing' && alert.snoozedUntil === null && alert.remindEvery > 0) {
    lines.push(`Reminds every ${formatDuration(alert.remindEvery)} until acknowledged.`)
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
      { label: 'Un-acknowledge', line: `unack ${alert.id}` },
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
