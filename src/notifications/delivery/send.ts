// One message of the delivery loop: how each step is done, and what the channel shows then.
import { randomBytes } from 'node:crypto'
import type { Alert } from '../../alerts/alert.ts'
import { mentionCard } from '../../alerts/alert-card.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { type Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { State } from '../../state/database.ts'
import type { ChartRenderer } from './alert-chart.ts'
import { cardOf, mentioning, threadCard } from './messages.ts'
import { callIsOpen, type Notification } from './next-step.ts'
import {
  markDone,
  markFailed,
  markSending,
  markShown,
  markThreaded,
  NOT_SENDING,
  type OutboxItem,
  type Shown,
} from './outbox.ts'

/** One try at a step; `handedOver` once a new message was given to the platform. */
export type Attempt = OutboxItem & { handedOver: boolean }

/** Does the step of an attempt and notes what the channel shows then; rejects with what went wrong. */
export async function send(
  state: State,
  channel: Channel,
  attempt: Attempt,
  clock: Clock,
  painter: ChartRenderer | null = null,
): Promise<void> {
  // The alert as it is at the moment of sending: nothing that waited is stale.
  const alert = readAlert(state, attempt.alert.id) ?? attempt.alert
  const shown = await STEPS[attempt.step.do]({
    state,
    channel,
    attempt,
    clock,
    alert,
    painter: channel.capabilities.pictures ? painter : null,
  })
  if (!shown) return
  state.transaction(() => {
    markShown(state, alert.id, channel.id, shown)
    markDone(state, alert.id, clock.now())
  })
}

type Sending = {
  state: State
  channel: Channel
  attempt: Attempt
  clock: Clock
  alert: Alert
  /** Null where cards have no pictures. */
  painter: ChartRenderer | null
}

/** How each step is done, and what the channel shows then. */
const STEPS: Record<OutboxItem['step']['do'], (sending: Sending) => Promise<Shown | null>> = {
  skip: async () => null,
  async edit({ state, channel, attempt, alert, clock, painter }) {
    const had = attempt.notification!
    const image = await painter?.paint(state, alert, clock.now())
    await channel.edit(had.ref!, { ...cardOf(state, alert), ...(image ? { image } : {}) })
    // A call that nobody is to hear any more is given up, or it would come back when the alert is given back.
    const open = callIsOpen(alert, had)
    const calls = open ? had.mentionedCount : alert.mentionCount
    return { version: alert.version, calls, over: !open, refused: had.failedVersion === alert.version }
  },
  async reply(sending) {
    const { state, channel, attempt, alert, clock } = sending
    const { ref, shownVersion, mentionedCount: called } = attempt.notification!
    const found = await findEarlier(sending, 'reply')
    if (found !== null) return { version: shownVersion, calls: called + 1, over: true }
    const card = mentioning(state, channel, attempt.mention, mentionCard(alert), alert, clock.now())
    await handOver(sending, 'reply', nonce => channel.reply(ref!, card, nonce))
    return { version: shownVersion, calls: alert.mentionCount, over: true }
  },
  async post(sending) {
    const { state, channel, attempt, alert, clock, painter } = sending
    const found = await findEarlier(sending, 'post')
    // It shows the alert as it was then: version 0 has it edited to what it is now.
    if (found !== null) return { ref: found, version: 0, calls: attempt.notification!.mentionedCount, over: true }
    if (alert.suppression !== null) return forget(sending)
    const card = mentioning(state, channel, attempt.mention, cardOf(state, alert), alert, clock.now())
    const ref = await handOver(sending, 'post', nonce => channel.post(card, nonce))
    // The card tells what its timeline would; the thread begins with what comes after.
    // The card goes first; the edit that the older version asks for brings its picture.
    const version = painter?.wants(state, alert, clock.now()) ? alert.version - 1 : alert.version
    return { ref, version, calls: alert.mentionCount, over: true, threaded: alert.threadLine }
  },
  async thread({ state, channel, attempt, alert, clock }) {
    const { ref, threaded } = attempt.notification!
    const card = threadCard(state, alert, threaded)
    try {
      if (card) await channel.thread?.(ref!, card)
    } catch (error) {
      // Better a line less than the same twice, and no alert depends on it; only what surely was not sent is sent again.
      if (['limited', 'unreachable'].includes(asDeliveryError(error).code)) throw error
    }
    state.transaction(() => {
      markThreaded(state, alert.id, channel.id, alert.threadLine)
      markDone(state, alert.id, clock.now())
    })
    return null
  },
}

/** The card never arrived, and meanwhile something holds it back: nothing is under way any more. */
function forget({ state, channel, alert, clock }: Sending): null {
  state.transaction(() => {
    markFailed(state, alert.id, channel.id, NOT_SENDING)
    markDone(state, alert.id, clock.now())
  })
  return null
}

/** The message that an earlier attempt, whose end nobody heard, turns out to have sent. */
async function findEarlier({ channel, attempt }: Sending, kind: 'post' | 'reply'): Promise<string | null> {
  const earlier = earlierAttempt(attempt, kind)
  if (!earlier) return null
  try {
    return await channel.find(earlier.nonce!, earlier.sentAt!)
  } catch (error) {
    // A platform that never lets Vakt look is no reason to keep an alert back; any other failure is.
    if (asDeliveryError(error).code === 'refused') return null
    throw error
  }
}

/** Sends a new message, under the nonce of the earlier attempt when there was one. */
async function handOver(
  { state, channel, attempt, clock, alert }: Sending,
  kind: 'post' | 'reply',
  message: (nonce: string) => Promise<string>,
): Promise<string> {
  const nonce = earlierAttempt(attempt, kind)?.nonce ?? randomBytes(12).toString('hex')
  markSending(state, alert, channel.id, { kind, nonce, sentAt: clock.now() })
  attempt.handedOver = true
  return await message(nonce)
}

function earlierAttempt({ notification }: Attempt, kind: 'post' | 'reply'): Notification | null {
  return notification?.sending === kind && notification.nonce !== null ? notification : null
}

/** Any failure as delivery understands it: what nobody foresaw may have been sent. */
export function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  return new DeliveryError('unsure', error instanceof Error ? error.message : String(error))
}
