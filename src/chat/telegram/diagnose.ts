// Asks Telegram whether its token and chat work; https://core.telegram.org/bots/api describes the answers.
import { type Diagnosis, fails, isWell } from '../../diagnosis.ts'

const PART = 'Telegram'

/** Examines the bot. Rejects when Telegram cannot be reached. */
export async function diagnose(
  { token, apiUrl, chatId }: { token: string; apiUrl: string; chatId: string | null },
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const ask = async (method: string, query = '') => {
    const response = await fetch(`${apiUrl}/bot${token}/${method}${query}`, { signal })
    return (await response.json().catch(() => ({}))) as {
      ok?: boolean
      description?: string
      result?: { username?: string; title?: string }
    }
  }
  const self = await ask('getMe')
  if (!self.ok)
    return [
      fails(
        PART,
        `Telegram refuses the token (${self.description}).`,
        'Ask @BotFather for the token, and set TELEGRAM_BOT_TOKEN.',
      ),
    ]
  const known = isWell(PART, `The token is that of @${self.result?.username ?? 'the bot'}.`)
  if (chatId === null) return [known]
  const chat = await ask('getChat', `?chat_id=${encodeURIComponent(chatId)}`)
  return [
    known,
    chat.ok
      ? isWell(PART, `The bot sees the chat ${chat.result?.title ?? chatId}.`)
      : fails(
          PART,
          `The bot does not see the chat ${chatId} (${chat.description}).`,
          'Add the bot to the chat, and correct its id.',
        ),
  ]
}
