// What a card says of holding back: what holds the alert, what it holds itself, and that it flaps. Pure.
import type { Button, Text } from '../../card.ts'
import type { Alert } from '../alert.ts'
import { transitionSummary } from './flapping.ts'
import { STORM } from './inhibition.ts'
import type { InhibitedAlerts } from './suppressed-alerts.ts'

/** The lines of a card about holding back. */
export function suppressionLines(alert: Alert, explained: InhibitedAlerts | null): Text[] {
  return [...flapLines(alert), ...heldLines(alert), ...explainedLines(alert, explained)]
}

/** What an alert that flaps has in its title after its own: `, 7 changes in 9m`. */
export function flappingTitle(alert: Alert): string {
  return alert.flappingSince === null || alert.state === 'resolved'
    ? ''
    : `, ${transitionSummary(alert.transitionTimes)}`
}

/** The buttons of a storm in the place of those of an alert. */
export function stormButtons(alert: Alert): Button[] {
  return [
    { label: 'Acknowledge all', line: `ack all --storm ${alert.id}`, tone: 'primary' },
    { label: 'Show them', line: 'alerts list' },
    { label: 'Details', line: `alerts show ${alert.id}` },
  ]
}

/** Puts a silence over alerts like this one. */
export function silenceButton(alert: Alert): Button {
  return { label: 'Silence', line: `silence add --alert ${alert.id}`, ask: ['for', 'reason'] }
}

function flapLines(alert: Alert): Text[] {
  if (alert.flappingSince === null || alert.state === 'resolved') return []
  const over: Text =
    alert.stableSince === null
      ? []
      : [' Gone for now; over at ', { time: alert.stableSince, style: 'clock' }, ' if it stays so.']
  return [['It comes and goes: ', { bold: transitionSummary(alert.transitionTimes) }, '.', ...over]]
}

function heldLines(alert: Alert): Text[] {
  if (alert.suppressionReason === null || alert.state === 'resolved') return []
  if (alert.suppression === null) return [`It was held back by ${alert.suppressionReason}, and still goes on.`]
  const until: Text =
    alert.suppressedUntil === null ? [] : [' until ', { time: alert.suppressedUntil, style: 'moment' }]
  return [[`Held back by ${alert.suppressionReason}`, ...until, ': it calls nobody.']]
}

function explainedLines(alert: Alert, explained: InhibitedAlerts | null): Text[] {
  if (explained === null) return []
  const total = alert.suppressedCount.toLocaleString('en')
  const { critical, warning, info } = explained.open
  const open = critical + warning + info
  const verb = alert.detector === STORM ? 'Stands for' : 'Explains'
  if (open === 0) return [[`${verb} `, { bold: `${total} others` }, ', none of which it holds back now.']]
  const counts = Object.entries(explained.open)
    .filter(([, n]) => n > 0)
    .map(([severity, n]) => `${n.toLocaleString('en')} ${severity}`)
  const more = open > explained.titles.length ? [`… ${(open - explained.titles.length).toLocaleString('en')} more`] : []
  return [
    [
      `${verb} `,
      { bold: `${total} ${alert.suppressedCount === 1 ? 'other' : 'others'}` },
      `, still open: ${counts.join(', ')}.`,
    ],
    ...explained.titles.map(title => `• ${title}`),
    ...more,
  ]
}
