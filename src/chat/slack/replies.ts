// Takes replies to people: through the response URL they came with, or by the bot's own means when that is used up.
import type { webApi } from '@slack/bolt'
import type { Logger } from '../../logger.ts'
import type { Reply } from '../channel.ts'
import { CALL_TIMEOUT_MS, sendFilesTo, uploadFiles } from './client.ts'
import { explain } from './errors.ts'
import { renderCard } from './render.ts'

/** Where somebody asked: the person, the channel, the way back, and the thread when it was in one. */
export type Asked = { user: string; name: string; channel: string; responseUrl?: string; thread?: string }

/** Sends replies; never rejects. */
export function createAnswers(web: webApi.WebClient, timeZone: string, logger: Logger) {
  return async (reply: Reply, asked: Asked): Promise<void> => {
    const isPrivate = reply.private
    const message = { ...renderCard(reply.card, timeZone), ...(asked.thread && { thread_ts: asked.thread }) }
    try {
      if (!(await throughResponseUrl(asked.responseUrl, message, isPrivate))) await byBot(message, isPrivate, asked)
    } catch (error) {
      logger.warn('An answer could not be delivered in Slack.', { error: sentence(error), user: asked.user })
      return
    }
    try {
      if (isPrivate) await sendFilesTo(web, asked.user, reply.card)
      else
        await uploadFiles(web, reply.card, {
          channel_id: asked.channel,
          ...(asked.thread && { thread_ts: asked.thread }),
        })
    } catch (error) {
      logger.warn('A file could not be sent in Slack.', { error: sentence(error), user: asked.user })
    }
  }

  async function byBot(message: object, isPrivate: boolean, asked: Asked): Promise<void> {
    const whole = { ...message, channel: asked.channel, user: asked.user }
    if (isPrivate) await web.chat.postEphemeral(whole as unknown as webApi.ChatPostEphemeralArguments)
    else await web.chat.postMessage(whole as unknown as webApi.ChatPostMessageArguments)
  }
}

/** True when Slack took it. A response URL works five times within half an hour. */
async function throughResponseUrl(url: string | undefined, message: object, isPrivate: boolean): Promise<boolean> {
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
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

function sentence(error: unknown): string {
  const code = (error as { data?: { error?: string } }).data?.error
  return code === undefined ? String((error as Error).message) : explain(code, 'the channel')
}
