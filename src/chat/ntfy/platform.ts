// The push service ntfy as a platform: a push for each alert, with a button that acknowledges it from the lock screen.
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type Platform } from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { createPhoneChannel, type Loudness, type PhoneMessage } from '../phones/channel.ts'
import { sendPush } from '../phones/request.ts'
import type { PressLinks } from '../platform-definition.ts'

export type NtfySettings = { url: string; token: string | null; topic: string | null }
export type NtfyOptions = {
  settings: NtfySettings
  capabilities: Capabilities
  clock: Clock
  timeZone: string
  links: PressLinks
  /** How long one request may take; for tests. */
  timeoutMs?: number
}

const TIMEOUT_MS = 10 * SECOND
/** How long no push may get through before the platform counts as lost. */
const TOLERANCE_MS = 110 * SECOND
/** https://docs.ntfy.sh/publish/#message-priority */
const PRIORITIES: { readonly [loudness in Loudness]: number } = { critical: 5, high: 4, normal: 3, quiet: 2 }
const TAGS: { readonly [loudness in Loudness]: string } = {
  critical: 'rotating_light',
  high: 'warning',
  normal: 'information_source',
  quiet: 'white_check_mark',
}

/** The platform of all topics of one server. */
export function createNtfy({ settings, timeoutMs = TIMEOUT_MS, ...options }: NtfyOptions): Platform {
  const health = createDeliveryHealth(options.clock, TOLERANCE_MS)
  const { url, token } = settings

  const send = async (topic: string, message: PhoneMessage): Promise<string> => {
    const { title, text, loudness, ackUrl, about, nonce } = message
    await sendPush({
      method: 'POST',
      url: `${url}/`,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      timeoutMs,
      service: 'ntfy',
      reasonIn: answer => (typeof answer.error === 'string' ? answer.error : undefined),
      body: {
        topic,
        title,
        message: text,
        priority: PRIORITIES[loudness],
        tags: [TAGS[loudness]],
        // A newer message about the same card replaces it on the telephone, from ntfy 2.16 on.
        sequence_id: about ?? nonce,
        ...(ackUrl === null
          ? {}
          : {
              click: ackUrl,
              actions: [{ action: 'http', label: 'Acknowledge', url: ackUrl, method: 'POST', clear: true }],
            }),
      },
    })
    return about ?? nonce
  }

  const openTopic = (topic: string, name: string) =>
    health.watch(
      createPhoneChannel({
        ...options,
        id: `ntfy:${topic}`,
        name: name === '' ? `ntfy ${topic}` : name,
        send: message => send(topic, message),
      }),
    )

  return {
    name: 'ntfy',
    channels: settings.topic === null ? [] : [openTopic(settings.topic, '')],
    open({ id, name }) {
      const topic = addressIn(id, 'ntfy')
      return topic === null || topic === settings.topic ? null : openTopic(topic, name)
    },
    status: health.status,
    start() {},
    async stop() {},
  }
}
