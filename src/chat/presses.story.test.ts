// A press acts on the alert of its own card only: not after a new start, nor on a restored state, nor in a second Vakt.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { copyOf, startApp, type TestApp } from '../testing/app.ts'
import { startDiscord } from '../testing/discord/discord.ts'
import { startSlack } from '../testing/slack/slack.ts'
import { startTelegram } from '../testing/telegram.ts'
import { discord as discordDefinition } from './discord/definition.ts'
import { createDiscord } from './discord/platform.ts'
import type { PlatformFactory, PlatformParts } from './platform-definition.ts'
import { slack as slackDefinition } from './slack/definition.ts'
import { createSlack } from './slack/platform.ts'
import { telegram as telegramDefinition } from './telegram/definition.ts'
import { createTelegram } from './telegram/platform.ts'

const START = '2026-03-02T09:00:00Z'
const EARLIER = 'This card is from an earlier Vakt'

/** A chat on the wire: the platform on it, its cards, a press, and what the person reads then. */
type Chat = {
  name: string
  platform(parts: PlatformParts): ReturnType<PlatformFactory>
  cards(): { text: string }[]
  /** Presses a button of a card, by its place. */
  press(card: number, label: string): Promise<void>
  /** What was answered to people, apart from cards. */
  answers(): string
  until(condition: () => boolean): Promise<void>
  close(): Promise<void>
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), 5_000)
const chats = {
  async discord(): Promise<Chat> {
    const discord = await startDiscord({ now: () => Date.parse(START) })
    const { token, channelId, apiUrl } = discord
    const seen = () => discord.messages()
    return {
      name: 'discord',
      platform: parts =>
        createDiscord({
          ...parts,
          settings: { token, channelId, guildId: null, apiUrl },
          ...{ capabilities: discordDefinition.capabilities, foreignAnswerAfterMs: 150 },
        }),
      cards: () => seen().map(message => ({ text: discord.text(message) })),
      press: async (card, label) => void (await discord.press(seen()[card]!, label, discord.member)),
      answers: () => discord.ephemerals().map(discord.text).join('\n'),
      until,
      close: discord.close,
    }
  },
  async slack(): Promise<Chat> {
    const slack = await startSlack()
    return {
      name: 'slack',
      platform: parts =>
        createSlack({
          ...parts,
          settings: {
            ...{ botToken: slack.botToken, appToken: slack.appToken, signingSecret: null },
            ...{ channelId: slack.channel, apiUrl: slack.apiUrl },
          },
          capabilities: slackDefinition.capabilities,
        }),
      cards: () =>
        slack
          .messages()
          .map(({ text, blocks, attachments }) => ({ text: text + JSON.stringify([blocks, attachments]) })),
      press: async (card, label) => void (await slack.press(slack.messages()[card]!, label, slack.member)),
      answers: () =>
        slack
          .ephemerals(slack.member)
          .map(({ text, blocks }) => text + JSON.stringify(blocks))
          .join('\n'),
      until,
      close: slack.stop,
    }
  },
  async telegram(): Promise<Chat> {
    const telegram = await startTelegram()
    return {
      name: 'telegram',
      platform: parts =>
        createTelegram({
          ...parts,
          settings: { token: telegram.token, chatId: '-1001234567890', apiUrl: telegram.apiUrl },
          capabilities: telegramDefinition.capabilities,
        }),
      cards: () => telegram.messages.map(({ text }) => ({ text })),
      async press(card, label) {
        const before = telegram.answers.length
        telegram.presses(telegram.messages[card]!, label)
        await until(() => telegram.answers.length > before)
      },
      answers: () => telegram.answers.map(({ text = '' }) => text).join('\n'),
      until,
      close: telegram.stop,
    }
  },
}

let chat: Chat
const apps: TestApp[] = []
afterEach(async () => {
  const stopping = apps.splice(0).map(app => app.stop())
  await chat.close()
  await Promise.all(stopping)
})

async function start(options: Parameters<typeof startApp>[0] = {}): Promise<TestApp> {
  const app = await startApp({ start: START, channels: [], platform: parts => chat.platform(parts), ...options })
  apps.push(app)
  await chat.until(() => app.platforms.every(platform => platform.status().state === 'online'))
  return app
}
/** Vakt is gone; the chat stays. */
async function ends(app: TestApp): Promise<void> {
  apps.splice(apps.indexOf(app), 1)
  await app.stop()
}
const fires = async (app: TestApp, name: string) => {
  const before = chat.cards().length
  const beat = await app.hasCheck(`${name} --every 1d`)
  await beat('/fail')
  await chat.until(() => chat.cards().length > before)
}
const states = async (app: TestApp) => {
  const { alerts } = await app.result<{ alerts: { state: string }[] }>('alerts list')
  return alerts.map(({ state }) => state)
}

describe.each(Object.entries(chats))('%s', (_name, open) => {
  test('an old card acts on no alert of a Vakt with a new data folder, and says so', async () => {
    chat = await open()
    const first = await start()
    await fires(first, 'old-billing')
    await ends(first)
    const second = await start()
    await fires(second, 'new-database')
    await chat.press(0, 'Acknowledge')
    await chat.until(() => chat.answers().includes(EARLIER))
    expect(await states(second)).toEqual(['firing'])
    await chat.press(1, 'Acknowledge')
    await chat.until(() => chat.cards()[1]!.text.includes('Acknowledged'))
    expect(await states(second)).toEqual(['acknowledged'])
  })

  test('a card from after the backup acts on no alert of the restored state; those of the backup work', async () => {
    chat = await open()
    const first = await start()
    await fires(first, 'in-backup')
    const backup = copyOf(first.state)
    await fires(first, 'orphan')
    await ends(first)
    const restored = await start({ after: { state: backup, clock: first.clock, channels: [] } })
    await fires(restored, 'another')
    await chat.press(1, 'Acknowledge')
    await chat.until(() => chat.answers().includes(EARLIER))
    expect(await states(restored)).toEqual(['firing', 'firing'])
    await chat.press(0, 'Acknowledge')
    await chat.until(() => chat.cards()[0]!.text.includes('Acknowledged'))
  })

  test('60 alerts of one Alertmanager group are one card, acknowledged by one press, with the end of each on it', async () => {
    chat = await open()
    const app = await start()
    await app.result('projects add shop')
    const { key } = await app.result<{ key: { secret: string } }>('keys create shop')
    const names = Array.from({ length: 60 }, (_, n) => `db-${n}x`)
    const report = (status: 'firing' | 'resolved', instances: readonly string[]) =>
      app.request('/api/alerts/alertmanager', {
        method: 'POST',
        headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          groupKey: '{}:{alertname="DiskFull"}',
          alerts: instances.map(instance => ({
            status,
            labels: { alertname: 'DiskFull', instance, severity: 'warning' },
            annotations: { summary: 'Disk almost full' },
            fingerprint: instance,
          })),
        }),
      })
    await report('firing', names)
    await chat.until(() => chat.cards().length === 1)
    await app.passes('11s')
    await chat.until(() => names.every(name => chat.cards()[0]!.text.includes(name)))
    await chat.press(0, 'Acknowledge')
    await chat.until(() => chat.cards()[0]!.text.includes('Acknowledged'))
    expect((await states(app)).filter(state => state !== 'acknowledged')).toEqual([])
    await report('resolved', names.slice(0, 20))
    await report('resolved', names.slice(20))
    await chat.until(() => chat.cards()[0]!.text.includes('Resolved: Disk almost full: 60 alerts'))
    expect(chat.cards().filter(({ text }) => text.includes('db-1x'))).toHaveLength(1)
    expect(chat.cards()[0]!.text).toMatch(/Resolved \(60\)[\s\S]*db-59x/)
    expect(chat.cards()[0]!.text).not.toMatch(/firing/i)
  })
})

test('with two Vakts on one Discord token, only the one whose card it is acts and answers', async () => {
  chat = await chats.discord()
  const [first, second] = [await start(), await start()]
  await fires(first, 'of-first')
  await fires(second, 'of-second')
  await chat.press(1, 'Acknowledge')
  await chat.until(() => chat.cards()[1]!.text.includes('Acknowledged'))
  await new Promise(resolve => setTimeout(resolve, 250))
  expect([await states(first), await states(second)]).toEqual([['firing'], ['acknowledged']])
  expect(chat.answers()).not.toContain(EARLIER)
})

test('a card from before buttons had an id works while its message is the card of its alert', async () => {
  chat = await chats.discord()
  const first = await start({
    platform: parts => chat.platform({ ...parts, instance: undefined } as never),
  })
  await fires(first, 'old')
  await ends(first)
  const second = await start({
    after: { state: first.state, clock: first.clock, channels: [] },
    platform: parts => chat.platform({ ...parts, instance: undefined } as never),
  })
  await chat.press(0, 'Acknowledge')
  await chat.until(() => chat.cards()[0]!.text.includes('Acknowledged'))
  expect(await states(second)).toEqual(['acknowledged'])
  await ends(second)
  const third = await start()
  await fires(third, 'new')
  await chat.press(0, 'Resolve')
  await chat.until(() => chat.answers().includes(EARLIER))
  expect(await states(third)).toEqual(['firing'])
})
