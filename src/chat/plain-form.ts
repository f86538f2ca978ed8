// What a channel sends when a platform refuses the form of a card: the same in plain text, so that no alert is lost.
import { type Card, cutText, type Text, TONE_ICONS } from '../card.ts'
import type { Logger } from '../logger.ts'
import { withAbsoluteTimes } from './absolute-times.ts'
import { simpleCard } from './card-parts.ts'
import { cardText } from './card-text.ts'
import { type Channel, DeliveryError } from './channel.ts'

/** Far below the limit of every platform, also after escaping. */
const MAX_TEXT_LENGTH = { plain: 900, bare: 200 }
const MAX_TITLE_LENGTH = 200
const MAX_LINE_LENGTH = 300
const MAX_BUTTONS = 5

/** The card as text: what it says, and what to type instead of pressing. It keeps its mentions. */
function plainForm(card: Card): Card {
  const { title, tone, lines = [], fields = [], buttons = [], footer, mention } = simpleCard(card, 'UTC')
  const values = fields.map(({ name, value }): Text => [`${name}: `, ...(typeof value === 'string' ? [value] : value)])
  const commands = buttons.filter(({ url, ask = [] }) => url === undefined && ask.length === 0).slice(0, MAX_BUTTONS)
  return {
    title: cutText(title, MAX_TITLE_LENGTH),
    tone,
    lines: [
      ...(footer === undefined ? [] : [footer]),
      ...commands.map(({ label, line }) => cutText(`${label}: ${line}`, MAX_LINE_LENGTH)),
      ...lines,
      ...values,
    ],
    ...(mention ? { mention } : {}),
    form: 'plain',
  }
}

/** The least that still tells of the alert: its title and number. */
function bareForm({ title, tone, footer }: Card): Card {
  return {
    title: cutText(title, MAX_TITLE_LENGTH),
    tone,
    ...(footer === undefined ? {} : { lines: [footer] }),
    form: 'bare',
  }
}

/** The text of a card in one of these forms, without mentions; `timeZone` is for readers whose own is not known. */
export function plainMessage({ mention, ...card }: Card, timeZone: string): string {
  const text = cardText(withAbsoluteTimes(card), { timeZone, now: 0 }).toWellFormed()
  return cutText(`${TONE_ICONS[card.tone]} ${text}`.trim(), MAX_TEXT_LENGTH[card.form ?? 'plain'])
}

/** The same channel; a card whose form is refused is sent at once in a plainer form, and at last with its title only. */
export function withPlainForms(channel: Channel, logger: Logger): Channel {
  const inForm = async <T>(card: Card, send: (card: Card) => Promise<T>): Promise<T> => {
    let refused: DeliveryError | null = null
    for (const form of [(whole: Card) => whole, plainForm, bareForm]) {
      try {
        return await send(form(card))
      } catch (error) {
        if (!(error instanceof DeliveryError) || error.code !== 'invalid_form') throw error
        refused = error
        logger.warn('the form of a card was refused; trying a plainer one', {
          channel: channel.id,
          card: card.title,
          reason: error.message,
        })
      }
    }
    throw new DeliveryError('refused', refused!.message)
  }

  const { inThread } = channel
  return {
    id: channel.id,
    capabilities: channel.capabilities,
    get name() {
      return channel.name
    },
    post: (card, nonce) => inForm(card, form => channel.post(form, nonce)),
    edit: (ref, card) => inForm(card, form => channel.edit(ref, form)),
    reply: (ref, card, nonce) => inForm(card, form => channel.reply(ref, form, nonce)),
    ...(channel.thread ? { thread: (ref, card) => inForm(card, form => channel.thread!(ref, form)) } : {}),
    ...(channel.remove ? { remove: ref => channel.remove!(ref) } : {}),
    ...(channel.pin ? { pin: ref => channel.pin!(ref) } : {}),
    ...(inThread ? { inThread: thread => withPlainForms(inThread(thread), logger) } : {}),
    find: (nonce, since) => channel.find(nonce, since),
    ...(channel.findAll ? { findAll: (nonces, since) => channel.findAll!(nonces, since) } : {}),
  }
}
