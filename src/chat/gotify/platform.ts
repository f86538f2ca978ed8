// Gotify as one of Vakt's platforms: a push for each alert; a tap opens the page that acknowledges it.
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type Platform } from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { createPhoneChannel, type Loudness, type PhoneMessage } from '../phones/channel.ts'
import { sendPush } from '../phones/request.ts'
import type { PressLinks } from '../platform-definition.ts'

export type GotifySettings = { url: string; token: string | null }
export type GotifyOptions = {
  settings: GotifySettings
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
/** From 8 on the app rings, from 4 on it shows a notification with a sound. */
const PRIORITIES: { readonly [loudness in Loudness]: number } = { critical: 10, high: 7, normal: 4, quiet: 1 }
/** The name of the channel of the settings. */
const CONFIGURED = 'alerts'

/** The platform of all applications of one server. */
export function createGotify({ settings, timeoutMs = TIMEOUT_MS, ...options }: GotifyOptions): Platform {
  const health = createDeliveryHealth(options.clock, TOLERANCE_MS)

  const send = async (token: string, { title, text, loudness, ackUrl, nonce }: PhoneMessage): Promise<string> => {
    const answer = await sendPush({
      method: 'POST',
      url: `${settings.url}/message`,
      headers: { 'x-gotify-key': token },
      timeoutMs,
      service: 'Gotify',
      reasonIn: ({ errorDescription, error }) =>
        typeof errorDescription === 'string' ? errorDescription : typeof error === 'string' ? error : undefined,
      body: {
        title,
        message: ackUrl === null ? text : `${text}\n\nAcknowledge: ${ackUrl}`,
        priority: PRIORITIES[loudness],
        extras: {
          'client::display': { contentType: 'text/plain' },
          ...(ackUrl === null ? {} : { 'client::notification': { click: { url: ackUrl } } }),
        },
      },
    })
    return typeof answer.id === 'number' ? String(answer.id) : nonce
  }

  const openApplication = (token: string, id: string, name: string) =>
    health.watch(createPhoneChannel({ ...options, id, name, send: message => send(token, message) }))

  return {
    name: 'gotify',
    channels: settings.token === null ? [] : [openApplication(settings.token, `gotify:${CONFIGURED}`, 'Gotify')],
    open({ id, name, secret }) {
      const isOwn = addressIn(id, 'gotify') !== null && id !== `gotify:${CONFIGURED}`
      // Whether it can be opened is also asked without its secret.
      return isOwn ? openApplication(secret ?? '', id, name) : null
    },
    status: health.status,
    start() {},
    async stop() {},
  }
}
