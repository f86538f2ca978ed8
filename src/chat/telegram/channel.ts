// A Telegram chat as the delivery loop uses it: post, edit in place, and reply under a message.
import { type Api, InputFile } from 'grammy'
import type { Card } from '../../card.ts'
import type { Logger } from '../../logger.ts'
import type { Capabilities, Channel } from '../channel.ts'
import { deliveryError, isUnchanged, type Step } from './errors.ts'
import { renderCard } from './render.ts'

export type ChannelParts = {
  api: Api
  chatId: string
  /** The name that people gave it; empty when there is none. */
  name: string
  capabilities: Capabilities
  timeZone: string
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  logger: Logger
}

/** The channel of one chat. References are message ids. */
export function createChannel(parts: ChannelParts): Channel {
  const { api, chatId, name, capabilities, timeZone, instance, logger } = parts
  const send = async (card: Card, more: object): Promise<string> => {
    const { text, options } = messageFor(card, timeZone, instance)
    const { message_id } = await attempt('post', () => api.sendMessage(chatId, text, { ...options, ...more }))
    if (card.image) sendPicture(card.image, message_id)
    return String(message_id)
  }

  /** The card is delivered; a picture that fails to follow is no reason to send it again, nor to wait for it. */
  const sendPicture = (image: NonNullable<Card['image']>, messageId: number) => {
    const photo = new InputFile(image.png, image.name)
    api
      .sendPhoto(chatId, photo, { reply_parameters: { message_id: messageId }, disable_notification: true })
      .catch(error => logger.warn('a picture could not be sent to Telegram', { chat: chatId, error }))
  }

  return {
    id: `telegram:${chatId}`,
    capabilities,
    name: name === '' ? `Telegram ${chatId}` : name,
    post: card => send(card, {}),
    reply: (ref, card) =>
      send(card, { reply_parameters: { message_id: Number(ref), allow_sending_without_reply: true } }),
    async thread(ref, card) {
      await send(card, { reply_parameters: { message_id: Number(ref) }, disable_notification: true })
    },
    async edit(ref, { mention, ...card }) {
      const { text, options } = messageFor(card, timeZone, instance)
      await attempt('edit', async () => {
        await api.editMessageText(chatId, Number(ref), text, options).catch(error => {
          if (!isUnchanged(error)) throw error
        })
      })
    },
    async remove(ref) {
      await attempt('edit', () => api.deleteMessage(chatId, Number(ref)))
    },
    async pin(ref) {
      await attempt('edit', () => api.pinChatMessage(chatId, Number(ref), { disable_notification: true }))
    },
    // Telegram does not let bots read old messages, so a message that may have arrived is sent a second time.
    find: async () => null,
  }
}

/** The text of a message and the options it is sent with. */
export function messageFor(card: Card, timeZone: string, instance?: string) {
  const { text, keyboard, isHtml } = renderCard(card, timeZone, instance)
  const options = {
    ...(isHtml ? { parse_mode: 'HTML' as const } : {}),
    reply_markup: keyboard,
    link_preview_options: { is_disabled: true },
  }
  return { text, options }
}

async function attempt<T>(step: Step, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw deliveryError(error, step)
  }
}
