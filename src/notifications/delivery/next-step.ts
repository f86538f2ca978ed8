// What one channel needs next for one alert: post, edit, reply or nothing, with the reason by name. Pure.
import type { Alert } from '../../alerts/alert.ts'
import type { notifications } from '../../state/schema/index.ts'

export type Notification = typeof notifications.$inferSelect

export type Step =
  | { do: 'post'; why: 'new alert' | 'ended before it was told' | 'the card was gone' }
  | { do: 'reply'; why: NonNullable<Alert['mentionReason']> }
  | { do: 'edit'; why: 'newer version' }
  | { do: 'thread'; why: 'timeline' }
  | {
      do: 'skip'
      why: 'shown' | 'ended before the channel was added' | 'held back' | 'waiting to try again' | 'refused for good'
    }

/** The next step for an alert in a channel added at `addedAt`; `notification` is what the channel has of it so far. */
export function nextStep(alert: Alert, addedAt: number, notification: Notification | null, now: number): Step {
  const refused = notification?.failedVersion === alert.version
  // A refused reply (marked by `sending`) does not stand in the way of the card's own truth.
  const cardLacks = notification?.sending === 'reply' && notification.shownVersion < alert.version
  if (refused && !cardLacks) return { do: 'skip', why: 'refused for good' }
  if (!notification?.ref && isKeptBack(alert, notification)) return { do: 'skip', why: 'held back' }
  if ((notification?.nextAttemptAt ?? 0) > now) return { do: 'skip', why: 'waiting to try again' }
  if (!notification?.ref) return firstStep(alert, addedAt, notification)
  if (!refused && callIsDue(alert, notification)) return { do: 'reply', why: alert.mentionReason! }
  if (notification.shownVersion < alert.version) return { do: 'edit', why: 'newer version' }
  if (!refused && notification.threaded < alert.threadLine) return { do: 'thread', why: 'timeline' }
  return { do: 'skip', why: 'shown' }
}

function firstStep(alert: Alert, addedAt: number, notification: Notification | null): Step {
  if (notification && notification.shownVersion > 0) return { do: 'post', why: 'the card was gone' }
  if (alert.state !== 'resolved') return { do: 'post', why: 'new alert' }
  if (alert.resolvedAt! < addedAt) return { do: 'skip', why: 'ended before the channel was added' }
  return { do: 'post', why: 'ended before it was told' }
}

/** A card that may have arrived before something held it back is looked for all the same, to be made true. */
function isKeptBack(alert: Alert, notification: Notification | null): boolean {
  return alert.suppression !== null && notification?.sending !== 'post'
}

/** Whether people are to be notified anew there now. */
export function callIsDue(alert: Alert, notification: Notification): boolean {
  return alert.suppression === null && callIsOpen(alert, notification)
}

/**
 * Whether people are still to be notified anew there, now or once nothing holds the alert back. A reminder that could not
 * be told before somebody acknowledged or snoozed is told no more; a recovery is, unless something holds the alert back.
 */
export function callIsOpen(alert: Alert, notification: Notification): boolean {
  if (notification.mentionedCount >= alert.mentionCount) return false
  if (alert.mentionReason === 'recovered') return alert.state === 'resolved' && alert.suppression === null
  return alert.state === 'firing' && alert.snoozedUntil === null
}
