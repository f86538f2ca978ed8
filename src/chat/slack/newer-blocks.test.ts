// Newer blocks on the wire: used where the workspace takes them, in the older form at once where not, and remembered.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { silentLogger } from '../../logger.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { type Slack, startSlack } from '../../testing/slack/slack.ts'
import { DAY } from '../../time.ts'
import { createChannel } from './channel.ts'
import { clientOptions, createClient } from './client.ts'
import { slack as definition } from './definition.ts'
import { createNewerBlocks } from './newer-blocks.ts'
import { createPictures } from './pictures.ts'

const card: Card = {
  title: 'Containers',
  tone: 'plain',
  evidence: [
    {
      kind: 'table',
      columns: [{ name: 'Name' }, { name: 'CPU', align: 'right' }],
      cells: [
        ['nginx', '3 %'],
        ['a', ''],
      ],
    },
    { kind: 'output', name: 'Output', text: 'all <b>well</b> :ab:' },
  ],
}
const picture = { name: 'alert-1.png', alt: 'errors over time', png: new Uint8Array([137, 80, 78, 71]) }

let slack: Slack
const stored = new Map<string, string>()
const memory = {
  read: (name: string) => stored.get(name) ?? null,
  write: (name: string, text: string) => void stored.set(name, text),
}
const clock = createFakeClock(Date.parse('2026-11-29T10:00:00Z'))
beforeEach(async () => {
  slack = await startSlack()
  stored.clear()
})
afterEach(async () => {
  await slack.stop()
  expect(slack.violations).toEqual([])
})

const open = () => {
  const web = createClient(slack.botToken, clientOptions(slack.apiUrl, silentLogger))
  return createChannel({
    ...{ web, channelId: slack.channel, capabilities: definition.capabilities, timeZone: 'UTC' },
    ...{ channelName: () => '#ops', logger: silentLogger, newerBlocks: createNewerBlocks(clock, memory) },
    pictures: createPictures(web, silentLogger, [1, 1]),
  })
}
const kinds = (at = -1) =>
  slack
    .messages()
    .at(at)!
    .blocks.map(({ type }) => type)
const posts = () => slack.requests.filter(({ method }) => method === 'chat.postMessage').length

describe('a newer kind of block', () => {
  test('is used where the workspace has it; an empty cell is a dash', async () => {
    await open().post(card, 'n1')
    expect(kinds()).toEqual(['section', 'table', 'section', 'rich_text'])
    expect(JSON.stringify(slack.messages()[0]!.blocks[1])).toContain('{"type":"raw_text","text":"–"}')
    expect(JSON.stringify(slack.messages()[0]!.blocks[3])).toContain('all <b>well</b> :ab:')
  })

  test('that is refused arrives in the older form at once, and is not tried again, also after a restart', async () => {
    slack.refusedKinds.add('table')
    await open().post(card, 'n1')
    expect(kinds()).toEqual(['section', 'rich_text', 'section', 'rich_text'])
    expect(posts()).toBe(2)
    await open().post(card, 'n2')
    expect(posts()).toBe(3)
    expect(kinds()).not.toContain('table')
  })

  test('is tried again after 30 days', async () => {
    slack.refusedKinds.add('table')
    await open().post(card, 'n1')
    slack.refusedKinds.clear()
    await clock.advance(31 * DAY)
    await open().post(card, 'n2')
    expect(kinds()).toContain('table')
  })

  test('that is refused for its content only is used for the next message', async () => {
    slack.picturesNotReady(99)
    await open().post({ ...card, image: picture }, 'n1')
    expect(kinds()).not.toContain('image')
    slack.picturesNotReady(0)
    await open().post({ ...card, image: picture }, 'n2')
    expect(kinds()).toContain('image')
  })
})

describe('a picture', () => {
  test('stands in the message itself, and an edit without one keeps it', async () => {
    const channel = open()
    const ref = await channel.post({ title: 'Disk', tone: 'warning' }, 'n1')
    await channel.edit(ref, { title: 'Disk', tone: 'warning', lines: ['97 %'], image: picture })
    const shown = () => JSON.stringify(slack.messages()[0]!.attachments)
    expect(shown()).toContain('"alt_text":"errors over time"')
    await channel.edit(ref, { title: 'Disk', tone: 'info', lines: ['97 %'] })
    expect(shown()).toContain('"alt_text":"errors over time"')
    expect(slack.files()).toHaveLength(1)
    expect(slack.messages()).toHaveLength(1)
  })

  test('that is not ready is waited for', async () => {
    slack.picturesNotReady(1)
    await open().post({ ...card, image: picture }, 'n1')
    expect(kinds()).toContain('image')
  })

  test('that cannot be uploaded costs no card', async () => {
    slack.fail('files.getUploadURLExternal', 'missing_scope', 9)
    const channel = open()
    const ref = await channel.post({ title: 'Disk', tone: 'warning', lines: ['x'] }, 'n1')
    await channel.edit(ref, { title: 'Disk', tone: 'warning', lines: ['y'], image: picture })
    expect(JSON.stringify(slack.messages()[0]!.attachments)).toContain('"y"')
  })
})
