// What is said to a channel: the card of an alert, whom it calls out, and the lines for the thread under it.
import type { Alert } from '../../alerts/alert.ts'
import { alertCard } from '../../alerts/alert-card.ts'
import { type HistoryRow, readHistoryAfter } from '../../alerts/alerts.ts'
import { readActionsShown } from '../../alerts/available-actions.ts'
import { readInhibited } from '../../alerts/suppression/suppressed-alerts.ts'
import type { Card, Text } from '../../card.ts'
import type { Channel } from '../../chat/channel.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { mentionsIn } from '../routing/mentions.ts'
import { readPerson } from '../routing/people.ts'
import { onCallNow } from '../routing/rotations.ts'
import { sparklineField } from './alert-chart.ts'

/** How many lines one message in a thread has at the most; the whole timeline is in `alerts show`. */
const MOST_LINES = 20

/** The card of an alert as it is now. */
export function cardOf(state: State, alert: Alert): Card {
  const project = alert.projectId === null ? undefined : readProjectById(state, alert.projectId)
  const card = alertCard(alert, project?.name ?? null, readInhibited(state, alert), readActionsShown(state, alert))
  return { ...card, fields: [...(card.fields ?? []), ...sparklineField(alert)] }
}

/** A new message with those it calls out: nobody once the alert is over or somebody is on it. */
export function mentioning(
  state: State,
  channel: Channel,
  words: readonly string[],
  card: Card,
  alert: Alert,
  now: number,
): Card {
  if (words.length === 0 || alert.state !== 'firing' || alert.snoozedUntil !== null) return card
  const lookup = {
    person: (name: string) => readPerson(state, name),
    onCall: (rotation: string | undefined) => onCallNow(state, rotation, now)?.who ?? null,
  }
  const mention = mentionsIn(channel, words, lookup)
  return mention.length > 0 ? { ...card, mention } : card
}

/** What happened to an alert after the line `after` of its history, for the thread under its card; null when that is nothing. */
export function threadCard(state: State, alert: Alert, after: number): Card | null {
  const lines = readHistoryAfter(state, alert.id, after, alert.threadLine, MOST_LINES)
  if (lines.length === 0) return null
  return { title: `Alert ${alert.id}`, tone: 'plain', lines: lines.map(timelineLine) }
}

/** One line of a timeline, for people. */
export function timelineLine({ at, what, by, note }: Pick<HistoryRow, 'at' | 'what' | 'by' | 'note'>): Text {
  return [
    { time: at, style: 'moment' },
    ` · ${what}${by === null ? '' : ` by ${by}`}${note === null || note === '' ? '' : `: ${note}`}`,
  ]
}
