// E-mail as one of Vakt's platforms: a mail for each new alert, its end, its reminders and escalations, threaded by reply.
import { createTransport, type Transporter } from 'nodemailer'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Capabilities, Platform } from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { createMailbox } from './channel.ts'

export type EmailSettings = {
  /** The SMTP server, with user and password in it. */
  url: string
  from: string
  to: readonly string[]
}

export type EmailOptions = {
  settings: EmailSettings
  capabilities: Capabilities
  timeZone: string
  clock: Clock
  logger: Logger
  /** How long one mail may take; for tests. */
  timeoutMs?: number
}

const TIMEOUT_MS = 10 * SECOND
/** How long no mail may get through before the platform counts as lost: a server that greylists takes it in a few minutes. */
const TOLERANCE_MS = 15 * MINUTE
/** The id of a channel: one address, never a list of them. */
const MAILBOX_ID = /^mailto:([^\s@,;<>"]+@[^\s@,;<>"]+)$/

/** The e-mail platform. Nothing is sent before the first mail. */
export function createEmail({ settings, timeoutMs = TIMEOUT_MS, ...options }: EmailOptions): Platform {
  const { capabilities, clock, timeZone, logger } = options
  const health = createDeliveryHealth(clock, TOLERANCE_MS)
  const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs }
  const transport = createTransport(settings.url, { from: settings.from, ...timeouts } as object) as Transporter
  Object.assign(transport.options, timeouts)
  const openMailbox = (address: string, name: string) =>
    health.watch(createMailbox({ transport, from: settings.from, address, name, capabilities, clock, timeZone }))

  return {
    name: 'email',
    channels: settings.to.map(address => openMailbox(address, '')),
    open({ id, name }) {
      const [, address] = MAILBOX_ID.exec(id) ?? []
      return address === undefined || settings.to.includes(address) ? null : openMailbox(address, name)
    },
    status: health.status,
    start() {},
    async stop() {
      try {
        transport.close()
      } catch (error) {
        logger.debug('the mail transport was already closed', { error })
      }
    },
  }
}
