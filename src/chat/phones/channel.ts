// A telephone as the delivery loop uses it: what rings is short, what is over is said quietly, and one tap acknowledges.
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import { truncate } from '../../text.ts'
import { cardText } from '../card-text.ts'
import type { Capabilities, Channel } from '../channel.ts'
import type { PressLinks } from '../platform-definition.ts'
import { createReportedEnds } from '../reported-ends.ts'

/** How loud a message is: `critical` rings until somebody reacts, where the service can; `quiet` only lies there. */
export type Loudness = 'critical' | 'high' | 'normal' | 'quiet'

/** A message for a telephone. `ackUrl` acknowledges by POST and shows a page by GET; null without a public URL, or nothing to acknowledge. */
export type PhoneMessage = {
  title: string
  text: string
  loudness: Loudness
  ackUrl: string | null
  /** The command line of acknowledging, `ack 42`; null when there is nothing to acknowledge. */
  ackLine: string | null
  /** The reference of the card that this message is about, which it replaces where the service can; null for a new one. */
  about: string | null
  nonce: string
}

export type PhoneChannelParts = {
  id: string
  name: string
  capabilities: Capabilities
  clock: Clock
  timeZone: string
  links: PressLinks
  /** Sends a message; resolves with its reference. */
  send(message: PhoneMessage): Promise<string>
  /** The card of a message changed: nobody needs to be woken by it any more. */
  quieten?(ref: string): Promise<void>
}

const MAX_TITLE_LENGTH = 200
/** Pushover takes 1,024 characters, and a lock screen shows less. */
const MAX_TEXT_LENGTH = 1_000

const LOUDNESS: { readonly [tone in Card['tone']]: Loudness } = {
  critical: 'critical',
  warning: 'high',
  info: 'normal',
  plain: 'normal',
  good: 'quiet',
  muted: 'quiet',
}

/** The channel of one telephone, or of all that listen to one topic. */
export function createPhoneChannel(parts: PhoneChannelParts): Channel {
  const { id, name, capabilities, clock, timeZone, links } = parts
  const reportedEnds = createReportedEnds()

  const send = (card: Card, nonce: string, about: string | null): Promise<string> => {
    const ackLine = ackLineOf(card)
    return parts.send({
      ...messageOf(card, timeZone, clock.now()),
      ackLine,
      ackUrl: ackLine === null ? null : links.create(ackLine, id),
      about,
      nonce,
    })
  }

  return {
    id,
    capabilities,
    name,
    post: (card, nonce) => send(card, nonce, null),
    // A telephone keeps no card: only the end of an alert is sent again.
    async edit(ref, card) {
      if (card.tone !== 'critical') await parts.quieten?.(ref)
      if (card.tone !== 'good' || reportedEnds.isRepeated(ref, card)) return
      await send(card, `${ref.slice(0, 20)}-end`, ref)
    },
    async reply(ref, card, nonce) {
      const sent = await send(card, nonce, ref)
      reportedEnds.noteReply(ref, card)
      return sent
    },
    // A push service cannot be searched.
    find: async () => null,
  }
}

/** The line of the button that acknowledges the alert of a card. */
function ackLineOf({ buttons = [] }: Card): string | null {
  return buttons.find(({ line, url }) => url === undefined && /^ack \d+$/.test(line))?.line ?? null
}

function messageOf(card: Card, timeZone: string, now: number): Pick<PhoneMessage, 'title' | 'text' | 'loudness'> {
  const { title, image: _, file: __, buttons: ___, menus: ____, ...rest } = card
  const text = cardText({ ...rest, title: '' }, { timeZone, now, width: 60 }).trim()
  return {
    title: truncate(title.replace(/\s+/g, ' ').trim() || 'Vakt', MAX_TITLE_LENGTH),
    text: truncate(text === '' ? title : text, MAX_TEXT_LENGTH),
    loudness: LOUDNESS[card.tone],
  }
}
