// Pushover as one of Vakt's platforms: critical alerts ring until somebody acknowledges them in the app, which counts here too.
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type CommandDispatcher, type Platform } from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { createPhoneChannel, type Loudness, type PhoneMessage } from '../phones/channel.ts'
import { type PushAnswer, sendPush } from '../phones/request.ts'
import type { PlatformMemory, PressLinks } from '../platform-definition.ts'
import { createReceipts, type Receipt } from './receipts.ts'

export type PushoverSettings = { token: string; user: string | null; url: string }
export type PushoverOptions = {
  settings: PushoverSettings
  capabilities: Capabilities
  clock: Clock
  timeZone: string
  links: PressLinks
  logger: Logger
  memory: PlatformMemory
  dispatcher: CommandDispatcher
  /** How long one request may take; for tests. */
  timeoutMs?: number
}

const TIMEOUT_MS = 10 * SECOND
/** How long no push may get through before the platform counts as lost. */
const TOLERANCE_MS = 110 * SECOND
/** How often receipts are asked for; the service allows 5 s. */
const POLL_MS = 10 * SECOND
/** https://pushover.net/api#priority: emergency, high, normal, low. */
const PRIORITIES: { readonly [loudness in Loudness]: number } = { critical: 2, high: 1, normal: 0, quiet: -1 }
/** An emergency rings every minute for an hour, or until it is acknowledged. */
const RETRY_S = 60
const EXPIRE_S = 3_600

/** The platform of all users and groups that one application sends to. */
export function createPushover({ settings, timeoutMs = TIMEOUT_MS, ...options }: PushoverOptions): Platform {
  const { clock, logger, dispatcher } = options
  const { url, token } = settings
  const health = createDeliveryHealth(clock, TOLERANCE_MS)
  const receipts = createReceipts(options.memory, clock)
  const request = { headers: {}, timeoutMs, service: 'Pushover', reasonIn }
  let cancelPoll = () => {}
  let isPolling = false
  let isStopped = false

  const send = async (
    user: string,
    { title, text, loudness, ackUrl, ackLine, nonce }: PhoneMessage,
  ): Promise<string> => {
    const isEmergency = loudness === 'critical' && ackLine !== null
    const answer = await sendPush({
      ...request,
      method: 'POST',
      isForm: true,
      url: `${url}/1/messages.json`,
      body: {
        token,
        user,
        title,
        message: text,
        // Without an alert to acknowledge nothing should ring for an hour.
        priority: loudness === 'critical' && !isEmergency ? 1 : PRIORITIES[loudness],
        ...(isEmergency ? { retry: RETRY_S, expire: EXPIRE_S } : {}),
        ...(ackUrl === null ? {} : { url: ackUrl, url_title: 'Acknowledge' }),
      },
    })
    const receipt = typeof answer.receipt === 'string' ? answer.receipt : null
    if (receipt === null) return typeof answer.request === 'string' ? answer.request : nonce
    receipts.add({ receipt, line: ackLine!, user, until: clock.now() + EXPIRE_S * SECOND })
    schedulePoll()
    return receipt
  }

  const schedulePoll = () => {
    cancelPoll()
    if (isStopped || isPolling || receipts.list().length === 0) return
    cancelPoll = clock.at(clock.now() + POLL_MS, () => void poll())
  }

  const poll = async () => {
    isPolling = true
    try {
      for (const receipt of receipts.list()) if (!isStopped) await ask(receipt)
    } finally {
      isPolling = false
      schedulePoll()
    }
  }

  /** Asks whether somebody acknowledged a message in the app, and acknowledges its alert then. */
  const ask = async (receipt: Receipt) => {
    let answer: PushAnswer
    try {
      answer = await sendPush({
        ...request,
        method: 'GET',
        url: `${url}/1/receipts/${receipt.receipt}.json?token=${token}`,
      })
    } catch (error) {
      // A receipt that cannot be read is asked for again until it expires.
      logger.debug('a receipt of Pushover could not be read', { reason: errorMessage(error) })
      return
    }
    if (answer.acknowledged === 1) {
      receipts.remove(receipt.receipt)
      const id = typeof answer.acknowledged_by === 'string' ? answer.acknowledged_by : receipt.user
      const device = typeof answer.acknowledged_by_device === 'string' ? answer.acknowledged_by_device : ''
      const name = `Pushover${device === '' ? '' : ` ${device.slice(0, 50)}`}`
      const ownRole = 'responder' as const
      const requester = { platform: 'pushover', id, name, admin: false, groups: [], interactive: false, ownRole }
      const reply = await dispatcher.run({ line: receipt.line }, requester)
      if (!reply.ok) logger.info('an acknowledgement in Pushover changed nothing', { reason: reply.problem.message })
    } else if (answer.expired === 1) receipts.remove(receipt.receipt)
  }

  /** The alert is acknowledged or resolved elsewhere: the telephones stop ringing. */
  const quieten = async (ref: string) => {
    if (!receipts.remove(ref)) return
    try {
      await sendPush({
        ...request,
        method: 'POST',
        isForm: true,
        url: `${url}/1/receipts/${ref}/cancel.json`,
        body: { token },
      })
    } catch (error) {
      logger.warn('Pushover could not be told to stop ringing', { reason: errorMessage(error) })
    }
  }

  const openUser = (user: string, name: string) =>
    health.watch(
      createPhoneChannel({
        ...options,
        id: `pushover:${user}`,
        name: name === '' ? 'Pushover' : name,
        send: message => send(user, message),
        quieten,
      }),
    )

  return {
    name: 'pushover',
    channels: settings.user === null ? [] : [openUser(settings.user, '')],
    open({ id, name }) {
      const user = addressIn(id, 'pushover')
      return user === null || user === settings.user ? null : openUser(user, name)
    },
    status: health.status,
    start: schedulePoll,
    async stop() {
      isStopped = true
      cancelPoll()
    },
  }
}

function reasonIn({ errors }: PushAnswer): string | undefined {
  return Array.isArray(errors) ? errors.filter(error => typeof error === 'string').join(', ') : undefined
}
