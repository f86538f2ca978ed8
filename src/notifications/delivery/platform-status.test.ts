// What is said of a platform: its connection, or that it refuses cards although it is connected.
import { expect, it } from 'vitest'
import type { PlatformStatus } from '../../chat/channel.ts'
import { platformStatuses } from './platform-status.ts'

const ONLINE: PlatformStatus = { state: 'online', since: 1 }
const LOST: PlatformStatus = { state: 'lost', since: 2, message: 'lost' }

/** The statuses of one platform with these channels, of which those in `refused` refuse cards. */
function statusOf(name: string, status: PlatformStatus, channels: string[], refused: Record<string, string> = {}) {
  const platform = { name, status: () => status }
  const registry = { platforms: () => [platform], of: () => channels.map(id => ({ id, name: `#${id}` })) }
  const delivery = { refusal: (id: string) => (refused[id] ? { since: 9, message: refused[id] } : null) }
  return platformStatuses(registry as never, delivery as never)
}

it.each<[string, Parameters<typeof statusOf>, object[]]>([
  ['connected', ['slack', ONLINE, ['a']], [{ name: 'slack', status: ONLINE }]],
  ['without a channel', ['slack', ONLINE, []], [{ name: 'slack', status: ONLINE }]],
  ['always possible, without a channel', ['webhook', ONLINE, []], []],
  ['always possible, with one', ['ntfy', ONLINE, ['a']], [{ name: 'ntfy', status: ONLINE }]],
  ['lost', ['slack', LOST, ['a'], { a: 'No.' }], [{ name: 'slack', status: LOST }]],
  [
    'refusing',
    ['slack', ONLINE, ['a'], { a: 'No.' }],
    [{ name: 'slack', status: { state: 'refused', since: 9, message: 'No.' } }],
  ],
  [
    'refusing in one of several',
    ['slack', ONLINE, ['a', 'b'], { b: 'No.' }],
    [{ name: 'slack', status: { state: 'refused', since: 9, message: '#b: No.' } }],
  ],
])('a platform that is %s', (_what, args, expected) => expect(statusOf(...args)).toEqual(expected))
