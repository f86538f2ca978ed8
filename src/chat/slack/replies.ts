// Sends replies to people: through the response URL that they came with, or by the bot itself when that is used up.
import type { webApi } from '@slack/bolt'
import type { Logger } from '../../logger.ts'
import { errorMessage } from '../../text.ts'
import type { Reply } from '../channel.ts'
import { REQUEST_TIMEOUT_MS, sendFilesTo, uploadFiles } from './client.ts'
import { codeSentence } from './errors.ts'
import type { NewerBlocks } from './newer-blocks.ts'
import { renderCard } from './render.ts'

/** Where a request came from: the person, the channel, the way back, and the thread when it was in one. */
export type Origin = {
  user: string
  name: string
  /** The workspace of the person, where the request says so. */
  team?: string
  channel: string
  responseUrl?: string
  thread?: string
}

/** Returns a function that sends replies; it never rejects. */
export function createReplier(
  web: webApi.WebClient,
  timeZone: string,
  logger: Logger,
  newerBlocks: NewerBlocks,
  instance?: string,
) {
  return async (reply: Reply, origin: Origin): Promise<void> => {
    const isPrivate = reply.private
    const inThread = origin.thread ? { thread_ts: origin.thread } : {}
    try {
      await newerBlocks.send(
        refused => renderCard(reply.card, { timeZone, instance, refused }),
        async rendered => {
          const message = { ...rendered, ...inThread }
          if (!(await sendByUrl(origin.responseUrl, message, isPrivate))) await sendByBot(message, isPrivate, origin)
        },
      )
    } catch (error) {
      logger.warn('a reply could not be sent in Slack', { error: sentenceOf(error), user: origin.user })
      return
    }
    try {
      if (isPrivate || origin.channel === '') await sendFilesTo(web, origin.user, reply.card)
      else await uploadFiles(web, reply.card, { channel_id: origin.channel, ...inThread })
    } catch (error) {
      logger.warn('a file could not be sent in Slack', { error: sentenceOf(error), user: origin.user })
    }
  }

  async function sendByBot(message: object, isPrivate: boolean, origin: Origin): Promise<void> {
    if (origin.channel === '') {
      // Pressed in the Home tab, where nothing can be shown but the board.
      const { channel } = await web.conversations.open({ users: origin.user })
      await web.chat.postMessage({ ...message, channel: channel!.id! } as unknown as webApi.ChatPostMessageArguments)
      return
    }
    const whole = { ...message, channel: origin.channel, user: origin.user }
    if (isPrivate) await web.chat.postEphemeral(whole as unknown as webApi.ChatPostEphemeralArguments)
    else await web.chat.postMessage(whole as unknown as webApi.ChatPostMessageArguments)
  }
}

/** Whether Slack accepted the message. A response URL can be used five times within half an hour. */
async function sendByUrl(url: string | undefined, message: object, isPrivate: boolean): Promise<boolean> {
  if (url === undefined) return false
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...message,
        response_type: isPrivate ? 'ephemeral' : 'in_channel',
        replace_original: false,
      }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

function sentenceOf(error: unknown): string {
  const code = (error as { data?: { error?: string } }).data?.error
  return code === undefined ? errorMessage(error) : codeSentence(code, 'the channel')
}
