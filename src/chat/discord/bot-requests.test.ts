// Interactions of Discord as they come, without a connection: what becomes a command, and which requests answer it.
import { DiscordAPIError, MessageType, SnowflakeUtil } from 'discord.js'
import { beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { settled } from '../../testing/fake-clock.ts'
import type { CommandDispatcher, Mention, PressOrigin, Reply, Requester } from '../channel.ts'
import { answerInteraction, type BotParts, replyTo } from './bot.ts'
import { commands } from './dispatcher.testing.ts'
import { formFor, readForm } from './forms.ts'
import { createGateway, nextIdentify } from './gateway.ts'
import { answerMention, isMention } from './mentions.ts'
import { isStale, requesterOf, whyNotHere } from './requester.ts'

const NOW = 1_800_000_000_000
const DONE: Reply = { ok: true, card: { title: 'Done', tone: 'plain' }, result: null, private: true, quiet: false }
const problem = (title: string): Reply => {
  const found = new Problem('not_found', title)
  return { ok: false, problem: found, private: true, card: { title, tone: 'warning' } }
}

type Call = {
  auth?: boolean
  method: string
  path: string
  body?: { type?: number; data?: Record<string, unknown>; [name: string]: unknown }
}
let calls: Call[]
let failing: (call: Call) => unknown
let ran: { request: object; by: Requester }[]
let asked: [string, PressOrigin][]
let reply: Reply
let gate: Promise<void>
let parts: BotParts
let dispatcher: CommandDispatcher

beforeEach(() => {
  calls = []
  failing = () => null
  ran = []
  asked = []
  reply = DONE
  gate = Promise.resolve()
  const api =
    (method: string) =>
    async (path: string, options: { body?: object; auth?: boolean } = {}) => {
      const call = { method, path, auth: options.auth, ...(options.body && { body: options.body }) } as Call
      calls.push(call)
      const error = failing(call)
      if (error) throw error
      return method === 'get' ? answers[path] : {}
    }
  dispatcher = {
    commands: commands as never,
    async run(request, by) {
      ran.push({ request, by })
      await gate
      return reply
    },
    isPrivate: () => isPrivate,
    complete: (_argument, typed) => choices.filter(({ name }) => name.includes(typed)),
    pressRefusal(line, origin) {
      asked.push([line, origin])
      return refusal
    },
    refusalFor: () => null,
    fillForm: (line, values) => `${line} ${JSON.stringify(values)}`,
    form: (line, ask) =>
      line.startsWith('ack')
        ? ({ command: { summary: 'Take' }, arguments: ask.map(name => ({ name })) } as never)
        : null,
    async answerMention(mention, by) {
      mentioned.push([mention, by])
      return reply
    },
  }
  isPrivate = true
  choices = []
  refusal = null
  mentioned = []
  answers = {}
  parts = {
    ...{
      dispatcher,
      logger: silentLogger,
      now: () => NOW,
      instance: 'vakt1',
      timeZone: 'UTC',
      deferAfterMs: 5,
      foreignAnswerAfterMs: 1,
    },
    rest: { post: api('post'), patch: api('patch'), delete: api('delete'), get: api('get') } as never,
    home: () => ({ guildId: '1', channelId: '10', others: new Set(['11']) }),
  }
})
let isPrivate: boolean
let choices: { name: string; value: string }[]
let refusal: Reply | null
let mentioned: [Mention, Requester][]
let answers: Record<string, unknown>

const idAt = (at: number) => String(SnowflakeUtil.generate({ timestamp: at }))
const member = { user: { id: '5', username: 'kim' }, roles: ['77'], permissions: '0' }
const comes = (more: object) =>
  answerInteraction(parts, {
    ...{ id: idAt(NOW), token: 'token', application_id: 'app', guild_id: '1', channel: { id: '10' }, member, ...more },
  } as never)
const slash = (name: string, options: object[] = [], more = {}) => comes({ type: 2, data: { name, options }, ...more })
const press = (custom_id: string, more: object = {}) => comes({ type: 3, data: { custom_id }, ...more })
/** Does `work`, whose command ends only once its reply was deferred, and `restMs` later. */
async function whileSlow(work: () => Promise<void>, restMs = 0) {
  let release = () => {}
  gate = new Promise(resolve => {
    release = resolve
  })
  const deferrals = () => calls.filter(({ body }) => body?.type === 5).length
  const before = deferrals()
  const done = work()
  while (deferrals() === before) await new Promise(resolve => setTimeout(resolve, 1))
  await new Promise(resolve => setTimeout(resolve, restMs))
  release()
  await done
}
/** What answered: the type of each callback, or the request; with the heading that people see. */
const shown = () =>
  calls.map(({ method, path, body }) => {
    const isCallback = path.endsWith('/callback')
    const data = isCallback ? body?.data : body
    const heading = /"content":"(?:### )?([^"\\]*)/.exec(JSON.stringify(data ?? {}))?.[1] ?? ''
    const flags = Number(data?.flags ?? 0) & 64 ? ' private' : ''
    return `${isCallback ? body!.type : `${method} ${path.split('/').slice(-2).join('/')}`} ${heading}${flags}`
      .replace(/ +/g, ' ')
      .trim()
  })

describe('a command', () => {
  test('is run as what it was made from, and answered as privately as it says', async () => {
    await slash('checks', [{ type: 1, name: 'list', options: [] }])
    expect(ran[0]).toMatchObject({
      request: { command: 'checks list', args: {} },
      by: { name: 'kim', channel: 'discord:10' },
    })
    reply = { ...DONE, private: false }
    await slash('status')
    expect(shown()).toEqual(['4 Done private', '4 Done'])
  })

  test('that comes late and takes long is deferred once, and no answer shows the token of the bot', async () => {
    await whileSlow(() => slash('status', [], { id: idAt(NOW - 5_000) }), 20)
    isPrivate = false
    await whileSlow(() => slash('status'))
    reply = { ...DONE, quiet: true }
    await whileSlow(() => press('0||ack 1', { message: { id: '500' } }))
    expect(shown()).toEqual([
      ...['5 private', 'patch messages/@original Done'],
      ...['5', 'delete messages/@original', 'post app/token Done private'],
      ...['5', 'delete messages/@original'],
    ])
    expect(calls.map(({ auth }) => auth)).toEqual(calls.map(() => false))
  })

  test('that Vakt does not have any more is explained', async () => {
    await slash('dance')
    expect(shown()).toEqual(['4 ⚪ Vakt no longer has this command. private'])
    expect(ran).toEqual([])
  })

  test.each([
    ['another server', { guild_id: '2' }, 'its own server'],
    ['another channel', { channel: { id: '12' } }, 'its own channel'],
    ['a direct message', { member: undefined }, 'its own server'],
  ])('in %s is refused', async (_where, more, sentence) => {
    await slash('status', [], more)
    expect(shown()[0]).toMatch(new RegExp(`^4 .*${sentence}.* private$`))
    expect(ran).toEqual([])
  })

  test.each([[{ id: '11' }], [{ id: '12', parent_id: '11' }], [{ id: '12', parent_id: '10' }]])(
    'in the channel %j is taken',
    async channel => {
      await slash('status', [], { channel })
      expect(ran).toHaveLength(1)
    },
  )

  test('that takes long is deferred first, and its answer takes the place of that', async () => {
    const slow = async (privately: boolean, answersPrivately: boolean) => {
      calls = []
      isPrivate = privately
      reply = { ...DONE, private: answersPrivately }
      await whileSlow(() => slash('status'))
      return shown()
    }
    expect(await slow(true, true)).toEqual(['5 private', 'patch messages/@original Done'])
    expect(await slow(false, false)).toEqual(['5', 'patch messages/@original Done'])
    expect(await slow(true, false)).toEqual(['5 private', 'patch messages/@original Done'])
    expect(await slow(false, true)).toEqual(['5', 'delete messages/@original', 'post app/token Done private'])
  })

  test('whose deferral Discord refuses is answered all the same', async () => {
    failing = ({ body }) => (body?.type === 5 ? new Error('no') : null)
    await whileSlow(() => slash('status'))
    expect(shown()).toEqual(['5 private', '4 Done private'])
  })

  test.each([
    [-2_000, false],
    [-2_001, true],
    [2_000, false],
    [2_001, true],
  ])('whose id is %i ms from now is acknowledged before it runs: %s', async (ms, isFirst) => {
    expect(isStale({ id: idAt(NOW + ms) }, NOW)).toBe(isFirst)
    await slash('status', [], { id: idAt(NOW + ms) })
    expect(calls[0]!.body!.type).toBe(isFirst ? 5 : 4)
    failing = ({ body }) => (body?.type === 5 ? new Error('gone') : null)
    await slash('status', [], { id: idAt(NOW + ms) })
    expect(ran).toHaveLength(isFirst ? 1 : 2)
  })
})

describe('a press', () => {
  const onCard = { message: { id: '500' } }
  const onReply = { message: { id: '500', interaction_metadata: {} } }

  test('runs its line; of a quiet one on an alert nothing is left, elsewhere it is answered', async () => {
    reply = { ...DONE, quiet: true }
    await press('0.vakt1||ack 1', onCard)
    await press('0.vakt1||ack 1', onReply)
    reply = DONE
    await press('0.vakt1||ack 1', onCard)
    expect(shown()).toEqual(['6', '4 Done private', '4 Done private'])
    expect(ran.map(({ request }) => request)).toEqual([{ line: 'ack 1' }, { line: 'ack 1' }, { line: 'ack 1' }])
  })

  test('of a quiet command that was deferred takes the deferral away', async () => {
    reply = { ...DONE, quiet: true }
    await whileSlow(() => press('0||ack 1', onCard))
    expect(shown()).toEqual(['5 private', 'delete messages/@original'])
  })

  test('of a refused command is answered, although it is quiet', async () => {
    reply = problem('No.')
    await press('0||ack 1', onCard)
    expect(shown()).toEqual(['4 🟠 No. private'])
  })

  test('on a menu runs the chosen line', async () => {
    await comes({ type: 3, data: { custom_id: 'menu|m', values: ['o1.vakt1||status'] } })
    await comes({ type: 3, data: { custom_id: 'menu|m', values: [] } })
    expect(ran.map(({ request }) => request)).toEqual([{ line: 'status' }])
    expect(shown().at(-1)).toContain('Vakt no longer has this command.')
  })

  test('says where its button is, and whose it is', async () => {
    await press('0.vakt1||ack 1', {
      ...{ channel: { id: '12', parent_id: '10' }, message: { id: '500', message_reference: { message_id: '400' } } },
    })
    await press('0||~lost', {})
    expect(asked).toEqual([
      ['ack 1', { instance: 'vakt1', channels: ['discord:12', 'discord:10'], refs: ['500', '400', '12'] }],
      ['', { instance: null, channels: ['discord:10'], refs: ['10'] }],
    ])
    expect(shown().at(-1)).toBe('4 ⚪ This button is from before the last restart of Vakt. private')
  })

  test('on a button of another Vakt is answered with whose it is, unless that Vakt was faster', async () => {
    refusal = problem('Of another Vakt.')
    await press('0.vakt2||ack 1', onCard)
    expect(shown()).toEqual(['4 🟠 Of another Vakt. private'])
    failing = () => new Error('taken')
    await press('0.vakt2||ack 1', onCard)
    expect(ran).toEqual([])
  })

  test('that asks for arguments opens a form, whose entries complete the line', async () => {
    await press('0.vakt1|note|ack 1', onCard)
    expect(calls[0]!.body).toMatchObject({ type: 9, data: { custom_id: '0.vakt1|note|ack 1', title: 'Take' } })
    const components = [{ component: { custom_id: 'note', value: 'x' } }]
    await comes({ type: 5, data: { custom_id: '0.vakt1|note|ack 1', components }, ...onCard })
    expect(ran.map(({ request }) => request)).toEqual([{ line: 'ack 1 {"note":"x"}' }])
    await press('0.vakt1|note|dance', onCard)
    expect(ran.at(-1)!.request).toEqual({ line: 'dance' })
  })

  test('whose form would be filled in for nothing is refused before', async () => {
    dispatcher.refusalFor = () => problem('You may not.')
    await press('0.vakt1|note|ack 1', onCard)
    expect(shown()).toEqual(['4 🟠 You may not. private'])
  })

  test('of what is no button of Vakt, or a kind that it does not know, runs nothing', async () => {
    await press('other', onCard)
    expect(shown()).toEqual(['4 ⚪ Vakt no longer has this command. private'])
    await comes({ type: 1, data: {} })
    expect(calls).toHaveLength(1)
    expect(ran).toEqual([])
  })
})

describe('suggestions', () => {
  const type = async (value: string, more = {}, name = 'name') => {
    calls = []
    const options = [{ type: 1, name: 'add', options: [{ type: 3, name, value, focused: true }] }]
    await comes({ type: 4, data: { name: 'checks', options }, ...more })
    return calls[0]!.body!.data!.choices as { name: string; value: string }[]
  }
  test('are those that Discord can take, 25 at most, named by their value where they have no name', async () => {
    choices = [
      { name: 'x empty', value: '' },
      { name: 'x long', value: 'v'.repeat(101) },
      { name: `x${'n'.repeat(120)}`, value: 'v'.repeat(100) },
      ...Array.from({ length: 30 }, (_, i) => ({ name: `x ${i}`, value: `${i}` })),
    ]
    const found = await type('x')
    expect(found).toHaveLength(25)
    expect(found[0]).toEqual({ name: `x${'n'.repeat(99)}`, value: 'v'.repeat(100) })
    choices = [{ name: ' ', value: 'v' }]
    expect(await type(' ')).toEqual([{ name: 'v', value: 'v' }])
  })

  test('are none for strangers, none without a field, and none where they fail', async () => {
    choices = [{ name: 'x', value: 'x' }]
    expect(await type('x', { guild_id: '2' })).toEqual([])
    expect(await type('x', {}, 'unknown')).toEqual([])
    dispatcher.complete = () => {
      throw new Error('broken')
    }
    expect(await type('x')).toEqual([])
  })
})

test('a card that Discord cannot take as components is shown in the older form; any other failure is one', async () => {
  const refused = (status: number, code: number) =>
    new DiscordAPIError({ code, message: 'Invalid Form Body' } as never, code, status, 'POST', 'x', {
      files: [],
      body: {},
    })
  let isFirst = true
  failing = () => {
    const error = isFirst ? refused(400, 50_035) : null
    isFirst = false
    return error
  }
  const answer = replyTo(parts.rest, { id: '1', token: 't', application_id: 'a' })
  await answer.show({ title: 'Done', tone: 'plain' }, true)
  expect(calls).toHaveLength(2)
  failing = () => refused(403, 50_001)
  await expect(answer.show({ title: 'Done', tone: 'plain' }, true)).rejects.toThrow('Invalid Form Body')
  expect(calls).toHaveLength(3)
})

describe('a message', () => {
  const message = (more: object = {}) =>
    ({
      ...{ id: '900', channel_id: '10', guild_id: '1', type: MessageType.Default, content: '<@42> what is wrong' },
      ...{ author: { id: '5', username: 'kim' }, member: { roles: ['77'] }, ...more },
    }) as never

  test.each<[string, object, boolean]>([
    ['that mentions the bot', {}, true],
    ['that mentions it by its nick', { content: 'hi <@!42>' }, true],
    ['that mentions somebody else', { content: '<@43>' }, false],
    ['that is a reply', { type: MessageType.Reply }, true],
    ['about a pin', { type: MessageType.ChannelPinnedMessage }, false],
    ['of a bot', { author: { id: '6', bot: true } }, false],
    ['of a webhook', { webhook_id: '7' }, false],
    ['of nobody on the server', { member: undefined }, false],
  ])('%s is a question: %s', (_what, more, expected) => {
    expect(isMention(message(more), '42')).toBe(expected)
    expect(isMention(message({ ...more, content: '<@>' }), '')).toBe(false)
  })

  const ask = (more: object = {}) => answerMention(parts, message(more), '42')

  test('is answered under itself, unless the answer is quiet or the server another', async () => {
    await ask()
    expect(mentioned[0]![0]).toEqual({ channels: ['discord:10'], under: [], text: '  what is wrong', thread: null })
    expect(mentioned[0]![1]).toMatchObject({ id: '5', name: 'kim', admin: false, groups: ['77'], interactive: true })
    expect(calls.map(({ path }) => path)).toEqual(['/channels/10/messages'])
    expect(calls[0]!.body).toMatchObject({ message_reference: { message_id: '900', fail_if_not_exists: false } })
    reply = { ...DONE, quiet: true }
    await ask()
    await ask({ guild_id: '2' })
    expect(calls).toHaveLength(1)
    expect(mentioned).toHaveLength(2)
    reply = problem('No.')
    await ask()
    expect(calls).toHaveLength(2)
    parts.home = () => ({ guildId: null, channelId: '10', others: new Set() })
    await ask({ guild_id: '2' })
    expect(mentioned).toHaveLength(4)
  })

  test('is about what it replies to, and what that replied to', async () => {
    await ask({
      message_reference: { message_id: '800' },
      referenced_message: { message_reference: { message_id: '700' } },
    })
    expect(mentioned[0]![0].under).toEqual(['800', '700'])
    await ask({ channel_id: '11', message_reference: { message_id: '800' }, referenced_message: {} })
    expect(mentioned[1]![0]).toMatchObject({ channels: ['discord:11'], under: ['800'] })
  })

  test('in a thread is about the message that the thread was begun at, and about what that answered', async () => {
    const thread = { channels: ['discord:10', 'discord:11'], thread: { id: '600', ref: '900' } }
    await ask({ channel_id: '600' })
    expect(mentioned[0]![0]).toMatchObject({ ...thread, under: ['600'] })
    expect(calls.map(({ path }) => path).slice(0, 2)).toEqual([
      '/channels/10/messages/600',
      '/channels/11/messages/600',
    ])
    answers = { '/channels/11/messages/600': { message_reference: { message_id: '500' } } }
    await ask({ channel_id: '600' })
    expect(mentioned[1]![0]).toMatchObject({ ...thread, under: ['600', '500'] })
    calls = []
    answers = { '/channels/10/messages/600': {}, ...answers }
    await ask({ channel_id: '600' })
    expect(mentioned[2]![0].under).toEqual(['600'])
    expect(calls.filter(({ method }) => method === 'get')).toHaveLength(1)
    failing = ({ method }) => (method === 'get' ? new Error('no') : null)
    await ask({ channel_id: '600' })
    expect(mentioned[3]![0].under).toEqual(['600'])
  })

  test.each([
    [{ member: { nick: 'Kim', roles: [] }, author: { id: '5', global_name: 'K', username: 'kim' } }, 'Kim'],
    [{ author: { id: '5', global_name: 'K', username: 'kim' } }, 'K'],
  ])('of %j is asked by %s', async (more, name) => {
    await ask(more)
    expect(mentioned[0]![1].name).toBe(name)
  })

  test('whose answer cannot be sent ends nothing', async () => {
    failing = () => new Error('no')
    await ask()
    expect(mentioned).toHaveLength(1)
  })
})

test.each([
  [{ nick: 'Kim', user: { id: '5', global_name: 'K', username: 'kim' } }, 'Kim'],
  [{ nick: null, user: { id: '5', global_name: 'K', username: 'kim' } }, 'K'],
  [{ user: { id: '5', global_name: null, username: 'kim' } }, 'kim'],
])('the person %j is called %s', (own, name) => {
  const by = requesterOf({ member: { ...member, ...own } } as never)
  expect(by?.name).toBe(name)
  expect(by).not.toHaveProperty('channel')
})

test('where the server is not known, a channel that was added is home too', () => {
  const by = { ...member, permissions: '8' }
  const at = (channel: object) =>
    whyNotHere({ guild_id: '9', channel, member: by } as never, requesterOf({ member: by } as never), {
      ...{ guildId: null, channelId: '10', others: new Set(['11']) },
    })
  expect([at({ id: '11' }), at({ id: '12', parent_id: '11' }), at({ id: '12', parent_id: null })]).toEqual([
    ...[null, null, 'Vakt answers only in its own server.'],
  ])
})

describe('a form', () => {
  const field = (more: object) => {
    const form = formFor('id', { summary: 'S' }, [{ name: 'note', kind: 'text', summary: '', ...more } as never])
    return (form as { components: { label: string; component: object }[] }).components[0]!
  }
  test.each<[object, object]>([
    [
      { maxLength: 200, required: true },
      { style: 1, max_length: 200, required: true },
    ],
    [{ maxLength: 201 }, { style: 2, max_length: 201 }],
    [{ kind: 'number', maxLength: 201 }, { style: 1 }],
    [{}, { style: 1, max_length: 4_000 }],
    [{ maxLength: 5_000 }, { max_length: 4_000 }],
    [{ maxLength: 0 }, { max_length: 1 }],
    [{ choices: ['a', 'b'] }, { placeholder: 'One of: a, b' }],
  ])('field of %j is %j', (argument, expected) => expect(field(argument).component).toMatchObject(expected))

  test('has a label and a description where there is one, five fields, and a title', () => {
    expect(field({ name: 'remind-every', summary: 'How often' })).toMatchObject({
      label: 'Remind every',
      description: 'How often',
    })
    expect(field({})).not.toHaveProperty('description')
    expect(field({}).component).not.toHaveProperty('placeholder')
    const args = Array.from({ length: 6 }, (_, i) => ({ name: `a${i}`, kind: 'text', summary: '' }) as never)
    expect(formFor('id', { summary: ' ' }, args)).toMatchObject({ title: 'Vakt', components: { length: 5 } })
  })

  test('is read in both ways of writing it, without what is empty', () => {
    const input = (custom_id: string, value: unknown) => ({ custom_id, value })
    expect(
      readForm([
        { component: input('a', 'x') },
        { components: [input('b', 'y'), input('c', ' ')] },
        { component: input('d', null) },
        {},
      ]),
    ).toEqual({ a: 'x', b: 'y' })
  })
})

test('the next login comes 5 s after the last, a minute after a hundred in a day, and 5 min after four hundred', () => {
  const day = 86_400_000
  const at = (count: number, now = 1_000) => nextIdentify(new Array(count).fill(1_000), now) - 1_000
  expect([at(0), at(1), at(99), at(100), at(399), at(400)]).toEqual([0, 5_000, 5_000, 60_000, 60_000, 300_000])
  expect(at(1, 5_999)).toBe(5_000)
  expect(at(1, 7_000)).toBe(6_000)
  // What is a day old does not count.
  expect(nextIdentify([...new Array(99).fill(0), day - 1], day - 1)).toBe(day - 1 + 60_000)
  expect(nextIdentify([...new Array(99).fill(0), day], day)).toBe(day + 5_000)
})

test('a gateway that was never started is connecting, and stops', async () => {
  const clock = { now: () => NOW, at: () => () => {} }
  const gateway = createGateway({
    ...{ token: 't', apiUrl: 'http://127.0.0.1:1', clock, logger: silentLogger },
    ...{ onInteraction() {}, onMessage() {}, onReady() {} },
  })
  expect(gateway.status()).toEqual({ state: 'connecting', since: NOW })
  await gateway.stop()
  gateway.start()
  await settled()
  expect(gateway.status().state).toBe('connecting')
})
