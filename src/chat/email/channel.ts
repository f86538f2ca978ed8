// A mailbox as the delivery loop uses it. A mail cannot be changed, so of the edits of a card only its end is sent.
import type { Transporter } from 'nodemailer'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Capabilities, Channel } from '../channel.ts'
import { createReportedEnds } from '../reported-ends.ts'
import { deliveryError } from './errors.ts'
import { PICTURE_ID } from './html.ts'
import { renderMail } from './render.ts'

export type MailboxParts = {
  transport: Transporter
  from: string
  address: string
  /** The name that people gave it; empty when there is none. */
  name: string
  capabilities: Capabilities
  clock: Clock
  timeZone: string
}

/** The channel of one address. References are Message-IDs, made from the nonce. */
export function createMailbox({
  transport,
  from,
  address,
  name,
  capabilities,
  clock,
  timeZone,
}: MailboxParts): Channel {
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'vakt.invalid'
  const reportedEnds = createReportedEnds()
  const messageId = (nonce: string) => `<${nonce}@${domain}>`

  const send = async (card: Card, nonce: string, inReplyTo: string | null): Promise<string> => {
    const id = messageId(nonce)
    try {
      await transport.sendMail({
        from,
        to: { name: '', address },
        ...renderMail(card, timeZone, clock.now()),
        messageId: id,
        ...(inReplyTo === null ? {} : { inReplyTo, references: [inReplyTo] }),
        // RFC 3834: no out-of-office reply, please.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        attachments: attachments(card),
        disableFileAccess: true,
        disableUrlAccess: true,
      })
    } catch (error) {
      throw deliveryError(error as Error)
    }
    return id
  }

  return {
    id: `mailto:${address}`,
    capabilities,
    name: name === '' ? address : name,
    post: (card, nonce) => send(card, nonce, null),
    async edit(ref, card) {
      if (card.tone !== 'good' || reportedEnds.isRepeated(ref, card)) return
      await send(card, `${ref.slice(1).split('@')[0]}.end`, ref)
    },
    async reply(ref, card, nonce) {
      const id = await send(card, nonce, ref)
      reportedEnds.noteReply(ref, card)
      return id
    },
    // A mailbox cannot be searched. A repeated mail has the same Message-ID, so most programs show it once.
    find: async () => null,
  }
}

function attachments({ image, file }: Card) {
  return [
    ...(image
      ? [{ filename: image.name, content: Buffer.from(image.png), cid: PICTURE_ID, contentType: 'image/png' }]
      : []),
    ...(file ? [{ filename: file.name, content: Buffer.from(file.content) }] : []),
  ]
}
