// E-mail as a platform: a mail for each new alert, and for its end, its reminders and escalations; threaded by reply.
import { createTransport, type Transporter } from 'nodemailer'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import { type Capabilities, type Channel, DeliveryError, type Platform } from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { renderMail } from './mail.ts'

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
  /** Milliseconds one mail may take; for tests. */
  within?: number
}

/** The id of a channel: one address, never a list of them. */
const MAILBOX = /^mailto:([^\s@,;<>"]+@[^\s@,;<>"]+)$/
const WITHIN = 10_000
/** How long no mail may get through before others are told, ms; a server that greylists takes it within a few minutes. */
const LASTING = 15 * MINUTE
/** How many alerts are remembered whose end was told by a reply already. */
const REMEMBERED = 1_000
const NEVER_SENT = new Set(['ECONNECTION', 'ECONNREFUSED', 'EDNS', 'ENOTFOUND', 'ETLS', 'EAI_AGAIN', 'EHOSTUNREACH'])

/** The e-mail platform. A mail cannot be changed, so of the edits of a card only its end is sent. */
export function createEmail({
  settings,
  capabilities,
  timeZone,
  clock,
  logger,
  within = WITHIN,
}: EmailOptions): Platform {
  const troubles = createDeliveryHealth(clock, LASTING)
  const limits = { connectionTimeout: within, greetingTimeout: within, socketTimeout: within }
  const transport = createTransport(settings.url, { from: settings.from, ...limits } as object) as Transporter
  Object.assign(transport.options, limits)
  const domain = /@([\w.-]+)/.exec(settings.from)?.[1] ?? 'vakt.invalid'
  const ended = new Set<string>()

  const send = async (to: string, card: Card, messageId: string, ref: string | null) => {
    const { subject, text, html } = renderMail(card, timeZone, clock.now())
    try {
      await transport.sendMail({
        from: settings.from,
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId,
        ...(ref === null ? {} : { inReplyTo: ref, references: [ref] }),
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        attachments: attachments(card),
        disableFileAccess: true,
        disableUrlAccess: true,
      })
    } catch (error) {
      throw asDeliveryError(error as Error)
    }
  }
  const idOf = (nonce: string) => `<${nonce}@${domain}>`
  const noteEnd = (ref: string) => {
    if (ended.size >= REMEMBERED) ended.clear()
    ended.add(ref)
  }

  const mailbox = (address: string, name: string): Channel => ({
    id: `mailto:${address}`,
    capabilities,
    name: name === '' ? address : name,
    async post(card, nonce) {
      await send(address, card, idOf(nonce), null)
      return idOf(nonce)
    },
    async edit(ref, card) {
      // What was told as a recovery is not told again as the card's last edit.
      if (card.tone !== 'good' || ended.delete(ref)) return
      await send(address, card, idOf(`${ref.slice(1).split('@')[0]}.end`), ref)
    },
    async reply(ref, card, nonce) {
      await send(address, card, idOf(nonce), ref)
      if (card.tone === 'good') noteEnd(ref)
      return idOf(nonce)
    },
    // Nobody can look into a mailbox. The Message-ID is the same when it is sent again, so most programs show it once.
    find: async () => null,
  })

  return {
    name: 'email',
    channels: settings.to.map(address => troubles.watch(mailbox(address, ''))),
    open({ id, name }) {
      const [, address] = MAILBOX.exec(id) ?? []
      return address === undefined || settings.to.includes(address) ? null : troubles.watch(mailbox(address, name))
    },
    status: troubles.status,
    start() {},
    async stop() {
      try {
        transport.close()
      } catch (error) {
        logger.debug('the mail transport was closed already', { error })
      }
    },
  }
}

function attachments(card: Card) {
  return [
    ...(card.image
      ? [{ filename: card.image.name, content: Buffer.from(card.image.png), cid: 'chart', contentType: 'image/png' }]
      : []),
    ...(card.file ? [{ filename: card.file.name, content: Buffer.from(card.file.content) }] : []),
  ]
}

function asDeliveryError(error: Error & { code?: string; responseCode?: number; command?: string }): DeliveryError {
  const { code = '', responseCode = 0 } = error
  if (code === 'EAUTH')
    return new DeliveryError('refused', 'The mail server does not accept the user and password of SMTP_URL.')
  // 4xx is "try again later" (RFC 5321, 4.2.1), as greylisting says it.
  if (responseCode >= 400 && responseCode < 500)
    return new DeliveryError('unreachable', `The mail server asks to try again later (${responseCode}).`)
  if (responseCode >= 500) return new DeliveryError('refused', `The mail server refused the mail (${responseCode}).`)
  if (NEVER_SENT.has(code) || (code === 'ETIMEDOUT' && error.command === 'CONN') || code === 'ESOCKET')
    return new DeliveryError('unreachable', `The mail server cannot be reached (${code}).`)
  return new DeliveryError('unsure', `The connection to the mail server broke (${code || 'no reason given'}).`)
}
