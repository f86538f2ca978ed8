// The delivery loop: asks the outbox what each channel lacks, and sends it; at least once, in order of urgency.
import { randomBytes } from 'node:crypto'
import type { Alert } from '../alerts/alert.ts'
import { alertCard, callCard } from '../alerts/alert-card.ts'
import { readAlert } from '../alerts/alerts.ts'
import { type Channel, DeliveryError } from '../chat/channel.ts'
import type { Log } from '../log.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { Clock } from '../time.ts'
import { Lane, type Operation } from './lane.ts'
import { callIsDue, type Notification } from './next-step.ts'
import {
  markFailed,
  markSending,
  markShown,
  NOT_SENDING,
  nextAttempt,
  type OutboxItem,
  readOutbox,
  retryNow,
  type Shown,
  settle,
} from './notifications.ts'

/** How many of the most urgent items a lane looks at: as many as are under way, and as many again to take their place. */
const LOOK_AHEAD = 8

/** How long messages under way may take to finish when Vakt stops, ms. */
const FINISH = 3_000

export interface Delivery {
  /** Sends whatever is due; call it after anything changed. */
  nudge(): void
  /** Tries everything of a channel again at once, because its platform is back. */
  platformIsBack(channelId: string): void
  /** Since when and why a channel refuses what is sent to it; null while it does not. */
  refusal(channelId: string): { since: number; message: string } | null
  /** Starts no further message and waits a few seconds for those under way. */
  stop(): Promise<void>
}

/** A delivery loop over `channels`; each has its own lane, so that none waits for another. */
export function createDelivery(state: State, channels: readonly Channel[], clock: Clock, log: Log): Delivery {
  const lanes = channels.map(channel => ({ channel, lane: new Lane(), cancel: () => {}, cancelRetry: () => {} }))
  const running = new Set<Promise<void>>()
  let stopped = false

  const pump = (one: (typeof lanes)[number]) => {
    one.cancel()
    if (stopped) return
    const now = clock.now()
    for (const operation of ['post', 'edit'] as const) sendDue(one, operation, now)
    // What is under way pumps again when it ends.
    if (one.lane.full) return
    const wake = soonest(one.lane.heldUntil(now), nextAttempt(state, one.channel.id, now))
    if (wake !== null) one.cancel = clock.at(wake, () => pump(one))
  }

  const sendDue = (one: (typeof lanes)[number], operation: Operation, now: number) => {
    if (!one.lane.allows(operation, now)) return
    for (const item of readOutbox(state, one.channel.id, operation, now, LOOK_AHEAD)) {
      if (one.lane.underWay.has(item.alert.id)) continue
      if (item.step.do === 'skip') settle(state, item.alert.id, now)
      else start(one, item, item.step.do === 'edit' ? 'edit' : 'post')
      if (!one.lane.allows(operation, now)) return
    }
  }

  const start = (one: (typeof lanes)[number], item: OutboxItem, operation: Operation) => {
    one.lane.underWay.set(item.alert.id, operation)
    const attempt: Attempt = { ...item, handedOver: false }
    const sent = send(state, one.channel, attempt, clock)
      .then(() => one.lane.succeeded())
      .catch(error => noteFailure(state, one.channel, one.lane, attempt, asDeliveryError(error), clock.now(), log))
      .then(() => retryRefused(one))
      .catch(error => log.error('a delivery could not be recorded', { channel: one.channel.id, error }))
      .finally(() => {
        running.delete(sent)
        one.lane.underWay.delete(item.alert.id)
        pump(one)
      })
    running.add(sent)
  }

  const tryAgain = (one: (typeof lanes)[number]) => {
    if (stopped) return
    one.lane.release()
    retryNow(state, one.channel.id)
    pump(one)
  }

  const retryRefused = (one: (typeof lanes)[number]) => {
    one.cancelRetry()
    if (one.lane.refusal && !stopped) one.cancelRetry = clock.at(one.lane.refusal.retryAt, () => tryAgain(one))
  }

  return {
    nudge: () => lanes.forEach(pump),
    refusal: channelId => lanes.find(({ channel }) => channel.id === channelId)?.lane.refusal ?? null,
    platformIsBack(channelId) {
      const one = lanes.find(({ channel }) => channel.id === channelId)
      if (one) tryAgain(one)
    },
    async stop() {
      stopped = true
      for (const one of lanes) {
        one.cancel()
        one.cancelRetry()
      }
      // What hangs longer is looked for at the next start: its nonce is stored.
      await Promise.race([Promise.allSettled(running), new Promise(resolve => setTimeout(resolve, FINISH).unref())])
    },
  }
}

/** One try at a step; `handedOver` once a new message was given to the platform. */
type Attempt = OutboxItem & { handedOver: boolean }

async function send(state: State, channel: Channel, attempt: Attempt, clock: Clock): Promise<void> {
  // The alert as it is at the moment of sending: nothing that waited is stale.
  const alert = readAlert(state, attempt.alert.id) ?? attempt.alert
  const shown = await STEPS[attempt.step.do]({ state, channel, attempt, clock, alert })
  if (!shown) return
  state.transaction(() => {
    markShown(state, alert.id, channel.id, shown)
    settle(state, alert.id, clock.now())
  })
}

type Sending = { state: State; channel: Channel; attempt: Attempt; clock: Clock; alert: Alert }

/** How each step is done, and what the channel shows then. */
const STEPS: Record<OutboxItem['step']['do'], (sending: Sending) => Promise<Shown | null>> = {
  skip: async () => null,
  async edit({ state, channel, attempt, alert }) {
    const had = attempt.notification!
    await channel.edit(had.ref!, cardOf(state, alert))
    // A call that is due no more is given up, or it would come back when the alert is given back.
    const due = callIsDue(alert, had)
    const calls = due ? had.called : alert.calls
    return { version: alert.version, calls, over: !due, refused: had.failedVersion === alert.version }
  },
  async reply(sending) {
    const { channel, attempt, alert } = sending
    const { ref, shownVersion, called } = attempt.notification!
    const found = await findEarlier(sending, 'reply')
    if (found !== null) return { version: shownVersion, calls: called + 1, over: true }
    await handOver(sending, 'reply', nonce => channel.reply(ref!, callCard(alert), nonce))
    return { version: shownVersion, calls: alert.calls, over: true }
  },
  async post(sending) {
    const { state, channel, attempt, alert } = sending
    const found = await findEarlier(sending, 'post')
    // It shows the alert as it was then: version 0 has it edited to what it is now.
    if (found !== null) return { ref: found, version: 0, calls: attempt.notification!.called, over: true }
    const ref = await handOver(sending, 'post', nonce => channel.post(cardOf(state, alert), nonce))
    return { ref, version: alert.version, calls: alert.calls, over: true }
  },
}

/** The message that an earlier attempt, whose end nobody heard, turns out to have sent. */
async function findEarlier({ channel, attempt }: Sending, kind: 'post' | 'reply'): Promise<string | null> {
  const earlier = earlierAttempt(attempt, kind)
  if (!earlier) return null
  try {
    return await channel.find(earlier.nonce!, earlier.sentAt!)
  } catch (error) {
    // A platform that never lets Vakt look is no reason to keep an alert back; any other failure is.
    if (asDeliveryError(error).refusal === 'refused') return null
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

function noteFailure(
  state: State,
  channel: Channel,
  lane: Lane,
  item: Attempt,
  error: DeliveryError,
  now: number,
  log: Log,
): void {
  const retryAt = lane.failed(error, now)
  const attempts = (item.notification?.attempts ?? 0) + 1
  const facts = {
    channel: channel.id,
    alert: item.alert.id,
    step: item.step.do,
    refusal: error.refusal,
    reason: error.message,
  }
  log[error.refusal === 'refused' ? 'error' : 'warn']('a message was not delivered', facts)
  // What may have arrived, now or in an earlier attempt, keeps its nonce, to be looked for before it is sent again.
  const settled = item.handedOver && error.refusal !== 'unsure'
  const failure = { attempts, error: error.message, ...(settled ? NOT_SENDING : {}) }
  state.transaction(() => {
    if (error.refusal === 'gone') markFailed(state, item.alert.id, channel.id, { ...failure, ref: null })
    else if (error.refusal === 'refused') {
      const sending = item.step.do === 'reply' ? 'reply' : null
      const refusal = { ...failure, ...NOT_SENDING, sending, failedVersion: item.alert.version } as const
      markFailed(state, item.alert.id, channel.id, { ...refusal, nextAttemptAt: null })
      settle(state, item.alert.id, now)
    } else markFailed(state, item.alert.id, channel.id, { ...failure, nextAttemptAt: retryAt })
  })
}

function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  return new DeliveryError('unsure', error instanceof Error ? error.message : String(error))
}

function cardOf(state: State, alert: Alert) {
  const project = alert.projectId === null ? undefined : readProjectById(state, alert.projectId)
  return alertCard(alert, project?.name ?? null)
}

function soonest(...instants: (number | null)[]): number | null {
  const known = instants.filter(at => at !== null)
  return known.length > 0 ? Math.min(...known) : null
}
