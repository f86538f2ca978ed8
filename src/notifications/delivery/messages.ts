// The messages of an alert: its card, whom the card mentions, and the lines for the thread under it.
import type { Alert } from '../../alerts/alert.ts'
import { alertCard } from '../../alerts/alert-card.ts'
import { type HistoryRow, readHistoryAfter } from '../../alerts/alerts.ts'
import { readCardActions } from '../../alerts/available-actions.ts'
import { MAX_SHOWN_MEMBERS } from '../../alerts/groups/group-card.ts'
import { readGroupMembers } from '../../alerts/groups/groups.ts'
import { readSuppressedSummary } from '../../alerts/suppression/suppressed-alerts.ts'
import type { Card, Text } from '../../card.ts'
import type { Channel } from '../../chat/channel.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { mentionsIn } from '../routing/mentions.ts'
import { readPerson } from '../routing/people.ts'
import { onCallNow } from '../routing/rotations.ts'
import { sparklineOf } from './alert-chart.ts'

/** Lines of one message in a thread; `alerts show` has the whole timeline. */
const MAX_THREAD_LINES = 20

/**
 * The card of an alert with its current project, inhibited alerts and actions; the card of a group for a channel shows the
 * members that go there.
 */
export function readAlertCard(state: State, alert: Alert, channelId?: string): Card {
  const project = alert.projectId === null ? undefined : readProjectById(state, alert.projectId)
  const card = alertCard(
    alert,
    project?.name ?? null,
    readSuppressedSummary(state, alert),
    readCardActions(state, alert),
    readGroupMembers(state, alert, MAX_SHOWN_MEMBERS, channelId),
  )
  const sparkline = sparklineOf(alert)
  return sparkline === null ? card : { ...card, evidence: [sparkline, ...(card.evidence ?? [])] }
}

/** A new message with its mentions: none when the alert is not firing any more, or snoozed. */
export function withMentions(
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

/** The lines of an alert's history after line `after`, for the thread under its card; null when there are none. */
export function readThreadCard(state: State, alert: Alert, after: number): Card | null {
  const lines = readHistoryAfter(state, alert.id, after, alert.threadLine, MAX_THREAD_LINES)
  if (lines.length === 0) return null
  return { title: `Alert ${alert.id}`, tone: 'plain', lines: lines.map(timelineLine) }
}

/** One line of a timeline. */
export function timelineLine({ at, what, by, note }: Pick<HistoryRow, 'at' | 'what' | 'by' | 'note'>): Text {
  return [
    { time: at, style: 'moment' },
    ` · ${what}${by === null ? '' : ` by ${by}`}${note === null || note === '' ? '' : `: ${note}`}`,
  ]
}
