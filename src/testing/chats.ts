// The simulators of Discord and Slack that a Vakt of a proof, a bench or a test is connected to.
import { startDiscord } from './discord/discord.ts'
import { startSlack } from './slack/slack.ts'

export type Chats = { discord: Awaited<ReturnType<typeof startDiscord>>; slack: Awaited<ReturnType<typeof startSlack>> }

/** Starts both; Slack without its rate limits. */
export async function startChats(): Promise<Chats> {
  return { discord: await startDiscord(), slack: await startSlack({ rateLimits: false }) }
}

/** The settings of a Vakt that is connected to both. */
export function chatSettings({ discord, slack }: Chats): Record<string, string> {
  return {
    DISCORD_TOKEN: discord.token,
    DISCORD_CHANNEL_ID: discord.channelId,
    DISCORD_API_URL: discord.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_CHANNEL_ID: slack.channel,
    SLACK_API_URL: slack.apiUrl,
  }
}
