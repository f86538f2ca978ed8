// Which refusals of Slack are about newer kinds of blocks, what is sent instead, and how long that is remembered.
import { webApi } from '@slack/bolt'
import { expect, test } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { DAY } from '../../time.ts'
import { createNewerBlocks } from './newer-blocks.ts'
import { createPictures } from './pictures.ts'
import type { Rendered } from './render.ts'

const refusal = (error: string, messages?: string[]) =>
  new webApi.WebAPIPlatformError({ ok: false, error, ...(messages && { response_metadata: { messages } }) } as never)
const message = (blocks: object[], attached: object[][] = []) =>
  ({ text: 'x', blocks, attachments: attached.map(own => ({ blocks: own })) }) as unknown as Rendered
const TABLE = { type: 'table' }
const TEXT = { type: 'rich_text' }
const SECTION = { type: 'section' }
const PICTURE = { type: 'image', slack_file: { id: 'F1' } }
const LINKED = { type: 'image', image_url: 'https://x' }

/** Sends `shown`, which Slack refuses once with `error`; tells what was avoided at the second attempt, and what is remembered. */
async function sendRefused(shown: Rendered, error: unknown) {
  const clock = createFakeClock(0)
  const stored: string[] = []
  const newer = createNewerBlocks(clock, { read: () => null, write: (_name, text) => void stored.push(text) })
  const avoided: string[][] = []
  let isFirst = true
  const result = await newer
    .send(
      refused => {
        avoided.push([...refused].sort())
        return shown
      },
      async () => {
        if (!isFirst) return 'sent'
        isFirst = false
        throw error
      },
    )
    .catch(thrown => (thrown === error ? 'refused' : 'another error'))
  return { result, avoided: avoided[1] ?? null, kept: [...newer.refused()].sort(), stored: stored.length }
}

const both = message([SECTION, TABLE, TEXT])
test.each<[string, Rendered, unknown, string[] | null, string[]]>([
  ['no reasons', both, refusal('invalid_blocks'), ['rich_text', 'table'], ['rich_text', 'table']],
  [
    'a reason about one',
    both,
    refusal('invalid_blocks', ['unsupported type: table [json-pointer:/blocks/1]']),
    ['table'],
    ['table'],
  ],
  [
    'a reason about its content',
    both,
    refusal('invalid_blocks', ['too long [json-pointer:/blocks/1/rows/0]']),
    ['table'],
    [],
  ],
  ['a reason about an older block', both, refusal('invalid_blocks', ['too long [json-pointer:/blocks/0]']), null, []],
  ['a reason that points nowhere', both, refusal('invalid_blocks', ['unsupported']), null, []],
  ['a reason that points outside', both, refusal('invalid_blocks', ['unsupported [json-pointer:/blocks/9]']), null, []],
  [
    'an attachment',
    message([TABLE], [[SECTION], [SECTION, TEXT]]),
    refusal('invalid_attachments', ['unknown [json-pointer:/attachments/1/blocks/1]']),
    ['rich_text'],
    ['rich_text'],
  ],
  [
    'an attachment that is not there',
    message([TABLE]),
    refusal('invalid_attachments', ['unknown [json-pointer:/attachments/1/blocks/0]']),
    null,
    [],
  ],
  ['an attachment without reasons', message([], [[TABLE]]), refusal('invalid_arguments'), ['table'], ['table']],
  ['a picture', message([PICTURE]), refusal('invalid_blocks'), ['slack_file'], ['slack_file']],
  ['a linked picture', message([LINKED]), refusal('invalid_blocks'), null, []],
  ['a message without newer kinds', message([SECTION]), refusal('invalid_blocks'), null, []],
  ['another code', both, refusal('channel_not_found'), null, []],
  ['another error', both, new Error('invalid_blocks'), null, []],
])('%s', async (_what, shown, error, avoided, kept) => {
  const expected = { result: avoided === null ? 'refused' : 'sent', avoided, kept, stored: kept.length > 0 ? 1 : 0 }
  expect(await sendRefused(shown, error)).toEqual(expected)
})

test('a refusal lasts 30 days, and a restart; a second message avoids both kinds', async () => {
  const clock = createFakeClock(10 * DAY)
  const stored = new Map<string, string>()
  const memory = {
    read: (name: string) => stored.get(name) ?? null,
    write: (name: string, text: string) => void stored.set(name, text),
  }
  const newer = createNewerBlocks(clock, memory)
  const avoided: string[][] = []
  const refuse = async (kind: object) => {
    let isFirst = true
    await newer.send(
      refused => {
        avoided.push([...refused].sort())
        return message([kind])
      },
      async () => {
        if (!isFirst) return
        isFirst = false
        throw refusal('invalid_blocks')
      },
    )
  }
  await refuse(TABLE)
  await clock.advance(DAY)
  await refuse(TEXT)
  expect(avoided).toEqual([[], ['table'], ['table'], ['rich_text', 'table']])
  const again = createNewerBlocks(clock, memory)
  await clock.advance(29 * DAY - 1)
  expect([...again.refused()].sort()).toEqual(['rich_text', 'table'])
  await clock.advance(1)
  expect([...again.refused()]).toEqual(['rich_text'])
})

test('a memory that cannot be read has no refusals', () => {
  expect(createNewerBlocks(createFakeClock(0), { read: () => '{', write() {} }).refused().size).toBe(0)
})

test('a message that is refused again is not remembered', async () => {
  const newer = createNewerBlocks(createFakeClock(0), { read: () => null, write() {} })
  const send = newer.send(
    () => message([TABLE]),
    () => Promise.reject(refusal('invalid_blocks')),
  )
  await expect(send).rejects.toThrow('invalid_blocks')
  expect(newer.refused().size).toBe(0)
})

test('a picture is uploaded once; without an id or an answer the next message tries again', async () => {
  const answers: unknown[] = [new Error('no answer'), {}, { files: [{ files: [{ id: 'F1' }] }] }]
  const uploaded: unknown[] = []
  const web = {
    files: {
      async uploadV2(file: unknown) {
        uploaded.push(file)
        const answer = answers.shift()
        if (answer instanceof Error) throw answer
        return answer
      },
    },
  }
  const pictures = createPictures(web as never, silentLogger, [])
  const image = { name: 'a.png', alt: 'a chart', png: Buffer.from('a') }
  expect(await pictures.upload({ ...image, png: Buffer.alloc(0) })).toBeUndefined()
  expect(uploaded).toEqual([])
  const ids = [await pictures.upload(image), await pictures.upload(image), await pictures.upload(image)]
  expect(ids).toEqual([undefined, undefined, 'F1'])
  expect(await pictures.upload({ ...image, name: 'b.png' })).toBe('F1')
  expect(uploaded).toHaveLength(3)
  expect(uploaded[0]).toEqual({ file: Buffer.from('a'), filename: 'a.png', alt_text: 'a chart' })
})

test('a message is sent again only while its picture is not ready', async () => {
  const pictures = createPictures({} as never, silentLogger, [1, 1])
  const notReady = refusal('invalid_blocks', ['invalid slack file [json-pointer:/blocks/1/slack_file/id]'])
  let tries = 0
  const failing = (error: unknown, times: number) => {
    tries = 0
    return pictures.whenReady(async () => {
      if (tries++ < times) throw error
      return 'sent'
    })
  }
  expect(await failing(notReady, 2)).toBe('sent')
  expect(tries).toBe(3)
  await expect(failing(notReady, 3)).rejects.toBe(notReady)
  expect(tries).toBe(3)
  for (const other of [refusal('invalid_blocks'), new Error('invalid slack file')]) {
    await expect(failing(other, 1)).rejects.toBe(other)
    expect(tries).toBe(1)
  }
})
