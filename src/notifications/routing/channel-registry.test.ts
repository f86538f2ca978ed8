// The channels of the settings and the added ones: each is one object, however often the list is read.
import { expect, it } from 'vitest'
import type { AddedChannel, Platform } from '../../chat/channel.ts'
import { memoryState } from '../../state/database.ts'
import { createMemoryChannel } from '../../testing/memory-channel.ts'
import { createChannelRegistry } from './channel-registry.ts'
import { addChannel } from './channels.ts'

const NOW = 1_000_000
const vault = { seal: (text: string) => Buffer.from(text), open: (sealed: Buffer) => sealed.toString() }

it('a channel is the same object for whoever asks, and a new one when its row changed', () => {
  const state = memoryState()
  const opened: AddedChannel[] = []
  const platform: Platform = {
    name: 'phone',
    channels: [createMemoryChannel('phone:ops', () => NOW)],
    open(added) {
      opened.push(added)
      return createMemoryChannel(added.id, () => NOW)
    },
    status: () => ({ state: 'online', since: 0 }),
    start() {},
    async stop() {},
  }
  const registry = createChannelRegistry(state, vault)
  registry.register([platform])
  addChannel(state, { id: 'phone:ann', name: 'ann', secretSealed: vault.seal('secret') }, NOW)
  registry.refresh()
  const all = registry.all()
  expect(all.map(({ id }) => id)).toEqual(['phone:ops', 'phone:ann'])
  expect(opened).toEqual([{ id: 'phone:ann', name: 'ann', address: null, secret: 'secret' }])
  registry.refresh()
  for (const [i, channel] of all.entries()) {
    expect(registry.all()[i]).toBe(channel)
    expect(registry.of(platform)[i]).toBe(channel)
    expect(registry.find(channel.id)).toBe(channel)
  }
  expect(registry.configured()).toHaveLength(1)
  state.prepare('update channels set name = ? where id = ?').run('Ann', 'phone:ann')
  registry.refresh()
  expect(registry.all()[1]).not.toBe(all[1])
})
