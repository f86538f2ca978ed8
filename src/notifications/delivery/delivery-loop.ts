// The delivery loop: asks the outbox what each channel lacks, and sends it at least once, the most urgent first.
import type { Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { createTelemetry, type Telemetry } from '../../telemetry.ts'
import { SECOND } from '../../time.ts'
import { resolveRecipients } from '../routing/resolve-recipients.ts'
import type { ChartRenderer } from './alert-chart.ts'
import { ChannelThrottle, type Operation } from './channel-throttle.ts'
import { createDoubleRemover, type DoubleRemover } from './double-messages.ts'
import {
  clearIfDelivered,
  listRefused,
  markFailed,
  NOT_SENDING,
  type OutboxItem,
  type OutboxKind,
  retryNow,
  retryRefused,
} from './outbox.ts'
import { OutboxCache } from './outbox-cache.ts'
import { type DeliveryAttempt, send, toDeliveryError } from './send.ts'

/** How long sends in flight may take to finish when Vakt stops. */
const STOP_TIMEOUT_MS = 3 * SECOND
/** The wait after the database failed. */
const RETRY_DELAY_MS = 5 * SECOND
/** How many of the refused alerts are tried to learn whether the channel accepts messages again. */
const REFUSED_PROBES = 3
/** A rate limit is no failure: `deliveries` and the metrics show what waits. */
const LOG_LEVEL: Partial<Record<DeliveryError['code'], 'error' | 'debug'>> = { refused: 'error', limited: 'debug' }

export interface Delivery {
  /** Delivers to these channels from the next `wake` on; sends in flight to other channels finish. */
  setChannels(channels: readonly Channel[]): void
  /** Sends whatever is due; call it after anything changed. */
  wake(): void
  /** Retries everything of a channel immediately, because its platform is online again. */
  retryChannel(channelId: string): void
  /** Since when and why a channel refuses messages; null while it does not. */
  refusal(channelId: string): { since: number; message: string } | null
  /** Keeps every wait as long as it was after the clock moved back by `ms`. */
  rewind(ms: number): void
  /** Starts no further send and waits a few seconds for those in flight. */
  stop(): Promise<void>
}

/** One channel with the state of its deliveries. */
type ChannelSender = {
  channel: Channel
  throttle: ChannelThrottle
  outbox: OutboxCache
  /** Cards that cannot be edited any more, by the id of the alert; a new card replaces each. */
  replaced: Map<number, string>
  doubles: DoubleRemover
  isOpen: boolean
  cancelWake: () => void
  cancelRetry: () => void
}

/** A delivery loop over `channels`. Each channel has its own sender, so that none waits for another. */
export function createDelivery(
  state: State,
  channels: readonly Channel[],
  clock: Clock,
  logger: Logger,
  chartRenderer: ChartRenderer | null = null,
  telemetry: Telemetry = createTelemetry(),
): Delivery {
  const openSender = (channel: Channel): ChannelSender => {
    // Not every platform reports a new connection, and a refusal may be over since the last start.
    if (listRefused(state, channel.id).length > 0) retryNow(state, channel.id)
    return {
      channel,
      throttle: new ChannelThrottle(),
      outbox: new OutboxCache(state, channel.id),
      replaced: new Map(),
      doubles: createDoubleRemover(state, channel, clock, logger),
      isOpen: true,
      cancelWake: () => {},
      cancelRetry: () => {},
    }
  }
  let senders = channels.map(openSender)
  const inFlight = new Set<Promise<void>>()
  let isStopped = false
  let isContinuing = false
  let cancelRetry = () => {}

  const clearCaches = () => {
    for (const { outbox } of senders) outbox.clear()
  }
  // At the commit, not with the `wake` that follows it: a send that ends in between must not use outdated rows.
  state.onCommit(topics => {
    if (topics.has('alerts') || topics.has('channels')) clearCaches()
  })

  const sendDue = (sender: ChannelSender) => {
    sender.cancelWake()
    if (isStopped || !sender.isOpen) return
    const now = clock.now()
    for (const kind of ['post', 'edit', 'thread'] as const) sendKind(sender, kind, now)
    // Each send in flight calls this again when it ends.
    if (sender.throttle.isFull) return
    const wakeAt = earliest(sender.throttle.blockedUntil(now), sender.outbox.nextAttempt(now))
    if (wakeAt !== null) sender.cancelWake = clock.at(wakeAt, () => sendDue(sender))
  }

  const resolveAndSend = () => {
    if (isStopped) return
    try {
      // After a mass of alerts the rest is resolved in later turns of the event loop, so that beats are not delayed.
      const hasMore = resolveRecipients(state, clock.now())
      clearCaches()
      if (hasMore && !isContinuing) {
        isContinuing = true
        setImmediate(continueResolving)
      }
      senders.forEach(sendDue)
    } catch (error) {
      logger.error(`reading the outbox failed; retrying in ${RETRY_DELAY_MS / SECOND} s`, { error })
      cancelRetry()
      cancelRetry = clock.at(clock.now() + RETRY_DELAY_MS, resolveAndSend)
    }
  }

  const continueResolving = () => {
    isContinuing = false
    resolveAndSend()
  }

  const sendKind = (sender: ChannelSender, kind: OutboxKind, now: number) => {
    const operation = kind === 'post' ? 'post' : 'edit'
    if (!sender.throttle.allows(operation, now)) return
    for (const item of sender.outbox.items(kind, now)) {
      if (sender.throttle.inFlight.has(item.alert.id)) continue
      if (item.step.do === 'skip') {
        clearIfDelivered(state, item.alert.id, now)
        sender.outbox.refresh(item.alert.id, now)
      } else startSend(sender, item, operationOf(item.step))
      if (!sender.throttle.allows(operation, now)) return
    }
  }

  const startSend = (sender: ChannelSender, item: OutboxItem, operation: Operation) => {
    const { channel, throttle, outbox } = sender
    throttle.inFlight.set(item.alert.id, operation)
    const attempt: DeliveryAttempt = { ...item, isHandedOver: false }
    let isSent = false
    const sending = send(state, channel, attempt, clock, chartRenderer)
      .then(repeated => {
        isSent = true
        if (repeated) sender.doubles.watch(repeated)
        throttle.recordSuccess(item.alert.id, operation)
        if (throttle.refusal) retryAfterSuccess(sender, operation)
        telemetry.deliveries.add(1, channel.id)
        if (item.step.do === 'post') removeReplaced(sender, item.alert.id)
      })
      .catch(thrown => {
        const error = toDeliveryError(thrown)
        telemetry.deliveryFailures.add(1, channel.id, error.code)
        const { ref } = item.notification ?? {}
        if (error.isStillShown && ref) sender.replaced.set(item.alert.id, ref)
        recordFailure(state, channel, throttle, attempt, error, clock.now(), logger)
      })
      .then(() => scheduleRefusedRetry(sender))
      .catch(error => logger.error('recording a delivery failed', { channel: channel.id, error }))
      .finally(() => {
        inFlight.delete(sending)
        throttle.inFlight.delete(item.alert.id)
        // After a refusal other alerts became due as well.
        if (isSent && !throttle.refusal) outbox.refresh(item.alert.id, clock.now())
        else outbox.clear()
        sendDue(sender)
      })
    inFlight.add(sending)
  }

  /** A card that shows an old state, with buttons, must not stay beside the new one. */
  const removeReplaced = ({ channel, replaced }: ChannelSender, alertId: number) => {
    const ref = replaced.get(alertId)
    replaced.delete(alertId)
    if (ref === undefined) return
    const removing = channel.remove?.(ref)
    removing?.catch(error => logger.warn('removing an old card failed', { channel: channel.id, alert: alertId, error }))
  }

  const retryAll = (sender: ChannelSender) => {
    if (isStopped || !sender.isOpen) return
    sender.throttle.reset()
    retryNow(state, sender.channel.id)
    sender.outbox.clear()
    sendDue(sender)
  }

  /**
   * The channel accepts messages again: what it refused is sent, and while it lacks some of that it counts as refusing. An
   * accepted edit proves nothing about new messages: editing needs fewer permissions.
   */
  const retryAfterSuccess = ({ channel, throttle, outbox }: ChannelSender, operation: Operation) => {
    const refused = listRefused(state, channel.id)
    if (refused.length === 0) return throttle.endRefusal()
    const likewise = refused.filter(({ isEdit }) => operation === 'post' || isEdit).map(({ id }) => id)
    retryRefused(state, channel.id, throttle.takeRetriable(likewise, clock.now()))
    outbox.clear()
  }

  const scheduleRefusedRetry = (sender: ChannelSender) => {
    sender.cancelRetry()
    const { refusal } = sender.throttle
    if (refusal && !isStopped) sender.cancelRetry = clock.at(refusal.retryAt, () => probeRefused(sender))
  }

  /** Tries a few of the refused alerts; when one is accepted, all follow. */
  const probeRefused = (sender: ChannelSender) => {
    const { channel, throttle, outbox } = sender
    if (isStopped || !sender.isOpen) return
    try {
      const refused = listRefused(state, channel.id)
      if (refused.length === 0) return throttle.endRefusal()
      throttle.postponeRefusedRetry(clock.now())
      const probes = refused.slice(0, REFUSED_PROBES).map(({ id }) => id)
      retryRefused(state, channel.id, probes)
      outbox.clear()
    } catch (error) {
      throttle.postponeRefusedRetry(clock.now())
      logger.error('retrying refused messages failed', { channel: channel.id, error })
    }
    scheduleRefusedRetry(sender)
    sendDue(sender)
  }

  const senderOf = (channelId: string) => senders.find(({ channel }) => channel.id === channelId)

  return {
    setChannels(wanted) {
      const kept = senders.filter(sender => wanted.includes(sender.channel))
      for (const sender of senders.filter(candidate => !kept.includes(candidate))) {
        sender.isOpen = false
        sender.cancelWake()
        sender.cancelRetry()
        sender.doubles.stop()
      }
      senders = wanted.map(channel => kept.find(sender => sender.channel === channel) ?? openSender(channel))
    },
    wake: resolveAndSend,
    refusal: channelId => senderOf(channelId)?.throttle.refusal ?? null,
    retryChannel(channelId) {
      const sender = senderOf(channelId)
      if (sender) retryAll(sender)
    },
    rewind(ms) {
      for (const { throttle, doubles } of senders) {
        throttle.rewind(ms)
        doubles.rewind(ms)
      }
      clearCaches()
    },
    async stop() {
      isStopped = true
      cancelRetry()
      for (const sender of senders) {
        sender.cancelWake()
        sender.cancelRetry()
        sender.doubles.stop()
      }
      // The next start looks for a message that hangs longer: its nonce is stored.
      const timeout = new Promise(resolve => setTimeout(resolve, STOP_TIMEOUT_MS).unref())
      await Promise.race([Promise.allSettled(inFlight), timeout])
    },
  }
}

/** Lines of a thread count as edits, so that they never delay a card. */
function operationOf(step: OutboxItem['step']): Operation {
  return step.do === 'post' || step.do === 'reply' ? 'post' : 'edit'
}

function recordFailure(
  state: State,
  channel: Channel,
  throttle: ChannelThrottle,
  { alert, notification, step, isHandedOver }: DeliveryAttempt,
  error: DeliveryError,
  now: number,
  logger: Logger,
): void {
  const retryAt = throttle.recordFailure(alert.id, error, now)
  const facts = { channel: channel.id, alert: alert.id, step: step.do, refusal: error.code, reason: error.message }
  logger[LOG_LEVEL[error.code] ?? 'warn']('delivery failed', facts)
  // A message that may have arrived, now or in an earlier attempt, keeps its nonce: it is searched before it is sent again.
  const isSurelyNotSent = isHandedOver && error.code !== 'unsure'
  const attempts = (notification?.attempts ?? 0) + 1
  const failure = { attempts, error: error.message, ...(isSurelyNotSent ? NOT_SENDING : {}) }
  state.transaction(() => {
    if (error.code === 'gone') markFailed(state, alert.id, channel.id, { ...failure, ref: null })
    else if (error.code === 'refused') {
      const sending = step.do === 'reply' ? 'reply' : null
      const refusal = { ...failure, ...NOT_SENDING, sending, failedVersion: alert.version } as const
      markFailed(state, alert.id, channel.id, { ...refusal, nextAttemptAt: null })
      clearIfDelivered(state, alert.id, now)
    } else markFailed(state, alert.id, channel.id, { ...failure, nextAttemptAt: retryAt })
  })
}

function earliest(...instants: (number | null)[]): number | null {
  const known = instants.filter(at => at !== null)
  return known.length > 0 ? Math.min(...known) : null
}
