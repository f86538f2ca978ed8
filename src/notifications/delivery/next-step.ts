// What one channel needs next for one alert: post, edit, reply or nothing, with the reason by name. Pure.
import type { Alert } from '../../alerts/alert.ts'
import type { notifications } from '../../state/schema/index.ts'

export type Notification = typeof notifications.$inferSelect

export type Step =
  | { do: 'post'; why: 'new alert' | 'resolved before it was sent' | 'card deleted' }
  | { do: 'reply'; why: NonNullable<Alert['mentionReason']> }
  | { do: 'edit'; why: 'newer version' }
  | { do: 'thread'; why: 'timeline' }
  | {
      do: 'skip'
      why: 'shown' | 'resolved before the channel was added' | 'suppressed' | 'waiting to retry' | 'refused'
    }

/** The next step for an alert in a channel added at `addedAt`; `notification` is what the channel has of it so far. */
export function nextStep(alert: Alert, addedAt: number, notification: Notification | null, now: number): Step {
  const isRefused = notification?.failedVersion === alert.version
  // A refused reply (marked by `sending`) does not stop edits of the card.
  const isCardOutdated = notification?.sending === 'reply' && notification.shownVersion < alert.version
  if (isRefused && !isCardOutdated) return { do: 'skip', why: 'refused' }
  if (!notification?.ref && isSuppressed(alert, notification)) return { do: 'skip', why: 'suppressed' }
  if ((notification?.nextAttemptAt ?? 0) > now) return { do: 'skip', why: 'waiting to retry' }
  if (!notification?.ref) return firstStep(alert, addedAt, notification)
  if (!isRefused && isMentionDue(alert, notification)) return { do: 'reply', why: alert.mentionReason! }
  if (notification.shownVersion < alert.version) return { do: 'edit', why: 'newer version' }
  if (!isRefused && notification.threaded < alert.threadLine) return { do: 'thread', why: 'timeline' }
  return { do: 'skip', why: 'shown' }
}

function firstStep(alert: Alert, addedAt: number, notification: Notification | null): Step {
  if (notification && notification.shownVersion > 0) return { do: 'post', why: 'card deleted' }
  if (alert.state !== 'resolved') return { do: 'post', why: 'new alert' }
  if (alert.resolvedAt! < addedAt) return { do: 'skip', why: 'resolved before the channel was added' }
  return { do: 'post', why: 'resolved before it was sent' }
}

/** Also while an alert is suppressed, a card that may have arrived before is searched, and then edited. */
function isSuppressed(alert: Alert, notification: Notification | null): boolean {
  return alert.suppression !== null && notification?.sending !== 'post'
}

/** Whether people must be mentioned again there now. */
export function isMentionDue(alert: Alert, notification: Notification): boolean {
  return alert.suppression === null && isMentionPending(alert, notification)
}

/**
 * Whether people must be mentioned again there, now or when the suppression ends. An acknowledgement or a snooze cancels a
 * reminder that was not sent yet. A recovery is sent unless the alert is suppressed.
 */
export function isMentionPending(alert: Alert, notification: Notification): boolean {
  if (notification.mentionedCount >= alert.mentionCount) return false
  if (alert.mentionReason === 'recovered') return alert.state === 'resolved' && alert.suppression === null
  return alert.state === 'firing' && alert.snoozedUntil === null
}
