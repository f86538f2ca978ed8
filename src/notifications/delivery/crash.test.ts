// kill -9 of the real process at every boundary of the delivery path: no alert is lost, no card is sent twice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startDiscord } from '../../testing/discord/discord.ts'
import { newFolder, type Running, startVakt, until } from '../../testing/running.ts'
import { startSlack } from '../../testing/slack/slack.ts'

type Chat = {
  environment: Record<string, string>
  /** The titles of the cards in the channel, replies left out. */
  cards(): string[]
  requests(): number
  hangPosts(): void
  acceptPostsWithoutAnswer(): void
  hangEdits(): void
  heal(): void
  violations(): readonly string[]
  close(): Promise<unknown>
}

async function onDiscord(): Promise<Chat> {
  const discord = await startDiscord()
  const posts = `POST /channels/${discord.channelId}/messages`
  return {
    environment: {
      DISCORD_TOKEN: discord.token,
      DISCORD_CHANNEL_ID: discord.channelId,
      DISCORD_API_URL: discord.apiUrl,
    },
    cards: () =>
      discord
        .messages()
        .filter(message => !message.message_reference)
        .map(message => message.content),
    requests: () => discord.requests.filter(request => /messages/.test(request.path)).length,
    hangPosts: () => discord.hang(posts),
    acceptPostsWithoutAnswer: () => discord.acceptThenTimeout(posts, 100),
    hangEdits: () => discord.hang(`PATCH /channels/${discord.channelId}/messages/*`),
    heal: () => discord.heal(),
    violations: () => discord.violations,
    close: () => discord.close(),
  }
}

async function onSlack(): Promise<Chat> {
  const slack = await startSlack({ rateLimits: false })
  return {
    environment: {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_CHANNEL_ID: slack.channel,
      SLACK_API_URL: slack.apiUrl,
    },
    cards: () =>
      slack
        .messages()
        .filter(message => !message.thread_ts || message.thread_ts === message.ts)
        .map(message => message.text),
    requests: () => slack.requests.filter(request => /^chat\./.test(request.method)).length,
    hangPosts: () => slack.hang('chat.postMessage', 100),
    acceptPostsWithoutAnswer: () => slack.acceptThenTimeout('chat.postMessage', 100),
    hangEdits: () => slack.hang('chat.update', 100),
    heal: () => slack.heal(),
    violations: () => slack.violations,
    close: () => slack.stop(),
  }
}

describe.each([
  ['Discord', onDiscord],
  ['Slack', onSlack],
])('a kill -9 while delivering to %s', (_name, open) => {
  let chat: Chat
  let vakt: Running
  let folder: ReturnType<typeof newFolder>
  let ping: string

  beforeEach(async () => {
    folder = newFolder()
    chat = await open()
    vakt = await startVakt(folder.path, chat.environment)
    const { check } = await vakt.command<{ check: { uuid: string } }>('checks add job --every 1d')
    ping = check.uuid
  })

  afterEach(async () => {
    await vakt.kill()
    await chat.close()
    folder.remove()
    expect(chat.violations()).toEqual([])
  })

  const restart = async () => {
    await vakt.kill()
    chat.heal()
    vakt = await startVakt(folder.path, chat.environment)
  }
  /** Waits until the chat shows these cards and everything is delivered. */
  const shows = async (title: RegExp, cards = 1) => {
    await until(() => chat.cards().filter(card => title.test(card)).length >= cards, `${cards} cards like ${title}`)
    await until(async () => {
      const { deliveries } = await vakt.command<{ deliveries: { state: string }[] }>('deliveries')
      return deliveries.every(delivery => delivery.state === 'shown')
    }, 'everything to be delivered')
  }

  it('after the beat was answered and before the card was sent loses no alert', async () => {
    expect((await vakt.ping(`${ping}/fail`)).status).toBe(200)
    await restart()
    await shows(/Critical: job reported a failure/)
    expect(chat.cards()).toHaveLength(1)
  })

  it('while the card is in flight leaves one card', async () => {
    chat.hangPosts()
    await vakt.ping(`${ping}/fail`)
    await until(() => chat.requests() > 0, 'the message to be sent')
    await restart()
    await shows(/Critical: job/)
    expect(chat.cards()).toHaveLength(1)
  })

  it('after the card arrived and before its answer leaves one card', async () => {
    chat.acceptPostsWithoutAnswer()
    await vakt.ping(`${ping}/fail`)
    await until(() => chat.cards().length > 0, 'the message to arrive')
    await restart()
    await shows(/Critical: job/)
    expect(chat.cards()).toHaveLength(1)
  })

  it('at any moment around the answer leaves one card for each alert', async () => {
    for (const wait of [0, 2, 6, 15]) {
      const { check } = await vakt.command<{ check: { uuid: string } }>(`checks add job-${wait} --every 1d`)
      await vakt.ping(`${check.uuid}/fail`)
      await new Promise(resolve => setTimeout(resolve, wait))
      await restart()
    }
    await shows(/Critical: job-/, 4)
    expect(chat.cards()).toHaveLength(4)
  })

  it('during an edit is followed by the edit', async () => {
    await vakt.ping(`${ping}/fail`)
    await shows(/Critical: job/)
    chat.hangEdits()
    const before = chat.requests()
    await vakt.command('ack 1')
    await until(() => chat.requests() > before, 'the edit to be sent')
    await restart()
    await shows(/Acknowledged: job/)
    expect(chat.cards()).toHaveLength(1)
  })
})

describe('a kill -9 under a load of beats', () => {
  it('keeps every beat that was answered', async () => {
    const folder = newFolder()
    let vakt = await startVakt(folder.path)
    const { check } = await vakt.command<{ check: { uuid: string } }>('checks add busy --every 1d')
    let answered = 0
    const senders = Array.from({ length: 16 }, async () => {
      try {
        for (;;) if ((await vakt.ping(check.uuid)).ok) answered++
      } catch {
        // The server is gone.
      }
    })
    await until(() => answered > 500, '500 answers')
    await vakt.kill()
    await Promise.all(senders)
    vakt = await startVakt(folder.path)
    const kept = await vakt.command<{ check: { beats: number; status: string } }>('checks show busy')
    expect(kept.check.beats).toBeGreaterThanOrEqual(answered)
    expect(kept.check.beats).toBeLessThanOrEqual(answered + 16)
    await vakt.kill()
    folder.remove()
  })
})
