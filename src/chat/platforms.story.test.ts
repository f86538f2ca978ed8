// A platform that only the list knows: one definition, and settings, cards, mentions, channels and buttons work.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { createCommands } from '../../commands/index.ts'
import type { Card } from '../card.ts'
import { readConfig } from '../config/config.ts'
import { requiredWith } from '../config/setting.ts'
import type { Problem } from '../problem.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { createMemoryChannel, type MemoryChannel } from '../testing/memory-channel.ts'
import { addressIn, type Channel, type CommandDispatcher, type Requester } from './channel.ts'
import { definePlatform } from './platform-definition.ts'
import { PLATFORMS } from './platforms.ts'

/** A chat in memory, and the people in it. */
const rooms = new Map<string, MemoryChannel>()
let dispatcher: CommandDispatcher

const capabilities = { edits: true, threads: false, pictures: false, mentions: true, interactive: true }

const toy = definePlatform({
  name: 'toy',
  label: 'Toy',
  capabilities,
  settings: {
    TOY_KEY: z.string().startsWith('toy-', 'must begin with toy-').optional(),
    TOY_ROOM: z.string().optional(),
  },
  required: [requiredWith('TOY_ROOM', ['TOY_KEY'], 'the room for alerts')],
  secrets: env => [env.TOY_KEY],
  readSettings: env => (env.TOY_KEY === undefined ? null : { key: env.TOY_KEY, room: env.TOY_ROOM! }),
  async load({ room }) {
    return parts => {
      const open = (name: string): Channel => {
        const channel = rooms.get(name) ?? createMemoryChannel(`toy:${name}`, parts.clock.now)
        rooms.set(name, channel)
        return channel
      }
      dispatcher = parts.dispatcher
      return {
        name: 'toy',
        channels: [open(room)],
        open: ({ id }) => (addressIn(id, 'toy') === null ? null : open(addressIn(id, 'toy')!)),
        status: () => ({ state: 'online', since: 0 }),
        start() {},
        async stop() {},
      }
    }
  },
  channels: {
    written: 'toy:<room>',
    pattern: /^toy:[a-z]+$/,
    example: 'channels add toy:ops --name toy-ops',
    setting: 'TOY_KEY',
  },
  accounts: {
    schema: z
      .string()
      .regex(/^t\d+$/, 'must be a Toy id such as t1')
      .describe('Toy id'),
  },
  roles: { subject: /^t\d+$/, unmistakable: /^t\d+$/, admins: 'Toy owners', example: 'roles set t1 admin' },
  mentions: [{ kind: 'group', typed: /^%(g\d+)$/, id: /^g\d+$/ }],
})

const environment = { TOY_KEY: 'toy-secret', TOY_ROOM: 'alerts' }
let app: TestApp

beforeEach(async () => {
  rooms.clear()
  app = await startApp({ channels: [], environment, definitions: [toy] })
})
afterEach(() => app.stop())

const newest = (room = 'alerts'): Card => rooms.get(room)!.messages.at(-1)!.card
const person = (id: string, name: string): Requester => ({
  ...{ platform: 'toy', id, name, admin: false, groups: [], interactive: true },
})

it('its settings are read from the environment, checked together and kept out of the log', () => {
  const definitions = [...PLATFORMS, toy]
  expect(readConfig(environment, definitions).platforms.toy).toEqual({ key: 'toy-secret', room: 'alerts' })
  expect(readConfig(environment, definitions).secrets).toContain('toy-secret')
  expect(readConfig({}, definitions).platforms).not.toHaveProperty('toy')
  const fieldsOf = (wrong: Record<string, string>) => {
    try {
      return readConfig(wrong, definitions)
    } catch (error) {
      return (error as Problem).fields
    }
  }
  expect(fieldsOf({ TOY_KEY: 'toy-1' })).toEqual({ TOY_ROOM: 'is required with TOY_KEY: the room for alerts' })
  expect(fieldsOf({ TOY_KEY: 'x', TOY_ROOM: 'a' })).toEqual({ TOY_KEY: 'must begin with toy-' })
})

it('an alert is posted there, a pressed button acknowledges it, and its card is edited', async () => {
  const beat = await app.hasCheck('nightly')
  await beat('/fail')
  expect(newest()).toMatchObject({ title: expect.stringContaining('nightly'), tone: 'critical' })

  const { line } = newest().buttons!.find(button => button.label === 'Acknowledge')!
  const reply = await dispatcher.run({ line }, person('t1', 'Tove'))
  await app.passes('1s')
  expect(reply).toMatchObject({ ok: true, quiet: true })
  expect(rooms.get('alerts')!.messages).toHaveLength(1)
  expect(JSON.stringify(newest())).toContain('Tove')
})

it("a person's account there and a group of it are mentioned", async () => {
  expect(await app.result('oncall member add tove --toy t1')).toEqual({
    member: { name: 'tove', discord: null, slack: null, telegram: null, email: null, toy: 't1' },
  })
  expect(await app.says('oncall member add tove --toy 1')).toMatchObject({ problem: { fields: { toy: /Toy id/ } } })
  await app.result('routes add all --to toy:alerts --mention tove,%g7')
  const beat = await app.hasCheck('nightly')
  await beat('/fail')
  expect(newest().mention).toEqual([
    { kind: 'person', id: 't1', name: 'tove' },
    { kind: 'group', id: 'g7', name: 'g7' },
  ])
})

it('"channels add toy:ops" opens one more of its rooms, which gets a test card and then alerts', async () => {
  expect(await app.result('channels add toy:ops --name toy-ops')).toMatchObject({ channel: { id: 'toy:ops' } })
  expect(newest('ops').title).toBe('A test from Vakt')
  const beat = await app.hasCheck('nightly')
  await beat('/fail')
  expect(newest('ops').title).toBe(newest('alerts').title)
  expect(await app.says('channels add toy:OPS')).toMatchObject({ problem: { message: /toy:<room>/ } })
})

it('people there can be given roles, and their examples are in the help', async () => {
  await app.result('roles set t1 viewer')
  expect(await dispatcher.run({ line: 'checks add nightly' }, person('t1', 'Tove'))).toMatchObject({ ok: false })
  const commands = createCommands([...PLATFORMS, toy])
  expect(commands.find(({ name }) => name === 'roles set')!.examples).toContain('roles set t1 admin')
  expect(commands.find(({ name }) => name === 'channels add')!.details).toContain('toy:<room>')
})

it('without its settings nothing of it is loaded, and the error names the setting that is missing', async () => {
  rooms.clear()
  const other = await startApp({ definitions: [toy] })
  expect(rooms.size).toBe(0)
  const reply = await startApp({ channels: [], definitions: [toy] }).then(bare => bare.says('channels add toy:ops'))
  expect(reply).toMatchObject({ problem: { message: 'Toy is not configured. Set TOY_KEY and restart Vakt.' } })
  await other.stop()
})
