// Channels as people and scripts are answered: each is tried with a card before it is stored.
import { expect, it } from 'vitest'
import { type AddedChannel, DeliveryError } from '../../src/chat/channel.ts'
import { listChannels } from '../../src/notifications/routing/channels.ts'
import { channels } from '../../src/state/schema/index.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { createMemoryChannel, type MemoryChannel } from '../../src/testing/memory-channel.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

function begin() {
  const opened = new Map<string, MemoryChannel>()
  const world = { isConfigured: true }
  const runner = createCommandRunner({
    parts: {
      openChannel({ id, name }: AddedChannel) {
        if (!world.isConfigured) return null
        const channel = opened.get(id) ?? createMemoryChannel(id, () => NOW)
        opened.set(id, channel)
        return Object.assign(channel, { name: name === '' ? 'its own name' : name })
      },
      channel: (id: string) => opened.get(id),
    },
  })
  return { ...runner, opened, world }
}

it('a new one gets a test card first, and is named by people or its platform', async () => {
  const { run, text, opened, state } = begin()
  expect(await run('channels add mailto:ops@example.org --name ops')).toMatchObject({
    card: {
      ...{ title: 'ops gets alerts from now on', tone: 'good' },
      lines: ['The test card has arrived there. "routes add" sets which alerts go where.'],
    },
    result: {
      channel: { id: 'mailto:ops@example.org', name: 'ops', given: 'command', added_at: '2026-03-02T09:00:00.000Z' },
    },
  })
  expect(opened.get('mailto:ops@example.org')!.messages[0]!.card).toMatchObject({
    ...{ title: 'A test from Vakt', tone: 'info', lines: ['Ann tests whether alerts arrive here. Nothing is wrong.'] },
  })
  expect(await text('channels add discord:123456789012345678')).toContain('its own name gets alerts from now on')
  expect(
    listChannels(state)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['its own name', 'ops'])
  expect(await text('channels test ops')).toBe('(good) A test card has arrived in ops')
  expect(opened.get('mailto:ops@example.org')!.messages).toHaveLength(2)
})

it('a webhook has a secret, which is shown once and to one person', async () => {
  const { run, text, state, context } = begin()
  const { card, result } = await run('channels add https://hooks.example.org/x --name hook')
  const secret = card.code!.text
  expect(card.lines).toContain('The secret of its signatures is shown only now.')
  expect(result).toMatchObject({ channel: { name: 'hook', secret } })
  const row = listChannels(state)[0]!
  expect(context().vault.open(row.secretSealed!)).toBe(secret)
  expect(row.address).toBe('https://hooks.example.org/x')
  const by = { platform: 'telegram', id: '1', name: 'Ann', role: 'admin', isPublic: true }
  expect(await text('channels add https://hooks.example.org/y --name other', { by })).toContain(
    'The answer shows the secret of its signatures',
  )
  expect(listChannels(state)).toHaveLength(1)
  expect(await text('channels add mailto:a@example.org --name mail', { by })).toContain('mail gets alerts')
})

it('one that cannot be reached is not stored', async () => {
  const { run, text, opened, world, state } = begin()
  expect(await text('channels add nonsense')).toContain('That is not a channel. Write ')
  world.isConfigured = false
  expect(await text('channels add discord:123456789012345678')).toMatch(
    /^Discord is not configured\. Set \w+.* and restart Vakt\.$/,
  )
  world.isConfigured = true
  const channel = createMemoryChannel('mailto:ops@example.org', () => NOW)
  channel.failing(new DeliveryError('refused', 'no such mailbox'))
  opened.set(channel.id, channel)
  await expect(run('channels add mailto:ops@example.org --name ops')).rejects.toMatchObject({
    ...{ code: 'conflict', message: 'The test card did not arrive: no such mailbox', fields: { where: 'not reached' } },
  })
  channel.post = () => Promise.reject(new TypeError('a fault of its own'))
  await expect(run('channels add mailto:ops@example.org --name ops')).rejects.toThrow(TypeError)
  expect(listChannels(state)).toEqual([])
})

it('the list says where each comes from, and one of a person has no test', async () => {
  const { run, text, state } = begin()
  expect(await text('channels list')).toContain('(plain) No channels\nConfigure a chat')
  for (const [id, origin] of [
    ['discord:1', 'settings'],
    ['slack:C012AB3CD', 'command'],
    ['discord:@3', 'person'],
  ] as const)
    state.db
      .insert(channels)
      .values({ id, name: `n${id}`, addedAt: NOW, origin })
      .run()
  const { card, result } = await run('channels list')
  expect(card.title).toBe(`${card.rows!.length} channels`)
  expect(card.rows).toContainEqual({
    ...{ name: 'ndiscord:1', text: [{ bold: 'ndiscord:1' }, ' ', { code: 'discord:1' }, ' from the settings'] },
    action: { label: 'Test', line: 'channels test discord:1' },
  })
  expect(await text('channels list')).toContain('nslack:C012AB3CD slack:C012AB3CD added by command')
  const person = card.rows!.find(({ name }) => name === 'ndiscord:@3')
  if (person) expect(person.action).toBeUndefined()
  expect(result).toMatchObject({
    channels: expect.arrayContaining([
      { id: 'slack:C012AB3CD', name: 'nslack:C012AB3CD', given: 'command', added_at: expect.any(String) },
    ]),
  })
  expect(await text('channels test slack:C012AB3CD')).toContain('Slack is not configured.')
})

it('a removal asks a person first, and those of the settings stay', async () => {
  const { run, text, state } = begin()
  await run('channels add mailto:ops@example.org --name ops')
  expect(await text('channels remove ops', { interactive: true })).toContain(
    'Remove ops?\nops mailto:ops@example.org added by command',
  )
  expect(await text('channels remove ops --yes', { interactive: true })).toBe('(muted) ops gets no more alerts')
  expect(listChannels(state)).toEqual([])
  state.db.insert(channels).values({ id: 'discord:1', name: 'main', addedAt: NOW, origin: 'settings' }).run()
  expect(await text('channels remove main', { interactive: true })).toContain('settings')
  expect(listChannels(state)).toHaveLength(1)
})
