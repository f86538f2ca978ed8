// What people press and type on Telegram, as updates: which command line it is, by whom, and what they see of the answer.
import { Bot } from 'grammy'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE } from '../../time.ts'
import type { CommandDispatcher, PressOrigin, Reply, Requester } from '../channel.ts'
import { addCommands } from './bot.ts'

const CHAT = { id: -100, type: 'supergroup', title: 'ops' }
const ANN = { id: 7, is_bot: false, first_name: 'Ann', last_name: 'Lee' }
const DONE: Reply = { ok: true, card: { title: 'Done', tone: 'good' }, result: null, private: true, quiet: false }
const problem = (sentence: string): Reply => {
  const found = new Problem('not_found', sentence)
  return { ok: false, problem: found, private: true, card: { title: found.message, tone: 'warning' } }
}

let ran: { line: string; by: Requester }[]
let calls: { method: string; payload: Record<string, unknown> }[]
let asked: { line: string; press: PressOrigin }[]
let reply: Reply
let refusal: Reply | null
let inUse: Set<string>
let statuses: Record<number, string>
let failing: string | null
let clock: ReturnType<typeof createFakeClock>
let bot: Bot
let update = 0

beforeEach(() => {
  ran = []
  calls = []
  asked = []
  reply = DONE
  refusal = null
  inUse = new Set(['telegram:-100'])
  statuses = {}
  failing = null
  clock = createFakeClock(1_800_000_000_000)
  const botInfo = { id: 1, is_bot: true, first_name: 'Vakt', username: 'vakt_bot' } as never
  bot = new Bot('1:x', { botInfo })
  bot.api.config.use(async (_next, method, payload) => {
    if (method === failing) throw new Error('no answer')
    calls.push({ method, payload: payload as Record<string, unknown> })
    const result = method === 'getChatMember' ? { status: statuses[(payload as { user_id: number }).user_id] } : true
    return { ok: true, result } as never
  })
  const dispatcher = {
    async run({ line }: { line: string }, by: Requester) {
      ran.push({ line, by })
      return reply
    },
    pressRefusal(line: string, press: PressOrigin) {
      asked.push({ line, press })
      return refusal
    },
  } as unknown as CommandDispatcher
  const isChannel = (id: string) => inUse.has(id)
  addCommands(bot, {
    api: bot.api,
    dispatcher,
    isChannel,
    timeZone: 'UTC',
    instance: 'vakt1',
    clock,
    logger: silentLogger,
  })
})

const says = async (text: string, { chat = CHAT, from = ANN }: { chat?: object; from?: object | null } = {}) => {
  const message = { message_id: 5, date: 1, chat, text, ...(from && { from }) }
  await bot.handleUpdate({ update_id: update++, message } as never)
  await settled()
}
const presses = async (data: string, message: object | null = {}) => {
  const on = message && { message_id: 5, date: 1, chat: CHAT, ...message }
  const callback_query = { id: 'q', from: ANN, chat_instance: '1', data, ...(on && { message: on }) }
  await bot.handleUpdate({ update_id: update++, callback_query } as never)
  await settled()
}
const of = (method: string) => calls.filter(call => call.method === method).map(({ payload }) => payload)
const lines = () => ran.map(({ line }) => line)

describe('a typed line', () => {
  test.each([
    ['/status', ['/status']],
    ['/start', ['help']],
    ['/start now', ['/start now']],
    ['/start@vakt_bot', ['help']],
    ['/checks@VAKT_bot list --all', ['/checks list --all']],
    ['/checks@other_bot list', []],
    ['good morning', []],
    ['see /status', []],
  ])('%s runs %j', async (text, expected) => {
    await says(text)
    expect(lines()).toEqual(expected)
    expect(of('sendMessage')).toHaveLength(expected.length)
  })

  test('is answered as a message, also when it is refused', async () => {
    await says('/status')
    reply = problem('No.')
    await says('/status')
    expect(of('sendMessage')).toMatchObject([
      { chat_id: -100, text: '🟢 <b>Done</b>', parse_mode: 'HTML', link_preview_options: { is_disabled: true } },
      { text: '🟠 <b>No.</b>' },
    ])
  })

  test.each<[string, object, object | null, number]>([
    ['a chat of alerts', CHAT, ANN, 1],
    ['another chat', { ...CHAT, id: -200 }, ANN, 0],
    ['a chat by its name', { ...CHAT, id: -200, username: 'ops' }, ANN, 1],
    ['a chat of another name', { ...CHAT, id: -200, username: 'dev' }, ANN, 0],
    ['a bot', CHAT, { ...ANN, is_bot: true }, 0],
    ['nobody', CHAT, null, 0],
  ])('in or by %s', async (_what, chat, from, times) => {
    inUse.add('telegram:@ops')
    await says('/status', { chat, from })
    expect(ran).toHaveLength(times)
    expect(calls).toHaveLength(times === 0 ? 0 : 2)
  })
})

describe('who asks', () => {
  test.each([
    ['supergroup', 'creator', true, true],
    ['group', 'administrator', true, true],
    ['supergroup', 'member', false, true],
    ['channel', 'creator', false, true],
    ['private', 'creator', false, false],
  ])('in a %s, as %s, is an admin: %s; others read along: %s', async (type, status, admin, isPublic) => {
    statuses[7] = status
    await says('/status', { chat: { ...CHAT, type } })
    const expected = { platform: 'telegram', id: '7', name: 'Ann Lee', admin, isPublic, channel: 'telegram:-100' }
    expect(ran[0]!.by).toMatchObject({ ...expected, groups: [], interactive: true })
  })

  test('without a last name has only the first', async () => {
    await says('/status', { from: { id: 8, is_bot: false, first_name: 'Bo' } })
    expect(ran[0]!.by.name).toBe('Bo')
  })

  test('is no admin while Telegram does not say so', async () => {
    failing = 'getChatMember'
    await says('/status')
    expect(ran[0]!.by.admin).toBe(false)
  })

  test('is looked up once in five minutes, in each chat and for each person', async () => {
    statuses[7] = 'creator'
    await says('/status')
    statuses[7] = 'member'
    await clock.advance(5 * MINUTE)
    await says('/status')
    await clock.advance(1)
    await says('/status')
    expect(ran.map(({ by }) => by.admin)).toEqual([true, true, false])
    inUse.add('telegram:-300')
    await says('/status', { chat: { ...CHAT, id: -300 } })
    await says('/status', { from: { ...ANN, id: 8 } })
    expect(of('getChatMember').map(({ chat_id, user_id }) => [chat_id, user_id])).toEqual([
      ...[
        [-100, 7],
        [-100, 7],
        [-300, 7],
      ],
      [-100, 8],
    ])
  })
})

describe('a press', () => {
  test('runs its line; the notice has the title, and an answer that is not quiet comes as a message too', async () => {
    await presses('ack 1')
    expect(of('answerCallbackQuery')).toMatchObject([{ text: 'Done', show_alert: false }])
    expect(of('sendMessage')).toHaveLength(1)
    reply = { ...DONE, quiet: true }
    await presses('ack 1')
    expect(of('answerCallbackQuery')).toHaveLength(2)
    expect(of('sendMessage')).toHaveLength(1)
    expect(lines()).toEqual(['ack 1', 'ack 1'])
  })

  test('that is refused shows the reason, cut to what Telegram takes, and sends no message', async () => {
    reply = problem('x'.repeat(300))
    await presses('ack 1')
    expect(of('answerCallbackQuery')).toMatchObject([{ text: 'x'.repeat(190), show_alert: true }])
    expect(of('sendMessage')).toEqual([])
  })

  test('in another chat is acknowledged and runs nothing', async () => {
    inUse.clear()
    await presses('ack 1')
    expect(of('answerCallbackQuery')).toEqual([{ callback_query_id: 'q' }])
    expect(lines()).toEqual([])
  })

  test('whose notice cannot be shown is answered all the same', async () => {
    failing = 'answerCallbackQuery'
    await presses('ack 1')
    expect(of('sendMessage')).toHaveLength(1)
    inUse.clear()
    await presses('ack 1')
    expect(lines()).toEqual(['ack 1'])
  })

  test('says on which message its button is, and whose button it is', async () => {
    await presses('vakt1|ack 1', { reply_to_message: { message_id: 3 } })
    await presses('ack 1', { chat: { ...CHAT, username: 'ops' } })
    expect(asked).toEqual([
      { line: 'ack 1', press: { instance: 'vakt1', channels: ['telegram:-100'], refs: ['5', '3'] } },
      { line: 'ack 1', press: { instance: null, channels: ['telegram:-100', 'telegram:@ops'], refs: ['5'] } },
    ])
    expect(lines()).toEqual(['ack 1', 'ack 1'])
  })

  test('on a button of another Vakt runs nothing and says whose it is', async () => {
    refusal = problem('Of another Vakt.')
    await presses('vakt2|ack 1')
    expect(lines()).toEqual([])
    expect(of('answerCallbackQuery')).toMatchObject([{ text: 'Of another Vakt.', show_alert: true }])
    await says('/status')
    expect(lines()).toEqual(['/status'])
  })
})

test('a command that fails does not end the bot', async () => {
  failing = 'sendMessage'
  await says('/status')
  failing = null
  await says('/status')
  expect(of('sendMessage')).toHaveLength(1)
})

test('buttons of an answer have the id of this Vakt', async () => {
  const card: Card = { title: 'Menu', tone: 'plain', buttons: [{ label: 'Ack', line: 'ack 1' }] }
  reply = { ...DONE, card }
  await says('/menu')
  const keyboard = [[{ text: 'Ack', callback_data: 'vakt1|ack 1' }]]
  expect(of('sendMessage')[0]).toMatchObject({ reply_markup: { inline_keyboard: keyboard } })
})
