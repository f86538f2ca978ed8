// Measures an idle Vakt: memory with both bots connected, CPU time with ten thousand checks.
import { startDiscord } from '../src/testing/discord/discord.ts'
import { startSlack } from '../src/testing/slack/slack.ts'
import { startServer } from './server.ts'
import type { Row } from './table.ts'

const CHECK_COUNT = 10_000
const WARM_UP_MS = 6_000
const MEASURE_MS = 30_000

/** Memory and CPU time of an idle server with Discord and Slack connected. */
export async function benchIdle(): Promise<Row[]> {
  const discord = await startDiscord()
  const slack = await startSlack()
  const vakt = await startServer('src/main.ts', {
    DISCORD_TOKEN: discord.token,
    DISCORD_CHANNEL_ID: discord.channelId,
    DISCORD_API_URL: discord.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    SLACK_CHANNEL_ID: slack.channel,
    SLACK_API_URL: slack.apiUrl,
  })
  try {
    await pause(WARM_UP_MS)
    const status = await vakt.command<{ chats: Record<string, { state: string }> }>('status')
    if (Object.values(status.chats).some(chat => chat.state !== 'online')) throw new Error('a chat is not connected')
    const memory = vakt.memory()
    await addChecks(vakt.url, await vakt.command<{ project: { ping_key: string } }>('projects show default'))
    await pause(WARM_UP_MS)
    const before = vakt.cpu()
    await pause(MEASURE_MS)
    const share = (vakt.cpu() - before) / (MEASURE_MS / 1000)
    return [
      {
        what: 'memory, both bots connected',
        value: `${Math.round(memory)} MB`,
        goal: 'under 200 MB',
        met: memory < 200,
      },
      {
        what: `CPU for ${CHECK_COUNT} checks`,
        value: `${(share * 100).toFixed(2)} % of a core`,
        goal: 'under 2 %',
        met: share < 0.02,
      },
      { what: `memory with ${CHECK_COUNT} checks`, value: `${Math.round(vakt.memory())} MB` },
    ]
  } finally {
    await vakt.stop()
    await discord.close()
    await slack.stop()
  }
}

async function addChecks(url: string, { project }: { project: { ping_key: string } }): Promise<void> {
  for (let added = 0; added < CHECK_COUNT; added += 100) {
    const urls = Array.from(
      { length: 100 },
      (_, i) => `${url}/ping/${project.ping_key}/job-${added + i}?create=1&period=1h`,
    )
    for (const answer of await Promise.all(urls.map(url => fetch(url)))) {
      if (answer.status !== 201) throw new Error(`a check was answered with ${answer.status}`)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
