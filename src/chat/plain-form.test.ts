// A card whose form a platform refuses arrives all the same: in plain text, at last with its title only, on every platform.
import { createTransport } from 'nodemailer'
import { afterEach, describe, expect, test } from 'vitest'
import type { Card } from '../card.ts'
import { systemClock } from '../clock.ts'
import { silentLogger } from '../logger.ts'
import { startDiscord } from '../testing/discord/discord.ts'
import { createMemoryChannel } from '../testing/memory-channel.ts'
import { startReceiver } from '../testing/receiver.ts'
import { startSlack } from '../testing/slack/slack.ts'
import { startTelegram } from '../testing/telegram.ts'
import { type Channel, DeliveryError } from './channel.ts'
import { createChannel as createDiscordChannel } from './discord/channel.ts'
import { createRest } from './discord/client.ts'
import { discord as discordDefinition } from './discord/definition.ts'
import { createMailbox } from './email/channel.ts'
import { email as emailDefinition } from './email/definition.ts'
import { plainMessage, withPlainForms } from './plain-form.ts'
import { createChannel as createSlackChannel } from './slack/channel.ts'
import { clientOptions, createClient } from './slack/client.ts'
import { slack as slackDefinition } from './slack/definition.ts'
import { telegram as telegramDefinition } from './telegram/definition.ts'
import { createTelegram } from './telegram/platform.ts'
import { webhook as webhookDefinition } from './webhook/definition.ts'
import { createWebhooks } from './webhook/platform.ts'

const card: Card = {
  title: 'Critical: db-1 is *down* <b> & more',
  tone: 'critical',
  lines: [['No beat since ', { time: Date.parse('2026-03-02T09:00:00Z'), style: 'moment' }], 'x'.repeat(3_000)],
  fields: [{ name: 'Host', value: 'db-1' }],
  code: { text: 'trace' },
  buttons: [
    { label: 'Acknowledge', line: 'ack 7' },
    { label: 'Snooze', line: 'snooze 7', ask: ['for'] },
  ],
  footer: 'Alert 7',
}

/** A channel on the wire, what it shows, and how to make it refuse the form of the next messages. */
type Stage = {
  channel: Channel
  /** What people read of each message, oldest first. */
  shown(): string[]
  refuse(kind: 'post' | 'edit', code: string, times: number): void
  close(): Promise<void>
}

let stage: Stage | null = null
const lines: { message: string; reason?: unknown }[] = []
const logger = { ...silentLogger, warn: (message: string, facts?: object) => void lines.push({ message, ...facts }) }
afterEach(async () => {
  await stage?.close()
  stage = null
  lines.length = 0
})

const stages: Record<string, { codes: string[]; start(): Promise<Stage> }> = {
  discord: {
    codes: ['50035', '50006', '40005', '50109'],
    async start() {
      const discord = await startDiscord()
      const { token, channelId } = discord
      const rest = createRest(discord.apiUrl, token)
      const { channel } = createDiscordChannel({ rest, token, channelId, capabilities: discordDefinition.capabilities })
      const routes = { post: 'POST /channels/*/messages', edit: 'PATCH /channels/*/messages/*' }
      return {
        channel,
        shown: () => discord.messages().map(discord.text),
        refuse: (kind, code, times) =>
          discord.fail(routes[kind], code === '40005' ? 413 : 400, times, {
            code: Number(code),
            message: `No: ${code}`,
          }),
        close: discord.close,
      }
    },
  },
  slack: {
    codes: [
      'invalid_blocks',
      'invalid_blocks_format',
      'msg_too_long',
      'msg_blocks_too_long',
      'invalid_attachments',
      'too_many_attachments',
      'no_text',
      'metadata_too_large',
    ],
    async start() {
      const slack = await startSlack()
      const web = createClient(slack.botToken, clientOptions(slack.apiUrl, silentLogger))
      const channel = createSlackChannel({
        ...{ web, channelId: slack.channel, capabilities: slackDefinition.capabilities, timeZone: 'UTC' },
        ...{ channelName: () => '#ops', logger: silentLogger },
      })
      return {
        channel,
        shown: () =>
          slack.messages().map(({ text, blocks, attachments }) => text + JSON.stringify([blocks, attachments])),
        refuse(kind, code, times) {
          // The older form of the blocks is tried before plain text.
          const older = /^invalid_(blocks|attachments)/.test(code) ? 1 : 0
          slack.fail(kind === 'post' ? 'chat.postMessage' : 'chat.update', code, times + older)
        },
        close: slack.stop,
      }
    },
  },
  telegram: {
    codes: [
      "Bad Request: can't parse entities: Unclosed start tag",
      'Bad Request: message is too long',
      'Bad Request: BUTTON_DATA_INVALID',
      'Bad Request: inline keyboard button URL is invalid',
      'Bad Request: message text is empty',
    ],
    async start() {
      const telegram = await startTelegram()
      const platform = createTelegram({
        settings: { token: telegram.token, chatId: '-1001234567890', apiUrl: telegram.apiUrl },
        dispatcher: { commands: [] } as never,
        isChannel: () => true,
        ...{ capabilities: telegramDefinition.capabilities, logger: silentLogger, clock: systemClock, timeZone: 'UTC' },
      })
      return {
        channel: platform.channels[0]!,
        shown: () => telegram.messages.map(({ text, buttons }) => text + JSON.stringify(buttons)),
        refuse(kind, description, times) {
          const method = kind === 'post' ? 'sendMessage' : 'editMessageText'
          for (let i = 0; i < times; i++) telegram.failing(method, { status: 400, description })
        },
        close: telegram.stop,
      }
    },
  },
  webhook: {
    codes: ['400', '413', '422'],
    async start() {
      const receiver = await startReceiver()
      const { capabilities } = webhookDefinition
      const hooks = createWebhooks({ capabilities, clock: systemClock, timeZone: 'UTC', version: 'test' })
      const refused: number[] = []
      return {
        channel: hooks.open!({ id: 'webhook:pager', name: 'pager', address: receiver.url, secret: null })!,
        shown: () => receiver.received.slice(refused.length).map(({ body }) => `${body.text}`),
        refuse(_kind, code, times) {
          for (let i = 0; i < times; i++) receiver.answers({ status: Number(code) })
          refused.push(...Array(times).fill(0))
        },
        close: receiver.stop,
      }
    },
  },
  email: {
    codes: ['552 5.3.4 Message too big', '554 5.6.0 Content rejected', '550 5.2.3 Message length exceeds limit'],
    async start() {
      const mails: string[] = []
      const refusals: string[] = []
      const transport = createTransport({ jsonTransport: true })
      transport.sendMail = (async (mail: { text: string; html?: string }) => {
        const response = refusals.shift()
        if (response) throw Object.assign(new Error('no'), { responseCode: Number(response.slice(0, 3)), response })
        mails.push(`${mail.text}${mail.html ?? ''}`)
      }) as never
      const { capabilities } = emailDefinition
      return {
        channel: createMailbox({
          ...{ transport, from: 'vakt@example.org', address: 'ops@example.org', name: '', capabilities },
          ...{ clock: systemClock, timeZone: 'UTC' },
        }),
        shown: () => mails,
        refuse: (_kind, response, times) => void refusals.push(...Array(times).fill(response)),
        close: async () => {},
      }
    },
  },
}
const cases = Object.entries(stages).flatMap(([name, { codes }]) => codes.map(code => [name, code] as const))

describe.each(cases)('%s refuses the form with %s', (name, code) => {
  test('the card arrives in plain text, with what to type instead of its buttons', async () => {
    stage = await stages[name]!.start()
    stage.refuse('post', code, 1)
    await withPlainForms(stage.channel, logger).post(card, 'n1')
    expect(stage.shown()).toHaveLength(1)
    expect(stage.shown()[0]).toMatch(/Alert 7.*Acknowledge: ack 7.*No beat since 2026-03-02 09:00:00 UTC/s)
    expect(stage.shown()[0]!.length).toBeLessThan(1_500)
    expect(lines).toMatchObject([{ message: expect.stringContaining('form of a card was refused') }])
    expect(String(lines[0]!.reason)).toContain(code.slice(0, 3))
  })

  test('the title arrives when the plain text is refused too, and a third refusal is one of the channel', async () => {
    stage = await stages[name]!.start()
    const channel = withPlainForms(stage.channel, logger)
    stage.refuse('post', code, 2)
    const ref = await channel.post(card, 'n1')
    expect(stage.shown()[0]).toMatch(/db-1 is .*Alert 7/s)
    expect(stage.shown()[0]!.length).toBeLessThan(300)
    await channel.reply(ref, card, 'n2')
    stage.refuse('post', code, 3)
    await expect(channel.post(card, 'n3')).rejects.toMatchObject({ code: 'refused' })
  })

  test.skipIf(name === 'email')('an edit and a reply arrive in plain text', async () => {
    stage = await stages[name]!.start()
    const channel = withPlainForms(stage.channel, logger)
    const ref = await channel.post({ title: 'First', tone: 'info' }, 'n1')
    stage.refuse('edit', code, 1)
    await channel.edit(ref, card)
    stage.refuse('post', code, 1)
    await channel.reply(ref, { ...card, title: 'Still firing' }, 'n2')
    expect(stage.shown().filter(text => text.includes('ack 7'))).toHaveLength(2)
  })
})

test('a failure that is not about the form is passed on at once', async () => {
  const inner = createMemoryChannel('discord', () => 0)
  inner.failing(new DeliveryError('unsure', 'No answer.'))
  await expect(withPlainForms(inner, logger).post(card, 'n1')).rejects.toMatchObject({ code: 'unsure' })
  expect(inner.calls).toEqual(['post'])
})

test('a plain text is short, however long and strange the card is', () => {
  const text = plainMessage(
    { title: '\ud800&<*'.repeat(900), tone: 'critical', lines: ['😀'.repeat(9_000)], form: 'plain' },
    'UTC',
  )
  expect(Array.from(text).length).toBeLessThanOrEqual(900)
  expect(text.isWellFormed()).toBe(true)
})
