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
import {
  markFailed,
  markSending,
  markShown,
  nextAttempt,
  type OutboxItem,
  readOutbox,
  retryNow,
  settle,
} from './notifications.ts'

/** How many of the most urgent items a lane looks at; more than can be under way. */
const LOOK_AHEAD = 24

export interface Delivery {
  /** Sends whatever is due; call it after anything changed. */
  nudge(): void
  /** Tries everything of a channel again at once, because its platform is back. */
  platformIsBack(channelId: string): void
  /** Starts no further message and waits for those under way. */
  stop(): Promise<void>
}

/** A delivery loop over `channels`; each has its own lane, so that none waits for another. */
export function createDelivery(state: State, channels: readonly Channel[], clock: Clock, log: Log): Delivery {
  const lanes = channels.map(channel => ({ channel, lane: new Lane(), cancel: () => {} }))
  const running = new Set<Promise<void>>()
  let stopped = false

  const pump = (one: (typeof lanes)[number]) => {
    one.cancel()
    if (stopped) return
    const now = clock.now()
    for (const operation of ['post', 'edit'] as const) sendDue(one, operation, now)
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
    const sent = send(state, one.channel, item, clock)
      .then(() => one.lane.succeeded())
      .catch(error => noteFailure(state, one.channel, one.lane, item, asDeliveryError(error), clock.now(), log))
      .catch(error => log.error('a delivery could not be recorded', { channel: one.channel.id, error }))
      .finally(() => {
        running.delete(sent)
        one.lane.underWay.delete(item.alert.id)
        pump(one)
      })
    running.add(sent)
  }

  return {
    nudge: () => lanes.forEach(pump),
    platformIsBack(channelId) {
      const one = lanes.find(({ channel }) => channel.id === channelId)
      if (!one || stopped) return
      one.lane.release()
      retryNow(state, channelId)
      pump(one)
    },
    async stop() {
      stopped = true
      for (const one of lanes) one.cancel()
      await Promise.allSettled(running)
    },
  }
}

async function send(state: State, channel: Channel, item: OutboxItem, clock: Clock): Promise<void> {
  const { step, notification } = item
  if (step.do === 'skip') return
  // The alert as it is at the moment of sending: nothing that waited is stale.
  const alert = readAlert(state, item.alert.id) ?? item.alert
  if (step.do === 'edit') {
    await channel.edit(notification!.ref!, cardOf(state, alert))
    return record(state, alert, channel, { calls: notification!.called }, clock)
  }
  if (step.do === 'reply') {
    await sendOnce(state, channel, item, 'reply', clock, nonce =>
      channel.reply(notification!.ref!, callCard(alert), nonce),
    )
    return record(state, { ...alert, version: notification!.shownVersion }, channel, { calls: alert.calls }, clock)
  }
  const ref = await sendOnce(state, channel, item, 'post', clock, nonce => channel.post(cardOf(state, alert), nonce))
  record(state, alert, channel, ref, clock)
}

type Sent = { ref?: string; calls?: number; version?: number }

/** Sends a new message, unless an earlier attempt that nobody heard the end of turns out to have arrived. */
async function sendOnce(
  state: State,
  channel: Channel,
  item: OutboxItem,
  kind: 'post' | 'reply',
  clock: Clock,
  message: (nonce: string) => Promise<string>,
): Promise<Sent> {
  const earlier = item.notification?.sending === kind ? item.notification : null
  if (earlier) {
    const ref = await channel.find(earlier.nonce!, earlier.sentAt!)
    // It shows the alert as it was then: version 0 has it edited to what it is now.
    if (ref !== null) return { ref, version: 0 }
  }
  const nonce = earlier?.nonce ?? randomBytes(12).toString('hex')
  markSending(state, item, channel.id, kind, nonce, clock.now())
  return { ref: await message(nonce) }
}

function record(state: State, alert: Alert, channel: Channel, sent: Sent, clock: Clock): void {
  state.transaction(() => {
    markShown(state, alert, channel.id, { version: alert.version, calls: alert.calls, ...sent })
    settle(state, alert.id, clock.now())
  })
}

function noteFailure(
  state: State,
  channel: Channel,
  lane: Lane,
  item: OutboxItem,
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
  // What may have arrived keeps its nonce, to be looked for before it is sent again.
  const sending = error.refusal === 'unsure' ? {} : { sending: null, nonce: null, sentAt: null }
  const failure = { attempts, error: error.message, ...sending }
  state.transaction(() => {
    if (error.refusal === 'gone') markFailed(state, item.alert.id, channel.id, { ...failure, ref: null })
    else if (error.refusal === 'refused') {
      const version = readAlert(state, item.alert.id)?.version ?? item.alert.version
      markFailed(state, item.alert.id, channel.id, { ...failure, nextAttemptAt: null, failedVersion: version })
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
