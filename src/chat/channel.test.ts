// Channels and their threads by their ids.
import { expect, test } from 'vitest'
import { createMemoryChannel } from '../testing/memory-channel.ts'
import { type Channel, channelAt, threadId } from './channel.ts'

test('a channel is found by its id, a thread by its channel and the thread, and nothing else is', () => {
  const hook = createMemoryChannel('webhook:a/b', () => 0)
  const plain = createMemoryChannel('discord:1', () => 0)
  const threaded: Channel = { ...plain, inThread: thread => ({ ...plain, id: threadId(plain.id, thread) }) }
  const find = (id: string) => channelAt([hook, threaded], id)?.id
  expect(find('discord:1')).toBe('discord:1')
  expect(find(threadId('discord:1', '17.5'))).toBe('discord:1/17.5')
  expect(find('webhook:a/b')).toBe('webhook:a/b')
  expect(find('webhook:a/b/c')).toBeUndefined()
  expect(find('discord:2/17')).toBeUndefined()
})
