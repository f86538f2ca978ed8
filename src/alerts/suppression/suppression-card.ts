// What a card says of holding back: what holds the alert, what it holds itself, and that it flaps. Pure.
import type { Button, Text } from '../../card.ts'
import type { Alert } from '../alert.ts'
import { changeTally } from './flapping.ts'
import { STORM } from './inhibition.ts'
import type { Explained } from './suppressed-alerts.ts'

/** The lines of a card about holding back. */
export function holdLines(alert: Alert, explained: Explained | null): Text[] {
  return [...flapLines(alert), ...heldLines(alert), ...explainedLines(alert, explained)]
}

/** What an alert that flaps has in its title after its own: `, 7 changes in 9m`. */
export function flapTitle(alert: Alert): string {
  return alert.flappingSince === null || alert.state === 'resolved' ? '' : `, ${changeTally(alert.changes)}`
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
    alert.calmAt === null ? [] : [' Gone for now; over at ', { time: alert.calmAt, style: 'clock' }, ' if it stays so.']
  return [['It comes and goes: ', { bold: changeTally(alert.changes) }, '.', ...over]]
}

function heldLines(alert: Alert): Text[] {
  if (alert.heldWhy === null || alert.state === 'resolved') return []
  if (alert.heldBy === null) return [`It was held back by ${alert.heldWhy}, and still goes on.`]
  const until: Text = alert.heldUntil === null ? [] : [' until ', { time: alert.heldUntil, style: 'moment' }]
  return [[`Held back by ${alert.heldWhy}`, ...until, ': it calls nobody.']]
}

function explainedLines(alert: Alert, explained: Explained | null): Text[] {
  if (explained === null) return []
  const total = alert.explains.toLocaleString('en')
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
      { bold: `${total} ${alert.explains === 1 ? 'other' : 'others'}` },
      `, still open: ${counts.join(', ')}.`,
    ],
    ...explained.titles.map(title => `• ${title}`),
    ...more,
  ]
}
