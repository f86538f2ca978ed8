// The lines and buttons of an alert card about suppression and flapping. Pure.
import type { Button, Text } from '../../card.ts'
import { plural } from '../../text.ts'
import type { Alert } from '../alert.ts'
import { transitionSummary } from './flapping.ts'
import { STORM } from './inhibition.ts'
import type { SuppressedSummary } from './suppressed-alerts.ts'

/** What a card shows about flapping, about its suppression and about the alerts that it suppresses. */
export function suppressionLines(alert: Alert, suppressed: SuppressedSummary | null): Text[] {
  return [...flappingLines(alert), ...suppressedByLines(alert), ...suppressesLines(alert, suppressed)]
}

/** The end of the title of a flapping alert: `, 7 changes in 9m`. */
export function flappingTitle(alert: Alert): string {
  return alert.flappingSince === null || alert.state === 'resolved'
    ? ''
    : `, ${transitionSummary(alert.transitionTimes)}`
}

/** The buttons of a storm, instead of those of a single alert. */
export function stormButtons(alert: Alert): Button[] {
  return [
    { label: 'Acknowledge all', line: `ack all --storm ${alert.id}`, tone: 'primary' },
    { label: 'Show alerts', line: 'alerts list' },
    { label: 'Details', line: `alerts show ${alert.id}` },
  ]
}

/** Silences alerts with the same key. */
export function silenceButton(alert: Alert): Button {
  return { label: 'Silence', line: `silence add --alert ${alert.id}`, ask: ['for', 'reason'] }
}

function flappingLines(alert: Alert): Text[] {
  if (alert.flappingSince === null || alert.state === 'resolved') return []
  const clear: Text =
    alert.stableAt === null
      ? []
      : [' Clear for now; resolves at ', { time: alert.stableAt, style: 'clock' }, ' if it stays clear.']
  return [['Flapping: ', { bold: transitionSummary(alert.transitionTimes) }, '.', ...clear]]
}

function suppressedByLines(alert: Alert): Text[] {
  if (alert.suppressionReason === null || alert.state === 'resolved') return []
  if (alert.suppression === null) return [`Was suppressed by ${alert.suppressionReason}; still firing.`]
  const until: Text =
    alert.suppressedUntil === null ? [] : [' until ', { time: alert.suppressedUntil, style: 'moment' }]
  return [[`Suppressed by ${alert.suppressionReason}`, ...until, '. Nobody is notified.']]
}

function suppressesLines(alert: Alert, suppressed: SuppressedSummary | null): Text[] {
  if (suppressed === null) return []
  const isStorm = alert.detector === STORM
  const total = { bold: plural(alert.suppressedCount, isStorm ? 'alert' : 'related alert') }
  const { critical, warning, info } = suppressed.open
  const open = critical + warning + info
  if (open === 0) return [[isStorm ? 'Stood for ' : 'Suppressed ', total, '; none now.']]
  const counts = Object.entries(suppressed.open)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count.toLocaleString('en')} ${severity}`)
  const more = open - suppressed.titles.length
  return [
    [isStorm ? 'Stands for ' : 'Suppresses ', total, `, still open: ${counts.join(', ')}.`],
    ...suppressed.titles.map(title => `• ${title}`),
    ...(more > 0 ? [`… ${more.toLocaleString('en')} more`] : []),
  ]
}
