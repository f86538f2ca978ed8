// Requests of Slack as the SDK hands them over, without a connection: what becomes a command line, and where its answer goes.
import type { Receiver } from '@slack/bolt'
import { beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { HOUR } from '../../time.ts'
import type { Mention } from '../channel.ts'
import { createBot } from './bot.ts'
import { createTestDispatcher } from './dispatcher.testing.ts'
import { createNewerBlocks, FORGETFUL } from './newer-blocks.ts'

const RECEIVER: Receiver = { init() {}, start: async () => undefined, stop: async () => undefined }

type Call = { method: string; text?: string } & Record<string, unknown>
let clock = createFakeClock(0)
let dispatcher = createTestDispatcher()
let calls: Call[] = []
let failing = new Set<string>()
let bot = start()
let trigger = 0

function start(options: { others?: string[] } = {}) {
  clock = createFakeClock(1_800_000_000_000)
  dispatcher = createTestDispatcher()
  calls = []
  failing = new Set()
  const api =
    (method: string, answer: object = {}) =>
    async (message: object) => {
      if (failing.has(method)) throw new Error(method)
      calls.push({ method, ...message })
      return answer
    }
  const web = {
    token: 'xoxb-1',
    chat: { postEphemeral: api('ephemeral'), postMessage: api('message') },
    conversations: { open: api('open', { channel: { id: 'D1' } }), members: api('members', { members: ['U1'] }) },
    views: { open: api('form'), publish: api('home') },
  }
  return createBot({
    ...{ dispatcher: dispatcher.dispatcher, web: web as never, receiver: RECEIVER, clientOptions: {} },
    requesterOf: async (id, name, team) => ({
      ...{ platform: 'slack', id, name, admin: id === 'ADMIN', groups: [], interactive: true },
      isOutsider: team === 'OTHER',
    }),
    ...{ channelId: 'C1', channelName: () => '#ops', timeZone: 'UTC', instance: 'v1' },
    ...(options.others && { others: () => new Set(options.others) }),
    ...{ newerBlocks: createNewerBlocks(clock, FORGETFUL), memory: FORGETFUL, clock, logger: silentLogger },
  })
}
beforeEach(() => {
  bot = start()
})

/** Gives a request to the bot and waits until it has answered; returns what was acknowledged. */
async function receive(body: Record<string, unknown>): Promise<unknown[]> {
  const acks: unknown[] = []
  await bot.app.processEvent({ body, ack: async content => void acks.push(content) })
  await bot.idle()
  return acks
}
const lines = () => dispatcher.ran.map(({ line }) => line.trim())
const said = () =>
  calls.filter(({ text }) => text !== undefined).map(({ method, channel, text }) => `${method} ${channel} ${text}`)

const command = (text: string, more = {}) =>
  receive({
    ...{ command: '/vakt', text, user_id: 'U1', user_name: 'kari', channel_id: 'C1', team_id: 'T1' },
    ...{ trigger_id: `t${trigger++}`, ...more },
  })
const event = (event: object, more = {}) =>
  receive({ type: 'event_callback', team_id: 'T1', event_id: `e${trigger++}`, event, ...more })
const mention = (more: object, body = {}) =>
  event({ type: 'app_mention', user: 'U1', channel: 'C1', text: '<@B1> what is wrong', ts: '1.1', ...more }, body)
const press = (action: object, more = {}) =>
  receive({
    ...{ type: 'block_actions', team: { id: 'T1' }, user: { id: 'U1', username: 'kari' }, channel: { id: 'C1' } },
    ...{ container: { type: 'message', message_ts: '5.5' }, trigger_id: `t${trigger++}` },
    ...{ actions: [{ type: 'button', block_id: 'b', action_ts: '1', ...action }] },
    ...more,
  })

describe('a command', () => {
  test('in private is acknowledged with nothing, in public with its question', async () => {
    expect(await command('whoami')).toEqual([undefined])
    expect(await command('status')).toEqual([{ response_type: 'in_channel' }])
    expect(said()).toEqual(['ephemeral C1 kari member', 'message C1 All is well'])
  })

  test.each([
    ['C1', 'U1', undefined, 'kari member'],
    ['C2', 'U1', undefined, '🟠 Ask in #ops: elsewhere Vakt answers only workspace admins.'],
    ['C2', 'ADMIN', undefined, 'kari admin'],
    ['C2', 'U1', ['C3', 'C2'], 'kari member'],
    ['C2', 'U1', ['C3'], '🟠 Ask in #ops: elsewhere Vakt answers only workspace admins.'],
  ])('in the channel %s by %s, where %j are open too: %s', async (channel, user, others, answer) => {
    bot = start(others === undefined ? {} : { others })
    await command('whoami', { channel_id: channel, user_id: user })
    expect(said()).toEqual([`ephemeral ${channel} ${answer}`])
    expect(dispatcher.ran.map(({ by }) => by.channel)).toEqual(answer.startsWith('kari') ? [`slack:${channel}`] : [])
  })

  test('of somebody from another workspace is refused, wherever it is typed', async () => {
    await command('whoami', { team_id: 'OTHER' })
    expect(said()[0]).toContain('You belong to another Slack workspace')
    expect(lines()).toEqual([])
  })

  test('that takes longer than three seconds shows that it runs, a faster one does not', async () => {
    for (const [ms, expected] of [
      [2_999, ['kari member']],
      [3_000, ['⚪ Working on it …', 'kari member']],
    ] as const) {
      const release = dispatcher.hold()
      calls = []
      const answered = command('whoami')
      await settled()
      await clock.advance(ms)
      release()
      await answered
      await clock.advance(10_000)
      expect(said().map(one => one.replace('ephemeral C1 ', ''))).toEqual(expected)
    }
  })
})

describe('a request that comes again', () => {
  test('is acknowledged and not run for an hour', async () => {
    await command('status', { trigger_id: 'same' })
    await clock.advance(HOUR - 1)
    await command('whoami')
    expect(await command('status', { trigger_id: 'same' })).toEqual([undefined])
    expect(lines()).toEqual(['status', 'whoami'])
    await clock.advance(1)
    await command('status', { trigger_id: 'same' })
    expect(lines()).toEqual(['status', 'whoami', 'status'])
  })

  test('is told by the id of its event, and one without any id is always run', async () => {
    await mention({}, { event_id: 'same' })
    await mention({}, { event_id: 'same' })
    expect(lines()).toHaveLength(1)
    await command('status', { trigger_id: '' })
    await command('status', { trigger_id: '' })
    expect(lines()).toHaveLength(3)
  })
})

describe('a mention', () => {
  /** The mention as the dispatcher gets it. */
  const mentioned = async (more: object, body = {}) => {
    const seen: Mention[] = []
    dispatcher.dispatcher.answerMention = async (request, by) => {
      seen.push(request)
      return { ok: true, card: { title: by.name, tone: 'plain' }, result: null, private: false, quiet: false }
    }
    await mention(more, body)
    return seen
  }

  test('in the channel is about nothing else; in a thread it is about its first message', async () => {
    expect(await mentioned({})).toMatchObject([{ channels: ['slack:C1'], under: [], thread: null }])
    expect(calls.at(-1)).not.toHaveProperty('thread_ts')
    const [inThread] = await mentioned({ thread_ts: '3.3' })
    expect(inThread).toMatchObject({ under: ['3.3'], thread: { id: '3.3', ref: '3.3' } })
    expect(calls.at(-1)).toMatchObject({ thread_ts: '3.3' })
  })

  test.each([
    ['<@B1> and <@U2>', { authorizations: [{ user_id: 'B1' }] }, 'and @U2'],
    ['<@U2> and <@B1|vakt> or <@B1>', { authorizations: [{ user_id: 'B1' }] }, '@U2 and   or'],
    ['<@B1|vakt> and <@U2>', {}, 'and @U2'],
  ])('%s has the text without the name of the bot', async (text, body, rest) => {
    const [request] = await mentioned({ text }, body)
    expect(request!.text.trim()).toBe(rest)
  })

  test.each([
    [{ bot_id: 'B9' }, 0, ''],
    [{ user: undefined }, 0, ''],
    [{ user_team: 'OTHER', team: 'T1' }, 0, 'You belong to another'],
    [{ team: 'OTHER' }, 0, 'You belong to another'],
    [{ user_team: 'T1', team: 'OTHER' }, 1, 'U1'],
  ])('with %j is answered %i times', async (more, times, answer) => {
    expect(await mentioned(more)).toHaveLength(times)
    expect(said()).toHaveLength(answer === '' ? 0 : 1)
    expect(said().join()).toContain(answer)
  })
})

test('a mention whose answer is quiet is not answered', async () => {
  dispatcher.dispatcher.answerMention = async () => {
    return { ok: true, card: { title: 'x', tone: 'plain' }, result: null, private: false, quiet: true }
  }
  await mention({})
  expect(said()).toEqual([])
})

describe('the Home tab', () => {
  test('is shown to whoever opens it, not who opens the messages', async () => {
    await event({ type: 'app_home_opened', user: 'U1', tab: 'messages', channel: 'D1' })
    expect(calls).toEqual([])
    await event({ type: 'app_home_opened', user: 'U1', tab: 'home', channel: 'D1' })
    expect(calls.map(({ method }) => method)).toEqual(['members', 'home'])
    expect(lines()).toEqual(['board now'])
  })

  test('answers a press by a direct message and shows the board again; who is in no alert channel is refused', async () => {
    const home = { channel: undefined, container: { type: 'view' } }
    await press({ action_id: 'run:0.v1', value: 'whoami' }, home)
    expect(said()).toEqual(['message D1 kari member'])
    expect(lines()).toEqual(['whoami', 'board now'])
    expect(calls.some(({ method }) => method === 'home')).toBe(true)
    expect(dispatcher.ran[0]!.by.channel).toBeUndefined()
    await press({ action_id: 'run:0.v1', value: 'whoami' }, { ...home, user: { id: 'U9' } })
    expect(said().at(-1)).toContain('Ask in #ops')
    expect(lines().filter(line => line === 'whoami')).toHaveLength(1)
  })
})

describe('a press', () => {
  test('runs its line; the answer of a quiet command is not sent, that of any other is', async () => {
    expect(await press({ action_id: 'run:0.v1', value: 'ack 7' })).toEqual([undefined])
    expect(said()).toEqual([])
    await press({ action_id: 'run:0.v1', value: 'dance' })
    await command('ack 7')
    expect(lines()).toEqual(['ack 7', 'dance', 'ack 7'])
    expect(said()).toHaveLength(2)
  })

  test.each([
    [{ id: 'U1', username: 'kari', name: 'Kari' }, 'Kari member'],
    [{ id: 'U1', username: 'kari' }, 'kari member'],
    [{ id: 'U1' }, 'U1 member'],
    [{ id: 'U1', team_id: 'OTHER' }, 'You belong to another'],
  ])('of %j is answered', async (user, answer) => {
    await press({ action_id: 'run:0.v1', value: 'whoami' }, { user })
    expect(said().join()).toContain(answer)
  })

  test('in a thread is answered there', async () => {
    await press({ action_id: 'run:0', value: 'whoami' }, { container: { message_ts: '5.5', thread_ts: '3.3' } })
    expect(calls.at(-1)).toMatchObject({ thread_ts: '3.3' })
  })

  test('of a chosen option runs the line of the option; of a link, or of no option, nothing', async () => {
    await press({ type: 'static_select', action_id: 'menu:0.v1', selected_option: { value: 'whoami' } })
    await press({ type: 'overflow', action_id: 'menu:1.v1' })
    await press({ action_id: 'url:0', value: 'whoami' })
    expect(lines()).toEqual(['whoami'])
  })

  test('on a button of another Vakt is answered with whose it is', async () => {
    const asked: unknown[] = []
    dispatcher.dispatcher.pressRefusal = (line, origin) => {
      asked.push(line, origin)
      const problem = new Problem('not_found', 'Of another Vakt.')
      return { ok: false, problem, private: true, card: { title: problem.message, tone: 'warning' } }
    }
    await press({ action_id: 'run:0.v2', value: 'ack 7' }, { container: { message_ts: '5.5', thread_ts: '3.3' } })
    await press({ action_id: 'run:0', value: 'ack 7' })
    expect(asked).toEqual([
      ...['ack 7', { instance: 'v2', channels: ['slack:C1'], refs: ['5.5', '3.3'] }],
      ...['ack 7', { instance: null, channels: ['slack:C1'], refs: ['5.5'] }],
    ])
    expect(said()).toEqual(['ephemeral C1 🟠 Of another Vakt.', 'ephemeral C1 🟠 Of another Vakt.'])
    expect(lines()).toEqual([])
  })
})

describe('a form', () => {
  const ask = (more = {}) => press({ action_id: 'ask:0.v1:note', value: 'ack 7' }, more)
  const submit = (values: object, view: { private_metadata?: string } = {}) => {
    const opened = calls.find(({ method }) => method === 'form')?.view as { private_metadata: string } | undefined
    return receive({
      ...{ type: 'view_submission', team: { id: 'T1' }, user: { id: 'U1', name: 'kari' }, trigger_id: `t${trigger++}` },
      view: { type: 'modal', callback_id: 'vakt_form', state: { values }, ...opened, ...view },
    })
  }
  const note = (value: string) => ({ note: { note: { type: 'plain_text_input', value } } })

  test('that is filled in runs the whole line, and its answer goes to where the button was', async () => {
    await ask({ container: { message_ts: '5.5', thread_ts: '3.3' } })
    expect(lines()).toEqual([])
    expect(await submit(note('disk full'))).toEqual([undefined])
    expect(lines()).toEqual(['ack 7 --note="disk full"'])
    expect(calls.at(-1)).toMatchObject({ method: 'ephemeral', channel: 'C1', user: 'U1', thread_ts: '3.3' })
  })

  test('shows what is wrong beside its field, and sends no answer', async () => {
    await ask()
    const errors = { note: 'must have at least 4 characters' }
    expect(await submit(note('eh'))).toEqual([{ response_action: 'errors', errors }])
    expect(said()).toEqual([])
  })

  test.each<[string, Problem, unknown]>([
    [
      'a field of the form',
      new Problem('invalid', 'x', { fields: { note: 'too short', mood: 'odd' } }),
      { note: 'too short' },
    ],
    ['a field that is not in it', new Problem('invalid', 'Wrong.', { fields: { mood: 'odd' } }), { note: 'Wrong.' }],
    ['the input as a whole', new Problem('invalid', 'Wrong.'), { note: 'Wrong.' }],
    ['something else', new Problem('not_found', 'No alert 7.'), null],
  ])('with a problem of %s', async (_what, problem, errors) => {
    await ask()
    dispatcher.dispatcher.run = async () => ({
      ok: false,
      problem,
      private: true,
      card: { title: 'x', tone: 'warning' },
    })
    const acks = await submit(note('disk full'))
    expect(acks).toEqual([errors === null ? undefined : { response_action: 'errors', errors }])
    expect(said()).toHaveLength(errors === null ? 1 : 0)
  })

  test('whose command takes two seconds is closed, and answered later', async () => {
    await ask()
    for (const [ms, isClosed] of [
      [1_999, false],
      [2_000, true],
    ] as const) {
      const release = dispatcher.hold()
      const done = submit(note('eh'))
      await settled()
      await clock.advance(ms)
      release()
      expect(await done).toEqual([isClosed ? undefined : expect.objectContaining({ response_action: 'errors' })])
    }
  })

  test('whose command is quiet is only closed', async () => {
    await ask()
    expect(await submit({ mood: { mood: { type: 'static_select', selected_option: { value: 'calm' } } } })).toEqual([
      undefined,
    ])
    expect(lines()).toEqual(['ack 7 --mood=calm'])
    expect(said()).toEqual([])
  })

  test('of a button of another Vakt runs nothing', async () => {
    await ask()
    const problem = new Problem('not_found', 'Of another Vakt.')
    dispatcher.dispatcher.pressRefusal = () => {
      return { ok: false, problem, private: true, card: { title: problem.message, tone: 'warning' } }
    }
    await submit(note('disk full'))
    expect(lines()).toEqual([])
    expect(said()).toEqual(['ephemeral C1 🟠 Of another Vakt.'])
  })

  test('is not opened outside of the channels, nor where there is nothing to ask', async () => {
    await ask({ channel: { id: 'C2' } })
    expect(said()).toEqual(['ephemeral C2 🟠 Ask in #ops: elsewhere Vakt answers only workspace admins.'])
    await press({ action_id: 'ask:0.v1:nothing', value: 'whoami' })
    expect(calls.some(({ method }) => method === 'form')).toBe(false)
    expect(lines()).toEqual(['whoami'])
  })

  test('that cannot be opened is answered with the line to type', async () => {
    failing.add('form')
    await ask()
    expect(said().join()).toContain('/vakt ack 7')
  })

  test('that another app stored runs nothing', async () => {
    await submit(note('disk full'), { private_metadata: '{"line":"ack 7"}' })
    expect(lines()).toEqual([])
  })
})

test('suggestions are given to people of the own workspace, for arguments of the form', async () => {
  const suggest = (name: string, more = {}) =>
    receive({
      ...{ type: 'block_suggestion', team: { id: 'T1' }, action_id: name, block_id: name, value: 'api' },
      ...{ user: { id: 'U1', name: 'kari' }, view: { private_metadata: '{"line":"ack 7","channel":"C1"}' }, ...more },
    })
  const values = ([ack]: unknown[]) => (ack as { options: { value: string }[] }).options.map(({ value }) => value)
  expect(values(await suggest('host'))).toEqual(['api-1', 'api-2', 'api'])
  expect(values(await suggest('host', { user: { id: 'U1', name: 'kari', team_id: 'OTHER' } }))).toEqual(['api'])
  expect(values(await suggest('nothing'))).toEqual(['api'])
  expect(values(await suggest('host', { view: undefined }))).toEqual(['api'])
})

describe('the shortcut at a message', () => {
  const shortcut = (more: object) =>
    receive({
      ...{ callback_id: 'vakt_logs_around', team: { id: 'T1' }, trigger_id: `t${trigger++}`, channel: { id: 'C1' } },
      ...{ user: { id: 'U1', name: 'kari' }, message: { ts: '1800000000.5' }, ...more },
    })
  test('searches five minutes around it', async () => {
    await shortcut({ type: 'message_action' })
    expect(lines()).toEqual(['logs search since:2027-01-15T07:55:00Z until:2027-01-15T08:05:00Z'])
  })
  test('is no shortcut elsewhere', async () => {
    expect(await shortcut({ type: 'shortcut' })).toEqual([undefined])
    expect(lines()).toEqual([])
  })
})
