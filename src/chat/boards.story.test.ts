// The live board: one message that is true within seconds, is edited rarely, and survives deletes, restarts and refusals.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { startDiscord } from '../testing/discord/discord.ts'
import { startSlack } from '../testing/slack/slack.ts'
import { startTelegram } from '../testing/telegram.ts'
import { DeliveryError } from './channel.ts'
import { discord as discordDefinition } from './discord/definition.ts'
import { createDiscord } from './discord/platform.ts'
import { slack as slackDefinition } from './slack/definition.ts'
import { createSlack } from './slack/platform.ts'
import { telegram as telegramDefinition } from './telegram/definition.ts'
import { createTelegram } from './telegram/platform.ts'

const boardOf = (app: TestApp) => app.channel.messages.find(({ card }) => card.isView)!
const boardText = (app: TestApp) => app.text(boardOf(app).card)

async function withBoard(line = 'board ops') {
  const app = await startApp({ channels: ['ops'] })
  await app.says('oncall member add ann --discord 12345')
  await app.says('oncall add primary --members ann')
  await app.result(line)
  return app
}

describe('a board', () => {
  test('is one pinned message that shows what is wrong, and is edited when that changes', async () => {
    const app = await withBoard()
    expect(boardOf(app).isPinned).toBe(true)
    expect(boardText(app)).toMatch(/^All clear\nChecks: none yet/)
    expect(boardText(app)).toMatch(/On call: ann \(primary, until /)
    const beat = await app.hasCheck('nightly-backup --every 1h')
    await (await app.hasCheck('patient --every 1m --grace 1h'))()
    await app.passes('2m')
    expect(boardText(app)).toContain('Check patient late · 1m ago')
    await app.result('checks remove patient --yes')
    await beat('/fail')
    await app.passes('25s')
    expect(boardText(app)).toMatch(/^1 critical open\n/)
    expect(boardText(app)).toContain('Alerts: 1 open, 1 not acknowledged')
    expect(boardText(app)).toContain('🔴 Critical: nightly-backup reported a failure')
    await app.says('ack 1')
    await app.passes('25s')
    expect(boardText(app)).toContain('acknowledged by Ann')
    await beat()
    await app.passes('25s')
    expect(boardText(app)).toMatch(/^All clear\n/)
    expect(app.channel.messages.filter(({ card }) => card.isView)).toHaveLength(1)
  })

  test('shows a check that is down although its alert was resolved and another alert has its name in its title', async () => {
    const app = await withBoard('board now')
    await app.result('projects add shop')
    for (const line of ['db', 'mydb-2', 'db --project shop']) await (await app.hasCheck(line))('/fail')
    await app.result('resolve 1')
    const reply = await app.says('board now')
    const rows = reply.card.rows!.filter(({ text }) =>
      app.text({ title: '', tone: 'plain', lines: [text] }).includes('Check'),
    )
    expect(rows.map(({ action }) => action!.line)).toEqual(['checks show db --project default'])
    expect((await app.says(rows[0]!.action!.line)).ok).toBe(true)
  })

  test('is edited at most every 20 s in a storm, and once in 5 min while nothing changes', async () => {
    const app = await withBoard()
    const beats = []
    for (let i = 0; i < 6; i++) beats.push(await app.hasCheck(`job-${i} --every 1d`))
    const before = boardOf(app).edits
    for (const beat of beats) {
      await beat('/fail')
      await app.passes('5s')
    }
    expect(boardOf(app).edits - before).toBeLessThanOrEqual(2)
    await app.passes('1m')
    const settled = boardOf(app).edits
    await app.passes('10m')
    expect(boardOf(app).edits - settled).toBeLessThanOrEqual(3)
    expect(boardOf(app).edits - settled).toBeGreaterThanOrEqual(1)
  })

  test('is posted again when somebody deletes it', async () => {
    const app = await withBoard()
    app.channel.failing(new DeliveryError('gone', 'The message was deleted.'), 1, 'edit')
    await app.channel.remove!(boardOf(app).ref)
    await app.passes('6m')
    expect(app.channel.messages.filter(({ card }) => card.isView)).toHaveLength(1)
    expect(boardOf(app).isPinned).toBe(true)
  })

  test('goes on after a restart in the same message, and says in between that it is not live', async () => {
    const app = await withBoard()
    const { ref } = boardOf(app)
    await app.stop()
    expect(boardText(app)).toMatch(/^Not live: All clear\nVakt has stopped\./)
    const next = await app.restarts('1h')
    await next.passes('5s')
    expect(boardOf(next).ref).toBe(ref)
    expect(boardText(next)).toMatch(/^All clear/)
    await next.stop()
  })

  test('is found again when the answer to its post was lost', async () => {
    const app = await startApp({ channels: ['ops'] })
    app.channel.acceptsThenFails(new DeliveryError('unsure', 'The connection was lost.'))
    expect(await app.answerText('board ops')).toContain('The connection was lost. Vakt keeps trying.')
    await app.passes('30s')
    expect(app.channel.messages.filter(({ card }) => card.isView)).toHaveLength(1)
    expect(await app.answerText('board list')).toContain('ops · all projects · pinned')
    await app.stop()
  })

  test('moves to the end of the channel with the same command, and goes with "board off"', async () => {
    const app = await withBoard()
    const { ref } = boardOf(app)
    await app.says('alerts test')
    await app.says('board', { channel: 'ops' })
    expect(boardOf(app).ref).not.toBe(ref)
    expect(app.channel.messages.filter(({ card }) => card.isView)).toHaveLength(1)
    expect(await app.answerText('board list')).toContain('ops · all projects · pinned · set by Ann')
    const here = { channel: 'ops' }
    expect((await app.says('board off', here)).ok).toBe(true)
    expect(app.channel.messages.filter(({ card }) => card.isView)).toHaveLength(0)
    expect(await app.answerText('board off')).toContain('There is no live board.')
  })

  test('of a project shows only that project', async () => {
    const app = await startApp({ channels: ['ops'] })
    await app.result('projects add shop')
    await app.result('board ops --project shop')
    const other = await app.hasCheck('elsewhere --every 1d')
    const own = await app.hasCheck('till --every 1d --project shop')
    await other('/fail')
    await own('/fail')
    await app.passes('25s')
    expect(boardText(app)).toMatch(/^1 critical open in shop/)
    expect(boardText(app)).not.toContain('elsewhere')
    await app.stop()
  })

  test('is shown once where a message cannot be edited, and refused in such a channel', async () => {
    const app = await startApp({ channels: ['ops'] })
    Object.assign(app.channel.capabilities, { edits: false })
    expect(await app.answerText('board')).toContain('All clear')
    expect(await app.answerText('board ops')).toContain('cannot be changed once it is sent')
    expect(app.channel.messages).toHaveLength(0)
    await app.stop()
  })

  test('that is refused says why in the list, and alerts arrive all the same', async () => {
    const app = await withBoard()
    app.channel.failing(new DeliveryError('refused', 'The bot lacks a permission.'), 99, 'edit')
    const beat = await app.hasCheck('nightly --every 1d')
    await beat('/fail')
    await app.passes('1m')
    expect(await app.answerText('board list')).toContain('not up to date: The bot lacks a permission.')
    expect(app.titles()).toContain('Critical: nightly reported a failure')
    await app.stop()
  })
})

/** What each platform shows on the wire: the texts of its messages, and the ids of pinned ones. */
const chats = {
  async discord() {
    const discord = await startDiscord()
    const { token, channelId, apiUrl } = discord
    return {
      platform: (parts: object) =>
        createDiscord({
          ...(parts as Parameters<typeof createDiscord>[0]),
          settings: { token, channelId, guildId: null, apiUrl },
          capabilities: discordDefinition.capabilities,
        }),
      id: `discord:${channelId}`,
      texts: () => discord.messages().map(discord.text),
      pinned: () => discord.messages().filter(message => message.pinned).length,
      close: discord.close,
    }
  },
  async slack() {
    const slack = await startSlack()
    return {
      platform: (parts: object) =>
        createSlack({
          ...(parts as Parameters<typeof createSlack>[0]),
          settings: {
            ...{ botToken: slack.botToken, appToken: slack.appToken, signingSecret: null },
            ...{ channelId: slack.channel, apiUrl: slack.apiUrl },
          },
          capabilities: slackDefinition.capabilities,
        }),
      id: `slack:${slack.channel}`,
      texts: () => slack.messages().map(({ blocks, attachments }) => JSON.stringify([blocks, attachments])),
      pinned: () => slack.messages().filter(message => message.isPinned).length,
      close: slack.stop,
    }
  },
  async telegram() {
    const telegram = await startTelegram()
    return {
      platform: (parts: object) =>
        createTelegram({
          ...(parts as Parameters<typeof createTelegram>[0]),
          settings: { token: telegram.token, chatId: '-1001234567890', apiUrl: telegram.apiUrl },
          capabilities: telegramDefinition.capabilities,
        }),
      id: 'telegram:-1001234567890',
      texts: () => telegram.messages.map(({ text }) => text),
      pinned: () => telegram.pinned.length,
      close: telegram.stop,
    }
  },
}

let closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  closing = []
})

test.each(Object.entries(chats))('on the wire of %s a board is posted, pinned, edited and removed', async (_, open) => {
  const chat = await open()
  closing.push(() => chat.close())
  const app = await startApp({ channels: [], platform: parts => chat.platform(parts) })
  closing.unshift(() => app.stop())
  await vi.waitFor(() => expect(app.platforms[0]!.status().state).toBe('online'), 5_000)
  const { board } = await app.result<{ board: { pinned: boolean } }>(`board ${chat.id}`)
  expect(board.pinned).toBe(true)
  expect(chat.texts()).toHaveLength(1)
  expect(chat.texts()[0]).toContain('All clear')
  expect(chat.pinned()).toBe(1)
  const beat = await app.hasCheck('nightly --every 1d')
  await beat('/fail')
  await app.passes('25s')
  await vi.waitFor(() => expect(chat.texts()[0]).toContain('1 critical open'), 5_000)
  await app.result(`board remove ${chat.id}`)
  expect(chat.texts().join()).not.toContain('critical open')
})
