// Carries out one step of the delivery loop, and records what the channel shows then.
import { randomBytes } from 'node:crypto'
import type { Alert } from '../../alerts/alert.ts'
import { mentionCard } from '../../alerts/alert-card.ts'
import { readAlert } from '../../alerts/alerts.ts'
import type { Card } from '../../card.ts'
import { type Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { State } from '../../state/database.ts'
import { errorMessage } from '../../text.ts'
import type { ChartRenderer } from './alert-chart.ts'
import { readAlertCard, readThreadCard, withMentions } from './messages.ts'
import { isMentionPending, type Notification } from './next-step.ts'
import {
  clearIfDelivered,
  markFailed,
  markSending,
  markShown,
  markThreaded,
  NOT_SENDING,
  type OutboxItem,
  type RepeatedMessage,
  type Shown,
} from './outbox.ts'

/** One attempt at a step; `isHandedOver` once the platform was given a new message. */
export type DeliveryAttempt = OutboxItem & { isHandedOver: boolean }

/**
 * Carries out the step of an attempt and records what the channel shows then. Resolves with the message if it may be there
 * twice. Rejects when that fails.
 */
export async function send(
  state: State,
  channel: Channel,
  attempt: DeliveryAttempt,
  clock: Clock,
  chartRenderer: ChartRenderer | null = null,
): Promise<RepeatedMessage | null> {
  // The alert as it is now: a message that waited is not outdated.
  const alert = readAlert(state, attempt.alert.id) ?? attempt.alert
  const shown = await STEP_ACTIONS[attempt.step.do]({
    state,
    channel,
    attempt,
    clock,
    alert,
    chartRenderer: channel.capabilities.pictures ? chartRenderer : null,
  })
  if (!shown) return null
  const repeated = repeatedMessage(attempt)
  // A double of a reply is not looked for after a restart: the state does not hold which of them is the first.
  const repeatedNonce = repeated?.kind === 'post' ? repeated.nonce : undefined
  state.transaction(() => {
    markShown(state, alert.id, channel.id, { ...shown, repeatedNonce })
    clearIfDelivered(state, alert.id, clock.now())
  })
  return repeated
}

/** The message that this attempt and an earlier one may both have sent; null when there was only one. */
function repeatedMessage({ step, alert, notification }: DeliveryAttempt): RepeatedMessage | null {
  const kind = step.do
  if (kind !== 'post' && kind !== 'reply') return null
  if (notification?.sending !== kind || notification.nonce === null || notification.sentAt === null) return null
  return { alertId: alert.id, kind, nonce: notification.nonce, sentAt: notification.sentAt }
}

type StepContext = {
  state: State
  channel: Channel
  attempt: DeliveryAttempt
  clock: Clock
  alert: Alert
  /** Null where cards have no images. */
  chartRenderer: ChartRenderer | null
}

/** The chart of the alert for its card; nothing where there is none, or not in time. */
async function renderChart({ state, channel, alert, clock, chartRenderer }: StepContext): Promise<Pick<Card, 'image'>> {
  const image = await chartRenderer?.render(state, alert, clock.now(), channel.capabilities.pictureTheme)
  return image ? { image } : {}
}

/** Carries out each kind of step; returns what the channel shows then. */
const STEP_ACTIONS: Record<OutboxItem['step']['do'], (context: StepContext) => Promise<Shown | null>> = {
  skip: async () => null,
  async edit(context) {
    const { state, channel, attempt, alert } = context
    const notification = attempt.notification!
    // Without edits, only the end of an alert is a message.
    const isShown = channel.capabilities.edits || alert.state === 'resolved'
    const image = isShown ? await renderChart(context) : {}
    await channel.edit(notification.ref!, { ...readAlertCard(state, alert, channel.id), ...image })
    // A mention that is not pending any more is cancelled; otherwise it would be sent after an unack.
    const isPending = isMentionPending(alert, notification)
    return {
      version: alert.version,
      mentionCount: isPending ? notification.mentionedCount : alert.mentionCount,
      // Where nothing is in flight, the nonce of a repeated card stays.
      endsSending: !isPending && notification.sending !== null,
      isStillRefused: notification.failedVersion === alert.version,
    }
  },
  async reply(context) {
    const { state, channel, attempt, alert, clock } = context
    const { ref, shownVersion, mentionedCount } = attempt.notification!
    const found = await findEarlier(context, 'reply')
    if (found !== null) return { version: shownVersion, mentionCount: mentionedCount + 1, endsSending: true }
    const card = withMentions(state, channel, attempt.mention, mentionCard(alert), alert, clock.now())
    await sendNew(context, 'reply', nonce => channel.reply(ref!, card, nonce))
    return { version: shownVersion, mentionCount: alert.mentionCount, endsSending: true }
  },
  async post(context) {
    const { state, channel, attempt, alert, clock, chartRenderer } = context
    const found = await findEarlier(context, 'post')
    // It shows the alert as it was then: version 0 makes the next step an edit.
    if (found !== null)
      return { ref: found, version: 0, mentionCount: attempt.notification!.mentionedCount, endsSending: true }
    if (alert.suppression !== null) return clearSending(context)
    const card = withMentions(
      state,
      channel,
      attempt.mention,
      readAlertCard(state, alert, channel.id),
      alert,
      clock.now(),
    )
    const { edits } = channel.capabilities
    const image = edits ? {} : await renderChart(context)
    const ref = await sendNew(context, 'post', nonce => channel.post({ ...card, ...image }, nonce))
    // Where it can be edited, the card comes without its chart, which takes time; the older version makes the next step an edit
    // that adds it.
    const isChartMissing = edits && chartRenderer?.hasChart(state, alert, clock.now())
    const version = isChartMissing ? alert.version - 1 : alert.version
    // The thread begins after this line: the card already shows what happened before.
    const threaded = alert.threadLine
    return { ref, version, mentionCount: alert.mentionCount, endsSending: true, threaded }
  },
  async thread({ state, channel, attempt, alert, clock }) {
    const { ref, threaded } = attempt.notification!
    const card = readThreadCard(state, alert, threaded)
    try {
      if (card) await channel.thread?.(ref!, card)
    } catch (error) {
      // A missing line is better than the same line twice: only lines that were surely not sent are sent again.
      if (['limited', 'unreachable'].includes(toDeliveryError(error).code)) throw error
    }
    state.transaction(() => {
      markThreaded(state, alert.id, channel.id, alert.threadLine)
      clearIfDelivered(state, alert.id, clock.now())
    })
    return null
  },
}

/** The card never arrived and the alert is suppressed now: nothing is in flight any more. */
function clearSending({ state, channel, alert, clock }: StepContext): null {
  state.transaction(() => {
    markFailed(state, alert.id, channel.id, NOT_SENDING)
    clearIfDelivered(state, alert.id, clock.now())
  })
  return null
}

/** The message of an earlier attempt that ended without an answer; null when it did not arrive. */
async function findEarlier({ channel, attempt }: StepContext, kind: 'post' | 'reply'): Promise<string | null> {
  const earlier = earlierAttempt(attempt, kind)
  if (!earlier) return null
  try {
    return await channel.find(earlier.nonce!, earlier.sentAt!)
  } catch (error) {
    // A platform that refuses searches must not stop alerts; any other failure is retried.
    if (toDeliveryError(error).code === 'refused') return null
    throw error
  }
}

/** Sends a new message with the nonce of the earlier attempt, or with a new one. */
async function sendNew(
  { state, channel, attempt, clock, alert }: StepContext,
  kind: 'post' | 'reply',
  sendMessage: (nonce: string) => Promise<string>,
): Promise<string> {
  const nonce = earlierAttempt(attempt, kind)?.nonce ?? randomBytes(12).toString('hex')
  // Any of the sends with this nonce may arrive, so they are looked for since the first.
  const sentAt = earlierAttempt(attempt, kind)?.sentAt ?? clock.now()
  markSending(state, alert, channel.id, { kind, nonce, sentAt })
  attempt.isHandedOver = true
  return await sendMessage(nonce)
}

function earlierAttempt({ notification }: DeliveryAttempt, kind: 'post' | 'reply'): Notification | null {
  return notification?.sending === kind && notification.nonce !== null ? notification : null
}

/** Any error as a delivery error: after an unknown one the message may have arrived. */
export function toDeliveryError(error: unknown): DeliveryError {
  // The plainer forms were refused as well; see `withPlainForms`.
  if (error instanceof DeliveryError && error.code === 'invalid_form')
    return new DeliveryError('refused', error.message)
  if (error instanceof DeliveryError) return error
  return new DeliveryError('unsure', errorMessage(error))
}
