// The delivery loop: asks the outbox what each channel lacks, and sends it; at least once, in order of urgency.
import type { Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { resolveRecipients } from '../routing/resolve-recipients.ts'
import type { ChartRenderer } from './alert-chart.ts'
import { ChannelThrottle, type Operation } from './channel-throttle.ts'
import { markDone, markFailed, NOT_SENDING, type OutboxItem, type OutboxKind, retryNow } from './outbox.ts'
import { OutboxCache } from './outbox-cache.ts'
import { type Attempt, asDeliveryError, send } from './send.ts'

/** How long messages under way may take to finish when Vakt stops, ms. */
const FINISH = 3_000
/** When the database failed, ms. */
const AGAIN = 5_000

export interface Delivery {
  /** Delivers to these channels from the next nudge on; what is under way to another comes to its end. */
  setChannels(channels: readonly Channel[]): void
  /** Sends whatever is due; call it after anything changed. */
  nudge(): void
  /** Tries everything of a channel again at once, because its platform is back. */
  platformIsBack(channelId: string): void
  /** Since when and why a channel refuses what is sent to it; null while it does not. */
  refusal(channelId: string): { since: number; message: string } | null
  /** Holds back no longer than before, though the clock went back by `ms`. */
  setBack(ms: number): void
  /** Starts no further message and waits a few seconds for those under way. */
  stop(): Promise<void>
}

type LaneOf = {
  channel: Channel
  lane: ChannelThrottle
  backlog: OutboxCache
  open: boolean
  cancel: () => void
  cancelRetry: () => void
}

/** A delivery loop over `channels`; each has its own lane, so that none waits for another. */
export function createDelivery(
  state: State,
  channels: readonly Channel[],
  clock: Clock,
  logger: Logger,
  painter: ChartRenderer | null = null,
): Delivery {
  const laneOf = (channel: Channel): LaneOf => {
    const backlog = new OutboxCache(state, channel.id)
    return { channel, lane: new ChannelThrottle(), backlog, open: true, cancel: () => {}, cancelRetry: () => {} }
  }
  let lanes = channels.map(laneOf)
  const running = new Set<Promise<void>>()
  let stopped = false
  let settling = false
  let retry = () => {}

  const forgetAll = () => {
    for (const { backlog } of lanes) backlog.forget()
  }
  // At once, not with the nudge that follows: what ends in between must not be followed by what is true no more.
  state.onCommit(touched => {
    if (touched.has('alerts') || touched.has('channels')) forgetAll()
  })

  const pump = (one: LaneOf) => {
    one.cancel()
    if (stopped || !one.open) return
    const now = clock.now()
    for (const kind of ['post', 'edit', 'thread'] as const) sendDue(one, kind, now)
    // What is under way pumps again when it ends.
    if (one.lane.full) return
    const wake = soonest(one.lane.suppressedUntil(now), one.backlog.nextAttempt(now))
    if (wake !== null) one.cancel = clock.at(wake, () => pump(one))
  }

  const settleAll = () => {
    if (stopped) return
    try {
      // After a mass of alerts the rest is settled in turns, between which beats are heard.
      const more = resolveRecipients(state, clock.now())
      forgetAll()
      if (more && !settling) {
        settling = true
        setImmediate(settleMore)
      }
      lanes.forEach(pump)
    } catch (error) {
      logger.error('what is to be delivered could not be worked out; it is again in a few seconds', { error })
      retry()
      retry = clock.at(clock.now() + AGAIN, settleAll)
    }
  }

  const settleMore = () => {
    settling = false
    settleAll()
  }

  const sendDue = (one: LaneOf, kind: OutboxKind, now: number) => {
    const operation = kind === 'post' ? 'post' : 'edit'
    if (!one.lane.allows(operation, now)) return
    for (const item of one.backlog.items(kind, now)) {
      if (one.lane.underWay.has(item.alert.id)) continue
      if (item.step.do === 'skip') {
        markDone(state, item.alert.id, now)
        one.backlog.told(item.alert.id, now)
      } else start(one, item, operationOf(item.step))
      if (!one.lane.allows(operation, now)) return
    }
  }

  const start = (one: LaneOf, item: OutboxItem, operation: Operation) => {
    one.lane.underWay.set(item.alert.id, operation)
    const attempt: Attempt = { ...item, handedOver: false }
    let told = false
    const sent = send(state, one.channel, attempt, clock, painter)
      .then(() => {
        told = true
        one.lane.succeeded()
      })
      .catch(error => noteFailure(state, one.channel, one.lane, attempt, asDeliveryError(error), clock.now(), logger))
      .then(() => retryRefused(one))
      .catch(error => logger.error('a delivery could not be recorded', { channel: one.channel.id, error }))
      .finally(() => {
        running.delete(sent)
        one.lane.underWay.delete(item.alert.id)
        if (told) one.backlog.told(item.alert.id, clock.now())
        else one.backlog.forget()
        pump(one)
      })
    running.add(sent)
  }

  const tryAgain = (one: LaneOf) => {
    if (stopped || !one.open) return
    one.lane.release()
    retryNow(state, one.channel.id)
    one.backlog.forget()
    pump(one)
  }

  const retryRefused = (one: LaneOf) => {
    one.cancelRetry()
    if (one.lane.refusal && !stopped) one.cancelRetry = clock.at(one.lane.refusal.retryAt, () => tryAgain(one))
  }

  return {
    setChannels(wanted) {
      const kept = lanes.filter(one => wanted.includes(one.channel))
      for (const one of lanes.filter(other => !kept.includes(other))) {
        one.open = false
        one.cancel()
        one.cancelRetry()
      }
      lanes = wanted.map(channel => kept.find(one => one.channel === channel) ?? laneOf(channel))
    },
    nudge: settleAll,
    refusal: channelId => lanes.find(({ channel }) => channel.id === channelId)?.lane.refusal ?? null,
    platformIsBack(channelId) {
      const one = lanes.find(({ channel }) => channel.id === channelId)
      if (one) tryAgain(one)
    },
    setBack(ms) {
      for (const { lane } of lanes) lane.setBack(ms)
      forgetAll()
    },
    async stop() {
      stopped = true
      retry()
      for (const one of lanes) {
        one.cancel()
        one.cancelRetry()
      }
      // What hangs longer is looked for at the next start: its nonce is stored.
      await Promise.race([Promise.allSettled(running), new Promise(resolve => setTimeout(resolve, FINISH).unref())])
    },
  }
}

// Lines for a thread never keep a card waiting, no more than edits do.
function operationOf(step: OutboxItem['step']): Operation {
  return step.do === 'post' || step.do === 'reply' ? 'post' : 'edit'
}

function noteFailure(
  state: State,
  channel: Channel,
  lane: ChannelThrottle,
  item: Attempt,
  error: DeliveryError,
  now: number,
  logger: Logger,
): void {
  const retryAt = lane.failed(error, now)
  const attempts = (item.notification?.attempts ?? 0) + 1
  const facts = {
    channel: channel.id,
    alert: item.alert.id,
    step: item.step.do,
    refusal: error.code,
    reason: error.message,
  }
  logger[error.code === 'refused' ? 'error' : 'warn']('a message was not delivered', facts)
  // What may have arrived, now or in an earlier attempt, keeps its nonce, to be looked for before it is sent again.
  const settled = item.handedOver && error.code !== 'unsure'
  const failure = { attempts, error: error.message, ...(settled ? NOT_SENDING : {}) }
  state.transaction(() => {
    if (error.code === 'gone') markFailed(state, item.alert.id, channel.id, { ...failure, ref: null })
    else if (error.code === 'refused') {
      const sending = item.step.do === 'reply' ? 'reply' : null
      const refusal = { ...failure, ...NOT_SENDING, sending, failedVersion: item.alert.version } as const
      markFailed(state, item.alert.id, channel.id, { ...refusal, nextAttemptAt: null })
      markDone(state, item.alert.id, now)
    } else markFailed(state, item.alert.id, channel.id, { ...failure, nextAttemptAt: retryAt })
  })
}

function soonest(...instants: (number | null)[]): number | null {
  const known = instants.filter(at => at !== null)
  return known.length > 0 ? Math.min(...known) : null
}
