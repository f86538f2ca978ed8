// What the dispatcher does with every command: its role, its project, its row in the audit, its secrets and its refusals.
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Requester } from './chat/channel.ts'
import { type Actor, commandsFor, completes, positional, secret } from './command/command.ts'
import { createDispatcher } from './dispatcher.ts'
import { Problem } from './problem.ts'
import { readAudit } from './projects/audit.ts'
import { addProject } from './projects/projects.ts'
import { memoryState, type State } from './state/database.ts'
import { writeInstance } from './state/lineage.ts'
import { createTelemetry } from './telemetry.ts'
import { storeAlert } from './testing/alerts.ts'
import { createFakeClock } from './testing/fake-clock.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
type Context = { by: Actor; interactive: boolean; place: unknown }
const command = commandsFor<Context>()
const card = { title: 'Done', tone: 'good' as const }
const wide = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`flag${i}`, z.string().optional()]))

let state: State
let ran: { args: Record<string, unknown>; context: Context }[]
let errors: unknown[]
let telemetry: ReturnType<typeof createTelemetry>
let defaultRole: 'viewer' | 'responder'

const note = (args: Record<string, unknown>, context: Context) => {
  ran.push({ args, context })
  return { card, result: args, audit: { count: 3 } }
}
const project = () => z.string().optional()
const commands = [
  command({
    name: 'show',
    summary: 'x',
    role: 'viewer',
    args: { name: positional(z.string().optional()), project: project() },
    run: note,
  }),
  command({ name: 'show all', summary: 'x', role: 'viewer', args: {}, run: note }),
  command({
    name: 'change',
    summary: 'x',
    role: 'responder',
    args: { name: positional(z.string()), project: project() },
    run: note,
  }),
  command({
    ...{ name: 'slowly', summary: 'x', role: 'admin' as const },
    args: { how: z.string().optional(), asks: z.boolean().optional() },
    async run({ how, asks }) {
      await Promise.resolve()
      if (how === 'badly') throw new TypeError('a fault of its own')
      return { card, quiet: true, ...(asks ? { asked: true } : {}), stream: () => () => {} }
    },
  }),
  command({
    ...{ name: 'ask', summary: 'x', role: 'responder' as const, args: { full: z.boolean().optional() } },
    run({ full }) {
      if (full) throw new Problem('busy', 'The disk is full.', { isStorage: true })
      return { card, asked: true }
    },
  }),
  command({
    ...{ name: 'sign in', summary: 'x', role: 'admin' as const },
    args: {
      user: z.string().optional(),
      password: secret(z.string()).optional(),
      level: z.enum(['low', 'high']).optional(),
    },
    run: note,
  }),
  command({ name: 'tell', summary: 'x', role: 'admin', args: { key: secret(positional(z.string())) }, run: note }),
  command({
    name: 'ack',
    summary: 'x',
    role: 'responder',
    args: { alert: completes(positional(z.union([z.number(), z.literal('all')])), 'alert'), project: project() },
    run: note,
  }),
  command({
    name: 'look',
    summary: 'x',
    role: 'viewer',
    changes: false,
    args: { alert: completes(positional(z.number()), 'alert') },
    run: note,
  }),
  command({
    name: 'about',
    summary: 'x',
    role: 'viewer',
    args: { alert: completes(z.number(), 'alert').optional(), project: project() },
    run: note,
  }),
  command({
    ...{ name: 'read badly', summary: 'x', role: 'viewer' as const, args: {} },
    async run() {
      throw new TypeError('a fault of its own')
    },
  }),
  command({
    ...{ name: 'break', summary: 'x', role: 'admin' as const, args: {} },
    run() {
      throw new TypeError('a fault of its own')
    },
  }),
  command({ name: 'help', summary: 'x', role: 'viewer', args: {}, run: note }),
  command({ name: 'hosts list', summary: 'x', role: 'viewer', args: { project: project() }, run: note }),
  command({
    name: 'wide',
    summary: 'x',
    role: 'viewer',
    args: { name: positional(z.string()), ...wide(12) },
    run: note,
  }),
]
const ann: Requester = { platform: 'discord', id: '1', name: 'Ann', admin: true, groups: [], interactive: true }
const viewer: Requester = { ...ann, id: '2', name: 'Vi', admin: false }

function create(change: object = {}) {
  return createDispatcher<Context>({
    ...{ state, clock: createFakeClock(NOW), commands, telemetry, defaultRole },
    logger: { error: (...words: unknown[]) => void errors.push(words) } as never,
    context: (by, now, interactive, place) => ({ by, now, interactive, place }),
    readMention: ({ text }) => {
      if (text === '') throw new Problem('not_found', 'no such thread')
      if (text === '!') throw new TypeError('a fault of its own')
      return { line: text, place: { channel: 'discord:1', ref: 'm1' } }
    },
    completions: (list, typed) =>
      Array.from({ length: 30 }, (_, i) => ({ name: `${list} ${typed} ${i}`, value: String(i) })),
    ...change,
  })
}
const says = (line: string, by: Requester = ann) => create().run({ line }, by)
const message = async (line: string, by: Requester = ann) => {
  const reply = await says(line, by)
  return reply.ok ? 'done' : `${reply.problem.code}: ${reply.problem.message}`
}
const audited = () => readAudit(state, 99).map(({ line, outcome, count }) => [line, outcome, count])

beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, NOW)
  ran = []
  errors = []
  telemetry = createTelemetry()
  defaultRole = 'viewer'
})

describe('a reply', () => {
  it('is private, quiet and followed by lines where the command says so', async () => {
    expect(await says('show x')).toEqual({ ok: true, card, result: { name: 'x' }, private: true, quiet: false })
    expect(await says('show x --share')).toMatchObject({ private: false })
    expect(await says('slowly')).toEqual({
      ok: true,
      card,
      result: null,
      private: true,
      quiet: true,
      stream: expect.any(Function),
    })
    await says('nonsense')
    await says('change')
    expect(
      [...telemetry.commands.entries()].map(({ labels, value }) => [labels.command, labels.outcome, value]),
    ).toEqual([
      ['show', 'done', 2],
      ['slowly', 'done', 1],
      ['unknown', 'invalid', 1],
      ['change', 'invalid', 1],
    ])
  })

  it('is known to be private before the command runs', () => {
    const { isPrivate } = create()
    const requests = [
      { line: 'show x' },
      { line: 'nonsense' },
      { command: 'show', args: { share: true } },
      { command: 'show', args: { share: 'true' } },
    ]
    expect([...requests, { line: 'show --share' }].map(request => isPrivate(request))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  it('is for the person or program who asks', async () => {
    await says('/vakt show x', {
      ...ann,
      address: '192.0.2.1',
      channel: 'discord:1',
      isPublic: true,
      place: { channel: 'discord:1', ref: 'm' },
    })
    await says('/show x', { ...viewer, interactive: false })
    await create().run(
      { words: ['show', 'a b'] },
      { ...ann, platform: 'api', id: 'k_1', key: { role: 'viewer', project: 'shop' } },
    )
    expect(ran.map(({ context }) => context)).toMatchObject([
      {
        ...{ interactive: true, place: { ref: 'm' } },
        by: {
          platform: 'discord',
          id: '1',
          name: 'Ann',
          role: 'admin',
          address: '192.0.2.1',
          channel: 'discord:1',
          isPublic: true,
        },
      },
      { interactive: false, place: null, by: { id: '2', role: 'viewer' } },
      { by: { platform: 'api', keyId: 'k_1', project: 'shop', role: 'viewer' } },
    ])
    expect(Object.keys(ran[1]!.context.by).sort()).toEqual(['id', 'name', 'platform', 'role'])
    expect(ran[2]!.args).toEqual({ name: 'a b', project: 'shop' })
  })
})

describe('the audit', () => {
  it('has what changes something, with what it did, also when that takes a while or is refused', async () => {
    for (const line of ['show x', 'ask', 'slowly --asks']) await says(line)
    expect(audited()).toEqual([])
    await says('change x')
    await says('slowly')
    await says('slowly --how badly')
    await says('change x', viewer)
    await says('change')
    expect(audited().reverse()).toEqual([
      ['change x', 'done', 3],
      ['slowly', 'done', null],
      ['slowly --how badly', expect.stringContaining('Vakt failed because of a fault of its own.'), null],
      ['change x', expect.stringContaining('needs the role responder'), null],
      ['change', expect.any(String), null],
    ])
    expect(errors).toHaveLength(1)
  })

  it('has no secret, however it was written', async () => {
    await says('sign in --user ann --password hunter2')
    await create().run({ command: 'sign in', args: { user: 'ann', password: 'hunter2', level: null } }, ann)
    await create().run({ words: ['sign', 'in', '--password=hunter2'] }, ann)
    await says('tell hunter2')
    await says('sign in --user "b c"')
    await create().run({ command: 'change', args: { name: ['a'], project: undefined } }, ann)
    await create().run({ words: ['change', 'a b'] }, ann)
    expect(
      audited()
        .reverse()
        .map(([line]) => line),
    ).toEqual([
      'sign in --user=ann --password="[hidden]"',
      'sign in --user=ann --password="[hidden]"',
      'sign in --password="[hidden]"',
      'tell --key="[hidden]"',
      'sign in --user "b c"',
      'change --name="[\\"a\\"]"',
      'change "a b"',
    ])
  })

  it('does not keep a refusal from being answered', async () => {
    state.prepare('drop table audit').run()
    expect(await message('change')).toContain('invalid: ')
    expect(errors).toEqual([['audit row of a refused command could not be written', expect.anything()]])
  })
})

describe('a refusal', () => {
  it('names the role that is missing, and how to get it', async () => {
    expect(await message('change x', viewer)).toBe(
      'forbidden: "change" needs the role responder; your role is viewer. An admin can change it with "roles set".',
    )
    const key: Requester = { ...viewer, id: 'k_1', key: { role: 'viewer', project: 'shop' } }
    expect(await message('change x', key)).toContain(
      'the role of this key is viewer. Use another key; "keys create" makes one.',
    )
    defaultRole = 'responder'
    expect(await message('change x', viewer)).toBe('done')
    expect(create().refusalFor('change x', viewer)).toBe(null)
    expect(create().refusalFor('nothing', viewer)).toBe(null)
    expect(create().refusalFor('tell x', viewer)).toMatchObject({
      ok: false,
      private: true,
      problem: { code: 'forbidden' },
    })
    expect(create().refusalFor('tell "x', viewer)).toMatchObject({ problem: { code: 'invalid' } })
  })

  it('shows the usage where an argument is missing or a flag is wrong, if it is short', async () => {
    expect(await message('change')).toContain('Usage: change <name> [--project PROJECT]')
    expect(await message('change x --nothing')).toContain('Usage: change <name>')
    expect(await says('change x --projet y')).toMatchObject({
      problem: {
        usage: 'change <name> [--project PROJECT]',
        fields: { projet: expect.anything() },
        slip: { right: ['--project'] },
      },
    })
    expect(await message('sign in --level middle')).not.toContain('Usage')
    const reply = await says('wide')
    expect(reply).toMatchObject({
      ok: false,
      private: true,
      problem: {
        message: expect.stringContaining('"help wide" shows its usage.'),
        fields: { name: expect.anything() },
      },
    })
    expect((reply as unknown as { problem: { usage?: string } }).problem.usage).toBeUndefined()
    expect(await message('nonsense')).toContain('There is no command "nonsense".')
  })

  it('of a command with its arguments in the name says where they belong', async () => {
    const reply = await create().run({ command: 'show x', args: {} }, ann)
    expect(reply).toMatchObject({
      problem: {
        message: '"command" must be just "show", without "x". Put arguments into "args".',
        fields: { command: 'must be just "show"' },
      },
    })
    expect(await create().run({ command: 'show all', args: {} }, ann)).toMatchObject({ ok: true })
  })

  it('offers the corrected line, unless a word of it may be a secret', async () => {
    const buttons = async (line: string) => ((await says(line)).card.buttons ?? []).map(button => button.line)
    expect(await buttons('change x --projet y')).toContain('change x --project y')
    expect(await buttons('sign in --usr ann')).toContain('sign in --user ann')
    for (const line of [
      'sign in --usr ann --password hunter2',
      'sign in --usr ann --pass hunter2',
      'sign in --usr ann --pasword hunter2',
      'tell --ky hunter2',
    ])
      expect(JSON.stringify(await buttons(line))).not.toContain('hunter2')
    expect(
      ((await create().run({ command: 'sho', args: { name: 'x' } }, ann)).card.buttons ?? []).length,
    ).toBeGreaterThan(0)
  })

  it('of a fault of its own says whether something may be done', async () => {
    const fault = (outcome: string) =>
      `internal: Vakt failed because of a fault of its own. ${outcome}; the log of Vakt has the details.`
    expect(await message('slowly --how badly')).toBe(fault('A part of the command may be done'))
    expect(await message('read badly')).toBe(fault('Nothing was changed'))
    expect(await message('break')).toBe(fault('Nothing was changed'))
  })
})

describe('a key of a project', () => {
  const key: Requester = { ...ann, platform: 'api', id: 'k_1', key: { role: 'admin', project: 'shop' } }

  it.each([
    ['show x', true],
    ['show x --project shop', true],
    ['show x --project default', false],
    ['show all', false],
    ['help', true],
    ['hosts list', false],
    ['ack all', true],
    ['ack ALL', false],
    ['about', true],
  ])('may run "%s": %s', async (line, isAllowed) => {
    expect((await message(line, key)).startsWith('forbidden')).toBe(!isAllowed && line !== 'ack ALL')
  })

  it('sees only the alerts of its project, and no others exist for it', async () => {
    const own = storeAlert(state, { projectId: 2 })
    const other = storeAlert(state, { projectId: 1 })
    expect(await message(`ack ${own.id}`, key)).toBe('done')
    expect(await message(`look #${own.id}`, key)).toBe('done')
    for (const id of [other.id, 99])
      expect(await message(`look ${id}`, key)).toBe(`not_found: There is no alert ${id} in the project shop.`)
    expect(await message('look x', key)).toContain('invalid')
    await says('ack all', key)
    expect(ran.at(-1)!.args).toEqual({ alert: 'all', project: 'shop' })
    await says('change x', key)
    expect(ran.at(-1)!.args).toEqual({ name: 'x', project: 'shop' })
  })
})

describe('a press', () => {
  it('on a card of another Vakt is refused, unless it changes nothing', () => {
    writeInstance(state, 'this one')
    const { pressRefusal } = create()
    const origin = (instance: string | null) => ({ instance, channels: ['discord'], refs: ['m1'] })
    const isRefused = (line: string, instance: string | null = null) => pressRefusal!(line, origin(instance)) !== null
    expect(isRefused('change x', 'this one')).toBe(false)
    expect(isRefused('change x', 'another')).toBe(true)
    expect(
      ['show x', 'look', 'change x', 'ack 1', 'look 1', 'look #1', 'look 0', 'nothing', '"x'].map(line =>
        isRefused(line),
      ),
    ).toEqual([...[false, false, true, true, true, true, false, true, true]])
    expect(pressRefusal!('change x', origin('another'))).toMatchObject({
      ok: false,
      private: true,
      problem: { code: 'conflict' },
      card: { tone: 'muted' },
    })
  })
})

describe('a form', () => {
  it('has the arguments that a button asks for, and its entries become words', () => {
    const { form, fillForm } = create()
    expect(form('change', ['name', 'nothing', 'project'])!.arguments.map(({ name }) => name)).toEqual([
      'name',
      'project',
    ])
    expect(form('change', ['name'])!.command.name).toBe('change')
    expect(form('nothing', ['name'])).toBe(null)
    expect(fillForm('change', { name: ' a b ', project: '  ' })).toBe('change --name="a b"')
  })

  it('has choices for who may run the command', () => {
    const { complete } = create()
    const argument = (name: string, of: string) =>
      commands.find(one => one.name === name)!.arguments.find(one => one.name === of)!
    expect(complete(argument('sign in', 'level'), 'h', viewer)).toEqual([{ name: 'high', value: 'high' }])
    expect(complete(argument('look', 'alert'), 'x', viewer)).toHaveLength(25)
    expect(complete(argument('look', 'alert'), 'x', viewer)[0]).toEqual({ name: 'alert x 0', value: '0' })
    expect(complete(argument('ack', 'alert'), '', viewer)).toEqual([])
    expect(complete(argument('show', 'name'), '', viewer)).toEqual([])
    expect(complete({ ...argument('look', 'alert') }, '', viewer)).toEqual([])
  })
})

describe('a mention', () => {
  it('is a command line whose answer belongs in the thread', async () => {
    const { answerMention } = create()
    const mention = (text: string) => answerMention({ channels: [], under: [], text, thread: null }, ann)
    expect(await mention('show x')).toMatchObject({ ok: true })
    expect(ran[0]!.context.place).toEqual({ channel: 'discord:1', ref: 'm1' })
    expect(await mention('')).toMatchObject({ ok: false, private: true, problem: { message: 'no such thread' } })
    expect(await mention('!')).toMatchObject({ problem: { code: 'internal' } })
  })
})

describe('a full disk', () => {
  const full = () => {
    state.transaction = () => {
      throw new Problem('busy', 'The disk is full.', { isStorage: true })
    }
  }
  it('stops only what changes something', async () => {
    full()
    expect(await message('show x')).toBe('done')
    expect(await message('change x')).toBe('busy: The disk is full.')
  })

  it('is told apart from other problems', async () => {
    let runs = 0
    state.transaction = () => {
      runs++
      throw new Problem('busy', 'Something else.')
    }
    expect(await message('show x')).toBe('busy: Something else.')
    expect([runs, ran.length]).toEqual([1, 0])
  })
})
