// kill -9 of the real process at every boundary of the delivery path: no alert is lost, no card is sent twice.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
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

describe('a kill -9 while delivering to Discord and Slack', () => {
  let chats: readonly Chat[]
  let vakt: Running
  let folder: ReturnType<typeof newFolder>

  // Each test uses the Vakt that the one before it restarted, because a start takes a second of CPU time.
  beforeAll(async () => {
    folder = newFolder()
    chats = [await onDiscord(), await onSlack()]
    vakt = await startVakt(folder.path, environment())
  })

  afterAll(async () => {
    await vakt.kill()
    for (const chat of chats) await chat.close()
    folder.remove()
  })

  afterEach(() => {
    expect(chats.flatMap(chat => chat.violations())).toEqual([])
  })

  const environment = () => Object.assign({}, ...chats.map(chat => chat.environment)) as Record<string, string>
  const restart = async () => {
    await vakt.kill()
    for (const chat of chats) chat.heal()
    vakt = await startVakt(folder.path, environment())
  }
  /** Adds a check and returns a function that makes it fail. */
  const addCheck = async (name: string) => {
    const { check } = await vakt.command<{ check: { uuid: string } }>(`checks add ${name} --every 1d`)
    return () => vakt.ping(`${check.uuid}/fail`)
  }
  const cardsOf = (chat: Chat, name: string) => chat.cards().filter(card => card.includes(`: ${name} reported`))
  const inEachChat = (isSo: (chat: Chat) => boolean, what: string) => until(() => chats.every(isSo), what)
  /** Answers whether each chat was asked something since. */
  const requestCounter = () => {
    const before = new Map(chats.map(chat => [chat, chat.requests()]))
    return (chat: Chat) => chat.requests() > before.get(chat)!
  }
  /** Waits until each chat shows one card of the check with this state, and everything is delivered. */
  const expectOneCard = async (name: string, state: string) => {
    const isShown = (chat: Chat) => cardsOf(chat, name).some(card => card.includes(`${state}: ${name}`))
    await inEachChat(isShown, `the card of ${name}`)
    await until(async () => {
      const { deliveries } = await vakt.command<{ deliveries: { state: string }[] }>('deliveries --limit 50')
      return deliveries.every(delivery => delivery.state === 'shown')
    }, 'everything to be delivered')
    expect(chats.map(chat => cardsOf(chat, name).length)).toEqual([1, 1])
  }

  it('after the beat was answered and before the card was sent loses no alert', async () => {
    const fail = await addCheck('unsent')
    expect((await fail()).status).toBe(200)
    await restart()
    await expectOneCard('unsent', 'Critical')
  })

  it('while the card is in flight leaves one card', async () => {
    const fail = await addCheck('in-flight')
    for (const chat of chats) chat.hangPosts()
    const isAsked = requestCounter()
    await fail()
    await inEachChat(isAsked, 'the message to be sent')
    await restart()
    await expectOneCard('in-flight', 'Critical')
  })

  it('after the card arrived and before its answer leaves one card', async () => {
    const fail = await addCheck('unanswered')
    for (const chat of chats) chat.acceptPostsWithoutAnswer()
    await fail()
    await inEachChat(chat => cardsOf(chat, 'unanswered').length > 0, 'the message to arrive')
    await restart()
    await expectOneCard('unanswered', 'Critical')
  })

  it('at any moment around the answer leaves one card for each alert', async () => {
    const waitsMs = [0, 6]
    for (const ms of waitsMs) {
      const fail = await addCheck(`after-${ms}`)
      await fail()
      await new Promise(resolve => setTimeout(resolve, ms))
      await restart()
    }
    for (const ms of waitsMs) await expectOneCard(`after-${ms}`, 'Critical')
  })

  it('during an edit is followed by the edit', async () => {
    const fail = await addCheck('edited')
    await fail()
    await expectOneCard('edited', 'Critical')
    for (const chat of chats) chat.hangEdits()
    const isAsked = requestCounter()
    const { alerts } = await vakt.command<{ alerts: { id: number; title: string }[] }>('alerts list --limit 50')
    await vakt.command(`ack ${alerts.find(({ title }) => title.startsWith('edited '))!.id}`)
    await inEachChat(isAsked, 'the edit to be sent')
    await restart()
    await expectOneCard('edited', 'Acknowledged')
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
    const found = await vakt.command<{ check: { beats: number; status: string } }>('checks show busy')
    expect(found.check.beats).toBeGreaterThanOrEqual(answered)
    expect(found.check.beats).toBeLessThanOrEqual(answered + 16)
    await vakt.kill()
    folder.remove()
  })
})
