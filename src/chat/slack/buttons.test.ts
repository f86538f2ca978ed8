// Buttons, menus and fields of forms as Slack takes them, at the edges of its limits; and where replies go.
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Button } from '../../card.ts'
import { silentLogger } from '../../logger.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import type { Reply } from '../channel.ts'
import { plain, readInstance, readPress, toActions, toMenu, toRowElement } from './buttons.ts'
import { readEntries, readState, toModal, toOptions } from './forms.ts'
import { createNewerBlocks, FORGETFUL } from './newer-blocks.ts'
import { createReplier, type Origin } from './replies.ts'

const button = (more: Partial<Button> = {}): Button => ({ label: 'Run', line: 'status', ...more })
const one = (more: Partial<Button>, instance?: string) => toActions([button(more)], instance)[0]?.elements[0]

describe('a button', () => {
  it.each<[Partial<Button>, string | undefined, object | undefined]>([
    [{}, undefined, { action_id: 'run:0', value: 'status', text: { text: 'Run', emoji: false } }],
    [{}, 'v1', { action_id: 'run:0.v1' }],
    [{ ask: ['note', 'host'] }, 'v1', { action_id: 'ask:0.v1:note,host' }],
    [{ ask: [] }, undefined, { action_id: 'run:0' }],
    [{ line: '' }, undefined, undefined],
    [{ line: 'x'.repeat(2_000) }, undefined, { value: 'x'.repeat(2_000) }],
    [{ line: 'x'.repeat(2_001) }, undefined, undefined],
    [{ line: '', url: 'https://x' }, 'v1', { action_id: 'url:0', url: 'https://x' }],
    [{ url: `https://${'x'.repeat(2_992)}` }, undefined, { action_id: 'url:0' }],
    [{ url: `https://${'x'.repeat(2_993)}` }, undefined, undefined],
    [{ tone: 'primary' }, undefined, { style: 'primary' }],
    [
      { tone: 'danger', line: 'hosts rm' },
      undefined,
      { style: 'danger', confirm: { text: { text: 'This runs: hosts rm' } } },
    ],
  ])('%j of %s is %j', (more, instance, expected) => {
    if (expected === undefined) expect(one(more, instance)).toBeUndefined()
    else expect(one(more, instance)).toMatchObject(expected)
  })

  it('asks again only where it is dangerous, opens no form, and was not confirmed on the card', () => {
    for (const more of [
      {},
      { tone: 'danger', ask: ['note'] },
      { tone: 'danger', line: 'hosts rm --yes' },
    ] as Partial<Button>[])
      expect(one(more)).not.toHaveProperty('confirm')
    expect(one({ tone: 'danger', line: 'rm --yesterday' })).toHaveProperty('confirm')
    expect(one({})).not.toHaveProperty('style')
  })

  it('stands with 24 others in a block', () => {
    const blocks = toActions(Array.from({ length: 26 }, () => button()))
    expect(blocks.map(({ elements }) => elements.length)).toEqual([25, 1])
    expect(blocks[1]!.elements[0]).toMatchObject({ action_id: 'run:25' })
  })

  it.each([
    ['run:0', 'status', { line: 'status', ask: [] }],
    ['run:0.v1', 'status', { line: 'status', ask: [] }],
    ['ask:0.v1:note,host', 'ack 1', { line: 'ack 1', ask: ['note', 'host'] }],
    ['ask:0', 'ack 1', { line: 'ack 1', ask: [] }],
    ['url:0', 'status', null],
    ['run:0', undefined, null],
  ])('%s with %s is the press %j', (id, value, press) => expect(readPress(id, value)).toEqual(press))

  it.each([
    ['run:0.v1', 'v1'],
    ['ask:12.v1:note', 'v1'],
    ['run:0', null],
  ])('%s is of %s', (id, instance) => expect(readInstance(id)).toBe(instance))
})

describe('a row', () => {
  const more = [button({ label: 'A', line: 'a' }), button({ label: 'B', line: 'b' })]
  it('has a menu where there is more to do, unless its action is urgent or one cannot be a choice', () => {
    const row = (own: object) => toRowElement({ name: 'r', text: 'x', ...own }, 3, 'v1')
    expect(row({})).toBeNull()
    expect(row({ action: button() })).toMatchObject({ type: 'button', action_id: 'run:1003.v1' })
    expect(row({ action: button({ ask: ['note'] }) })).toMatchObject({ action_id: 'ask:1003.v1:note' })
    expect(row({ action: button({ line: '' }) })).toBeNull()
    expect(row({ action: button(), more })).toMatchObject({
      type: 'overflow',
      action_id: 'menu:1003.v1',
      options: { length: 3 },
    })
    expect(row({ action: button({ tone: 'primary' }), more })).toMatchObject({ type: 'button' })
    expect(row({ action: button(), more: [button({ line: 'a', ask: ['x'] }), ...more] })).toMatchObject({
      type: 'button',
    })
    expect(row({ more })).toMatchObject({ type: 'overflow', options: { length: 2 } })
    expect(row({ more: [more[0]] })).toBeNull()
    expect(row({ action: button(), more: [button()] })).toMatchObject({ type: 'button' })
    const many = Array.from({ length: 8 }, (_, i) => button({ line: `l${i}` }))
    expect(row({ more: many })).toMatchObject({ options: { length: 5 } })
  })
})

describe('a menu', () => {
  const options = (count: number, last: Partial<Button> = {}) =>
    Array.from({ length: count }, (_, i) => button({ line: `l${i}`, ...(i === count - 1 ? last : {}) }))
  it('is one from four choices on, each of which runs a short line at once', () => {
    expect(toMenu({ label: 'M', options: options(3) }, 0)).toBeNull()
    expect(toMenu({ label: ' ', options: options(4) }, 2, 'v1')).toMatchObject({
      action_id: 'menu:2.v1',
      placeholder: { text: 'Choose …' },
    })
    expect(toMenu({ label: 'M', options: options(101) }, 2)).toMatchObject({
      action_id: 'menu:2',
      placeholder: { text: 'M' },
      options: { length: 100 },
    })
    expect(toMenu({ label: 'M', options: options(4, { line: 'x'.repeat(150) }) }, 0)).not.toBeNull()
    for (const last of [
      { line: 'x'.repeat(151) },
      { line: '' },
      { url: 'https://x' },
      { ask: ['x'] },
      { tone: 'danger' },
    ] as Partial<Button>[])
      expect(toMenu({ label: 'M', options: options(4, last) }, 0), JSON.stringify(last)).toBeNull()
    expect(toMenu({ label: 'M', options: options(4, { line: 'l0' }) }, 0)).toMatchObject({ options: { length: 3 } })
  })
})

it('a plain text is never empty, and cut in units that Slack counts', () => {
  expect(plain(' a\n b ', 10).text).toBe('a b')
  expect(plain(' ', 10).text).toBe('–')
  expect(plain('x'.repeat(76), 75).text).not.toBe('x'.repeat(76))
  expect(plain('x'.repeat(75), 75).text).toBe('x'.repeat(75))
  expect(plain('😀'.repeat(75), 75).text.length).toBeLessThanOrEqual(75)
})

describe('a form', () => {
  const field = (more: object) => {
    const dispatcher = {
      form: () => ({
        command: { name: 'ack' },
        arguments: [{ name: 'remind-every', kind: 'text', summary: '', ...more }],
      }),
    }
    return toModal(dispatcher as never, [], { line: 'ack', channel: 'C1' })!.blocks[0] as {
      element: object
      optional: boolean
      hint?: object
      label: object
    }
  }
  it.each<[object, object, boolean]>([
    [{ kind: 'flag', required: true }, { type: 'checkboxes' }, true],
    [{ choices: ['a'], required: true }, { type: 'static_select', options: [{ value: 'a' }] }, false],
    [{ choices: Array.from({ length: 100 }, (_, i) => `${i}`) }, { type: 'static_select' }, true],
    [{ choices: [] }, { type: 'plain_text_input' }, true],
    [{ choices: Array.from({ length: 101 }, (_, i) => `${i}`) }, { type: 'plain_text_input' }, true],
    [{ complete: 'hosts' }, { type: 'external_select', min_query_length: 0 }, true],
    [{ positional: true, maxLength: 201 }, { max_length: 201, multiline: true }, true],
    [{ positional: true }, { max_length: 3_000, multiline: true }, true],
    [{ maxLength: 5_000 }, { max_length: 3_000 }, true],
  ])('field of %j is %j, optional: %s', (more, element, optional) => {
    expect(field(more)).toMatchObject({ label: { text: 'Remind every' }, element, optional })
  })

  it('has several rows only for a long text with a place of its own, and a hint where there is one', () => {
    for (const more of [{ positional: true, maxLength: 200 }, { maxLength: 201 }, { kind: 'number', positional: true }])
      expect(field(more).element).not.toHaveProperty('multiline')
    expect(field({})).not.toHaveProperty('hint')
    expect(field({ summary: 'How often' })).toMatchObject({ hint: { text: 'How often' } })
  })

  it('is none where nothing is asked, no command is there, or its state is too long', () => {
    const modal = (form: object | null, line = 'ack') =>
      toModal({ form: () => form } as never, [], { line, channel: 'C1' })
    expect(modal(null)).toBeNull()
    expect(modal({ command: { name: 'ack' }, arguments: [] })).toBeNull()
    const asks = { command: { name: 'ack' }, arguments: [{ name: 'note', kind: 'text', summary: '' }] }
    const rest = JSON.stringify({ line: '', channel: 'C1' }).length
    expect(modal(asks, 'x'.repeat(3_000 - rest))).not.toBeNull()
    expect(modal(asks, 'x'.repeat(3_001 - rest))).toBeNull()
  })

  it.each([
    ['{"line":"a","channel":"b"}', { line: 'a', channel: 'b' }],
    ['{"line":"a"}', null],
    ['{"channel":"b"}', null],
    ['', null],
  ])('stores its state: %s', (stored, state) => expect(readState(stored)).toEqual(state))

  it('is read by the value, the option or the first of several, without what is empty', () => {
    const values = {
      ...{
        a: { a: { value: 'x' } },
        b: { b: { selected_option: { value: 'y' } } },
        c: { c: { selected_options: [{ value: 'z' }] } },
      },
      ...{ d: { d: { value: ' ' } }, e: { e: { value: null } }, f: {}, g: { g: { selected_options: [] } } },
    }
    expect(readEntries(values)).toEqual({ a: 'x', b: 'y', c: 'z' })
  })

  it('suggests choices that fit, and what was typed where it is new', () => {
    const values = (choices: string[], typed: string) =>
      toOptions(
        choices.map(value => ({ name: value, value })),
        typed,
      ).map(({ value }) => value)
    expect(values(['a', ''], ' b ')).toEqual(['a', 'b'])
    expect(values(['a', 'x'.repeat(150), 'y'.repeat(151)], 'a')).toEqual(['a', 'x'.repeat(150)])
    expect(values([], ' ')).toEqual([])
    expect([values([], 'x'.repeat(150)).length, values([], 'x'.repeat(151)).length]).toEqual([1, 0])
    expect(
      values(
        Array.from({ length: 105 }, (_, i) => `${i}`),
        'z',
      ),
    ).toHaveLength(100)
  })
})

describe('a reply', () => {
  afterEach(() => void vi.unstubAllGlobals())
  const file = { name: 'l.txt', content: Buffer.from('x') }
  /** What is sent for a reply; `urlStatus` is the answer of its response URL. */
  async function sent(
    reply: Partial<Reply>,
    origin: Partial<Origin>,
    urlStatus: number | 'lost' = 200,
    failing: string[] = [],
  ) {
    const calls: string[] = []
    vi.stubGlobal('fetch', async (url: string, init: { body: string }) => {
      const { response_type: type, replace_original: replaces, thread_ts: thread } = JSON.parse(init.body)
      calls.push(`${url} ${type} ${replaces}${thread ? ` in ${thread}` : ''}`)
      if (urlStatus === 'lost') throw new Error('no')
      return new Response('', { status: urlStatus })
    })
    const api =
      (method: string) =>
      async (message: { channel?: string; channel_id?: string; thread_ts?: string; user?: string; users?: string }) => {
        calls.push(
          `${method} ${message.channel ?? message.channel_id ?? message.users}${message.thread_ts ? ` in ${message.thread_ts}` : ''}`,
        )
        if (failing.includes(method)) throw new Error('no')
        return { channel: { id: 'D1' } }
      }
    const web = {
      chat: { postEphemeral: api('ephemeral'), postMessage: api('message') },
      conversations: { open: api('open') },
      files: { uploadV2: api('upload') },
    }
    const send = createReplier(web as never, 'UTC', silentLogger, createNewerBlocks(createFakeClock(0), FORGETFUL))
    const card = { title: 'x', tone: 'plain' as const }
    await send({ ok: true, card, result: null, private: true, quiet: false, ...reply } as Reply, {
      user: 'U1',
      name: 'kari',
      channel: 'C1',
      ...origin,
    })
    return calls
  }
  const card = { title: 'x', tone: 'plain' as const, file }

  it.each<[string, Partial<Reply>, Partial<Origin>, number | 'lost', string[]]>([
    ['by the bot', {}, {}, 200, ['ephemeral C1']],
    ['to everybody', { private: false }, {}, 200, ['message C1']],
    ['in its thread', {}, { thread: '3.3' }, 200, ['ephemeral C1 in 3.3']],
    ['by its URL', {}, { responseUrl: 'https://r', thread: '3.3' }, 200, ['https://r ephemeral false in 3.3']],
    ['by its URL to everybody', { private: false }, { responseUrl: 'https://r' }, 200, ['https://r in_channel false']],
    [
      'by the bot, where the URL is used up',
      {},
      { responseUrl: 'https://r' },
      404,
      ['https://r ephemeral false', 'ephemeral C1'],
    ],
    [
      'by the bot, where the URL is lost',
      {},
      { responseUrl: 'https://r' },
      'lost',
      ['https://r ephemeral false', 'ephemeral C1'],
    ],
    ['as a direct message from the Home tab', { private: false }, { channel: '' }, 200, ['open U1', 'message D1']],
    ['with its file, to the person alone', { card }, {}, 200, ['ephemeral C1', 'open U1', 'upload D1']],
    [
      'with its file, to everybody in the thread',
      { private: false, card },
      { thread: '3.3' },
      200,
      ['message C1 in 3.3', 'upload C1 in 3.3'],
    ],
    [
      'with its file, from the Home tab',
      { private: false, card },
      { channel: '' },
      200,
      ['open U1', 'message D1', 'open U1', 'upload D1'],
    ],
  ])('is sent %s', async (_how, reply, origin, status, expected) => {
    expect(await sent(reply, origin, status)).toEqual(expected)
  })

  it('that cannot be sent has no file either, and a file that fails is no error', async () => {
    expect(await sent({ card }, {}, 200, ['ephemeral'])).toEqual(['ephemeral C1'])
    expect(await sent({ private: false, card }, {}, 200, ['upload'])).toEqual(['message C1', 'upload C1'])
  })
})
