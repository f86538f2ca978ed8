// Asks Discord whether its token, intents and channel work; https://docs.discord.com/developers/reference describes the answers.
import { type Diagnosis, fails, isWell, warns } from '../../diagnosis.ts'

const PART = 'Discord'
/** Flags of an application: the content of messages may be read, in a few servers or in many. */
const MESSAGE_CONTENT = (1n << 18n) | (1n << 19n)

/** Examines the bot. Rejects when Discord cannot be reached. */
export async function diagnose(
  { token, apiUrl, channelId }: { token: string; apiUrl: string; channelId: string },
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const ask = async (path: string) => {
    const response = await fetch(`${apiUrl}/v10${path}`, { headers: { authorization: `Bot ${token}` }, signal })
    return {
      status: response.status,
      body: (await response.json().catch(() => null)) as Record<string, unknown> | null,
    }
  }
  const self = await ask('/users/@me')
  if (self.status === 401)
    return [fails(PART, 'Discord refuses the token.', 'Reset it in the Developer Portal (Bot), and set DISCORD_TOKEN.')]
  if (self.status !== 200)
    return [fails(PART, `Discord answers ${self.status}.`, 'Try again later; https://discordstatus.com shows outages.')]
  const found = [isWell(PART, `The token is that of ${String(self.body?.username ?? 'the bot')}.`)]
  const application = await ask('/applications/@me')
  const flags = application.body?.flags
  if (typeof flags === 'number' && (BigInt(flags) & MESSAGE_CONTENT) === 0n)
    found.push(
      warns(
        PART,
        'The bot may not read the content of messages, so questions in threads are not understood.',
        'Turn on "Message Content Intent" in the Developer Portal (Bot).',
      ),
    )
  const channel = await ask(`/channels/${channelId}`)
  if (channel.status === 200) found.push(isWell(PART, `The bot sees the channel ${channelId}.`))
  else
    found.push(
      fails(
        PART,
        `The bot does not see the channel ${channelId} (${channel.status}).`,
        channel.status === 404
          ? 'Correct DISCORD_CHANNEL_ID: right-click the channel, Copy ID.'
          : 'Invite the bot to the server, and allow it View Channel, Send Messages, Embed Links and Attach Files there.',
      ),
    )
  return found
}
