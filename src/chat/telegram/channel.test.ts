// What is sent to Telegram for a card: how loud it is, what it replies to, and its picture.
import { expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { silentLogger } from '../../logger.ts'
import { settled } from '../../testing/fake-clock.ts'
import { createChannel } from './channel.ts'
import { telegram as definition } from './definition.ts'

const card: Card = { title: 'Down', tone: 'critical', mention: [{ kind: 'person', id: '42', name: 'Ann' }] }

function open(name = '', failing: string[] = []) {
  const calls: unknown[][] = []
  const api = new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        async (...args: unknown[]) => {
          calls.push([method, ...args])
          if (failing.includes(method)) throw new Error('no')
          return { message_id: 9 }
        },
    },
  )
  const { capabilities } = definition
  const parts = { chatId: '-1', name, capabilities, timeZone: 'UTC', instance: 'vakt1', logger: silentLogger }
  return { calls, channel: createChannel({ api: api as never, ...parts }) }
}

test('a new message mentions people and rings; what stands in a thread does not, and an edit mentions nobody', async () => {
  const { calls, channel } = open()
  expect(await channel.post(card, 'n')).toBe('9')
  expect(await channel.reply('5', card, 'n')).toBe('9')
  await channel.thread!('5', card)
  await channel.edit('5', card)
  const mention = '<a href="tg://user?id=42">Ann</a> 🔴 <b>Down</b>'
  const plain = {
    parse_mode: 'HTML',
    reply_markup: { inline_keyboard: [] },
    link_preview_options: { is_disabled: true },
  }
  expect(calls).toEqual([
    ['sendMessage', '-1', mention, plain],
    [
      'sendMessage',
      '-1',
      mention,
      { ...plain, reply_parameters: { message_id: 5, allow_sending_without_reply: true } },
    ],
    ['sendMessage', '-1', mention, { ...plain, reply_parameters: { message_id: 5 }, disable_notification: true }],
    ['editMessageText', '-1', 5, '🔴 <b>Down</b>', plain],
  ])
})

test('a picture follows quietly under its message, and one that fails is no failure of the card', async () => {
  const image = { name: 'c.png', alt: 'x', png: new Uint8Array([1]) }
  const { calls, channel } = open('', ['sendPhoto'])
  expect(await channel.post({ ...card, image }, 'n')).toBe('9')
  await settled()
  expect(calls[1]).toMatchObject([
    'sendPhoto',
    '-1',
    { filename: 'c.png' },
    { reply_parameters: { message_id: 9 }, disable_notification: true },
  ])
})

test('a form is sent as plain text, without markup', async () => {
  const { calls, channel } = open()
  await channel.post({ title: 'a < b', tone: 'plain', form: 'plain' } as never, 'n')
  expect(calls[0]![2]).toContain('a < b')
  expect(calls[0]![3]).not.toHaveProperty('parse_mode')
})

test('messages are removed and pinned quietly, none is found again; each failure is one of a delivery', async () => {
  const { calls, channel } = open()
  await channel.remove!('5')
  await channel.pin!('6')
  expect(await channel.find('n', 0)).toBeNull()
  expect(calls).toEqual([
    ['deleteMessage', '-1', 5],
    ['pinChatMessage', '-1', 6, { disable_notification: true }],
  ])
  const broken = open('', ['sendMessage', 'deleteMessage', 'pinChatMessage', 'editMessageText']).channel
  await expect(broken.post(card, 'n')).rejects.toMatchObject({ code: 'unsure' })
  for (const attempt of [broken.remove!('5'), broken.pin!('5'), broken.edit('5', card)])
    await expect(attempt).rejects.toMatchObject({ code: 'unreachable' })
})

test('a chat is called by the name that people gave it, else by its id', () => {
  expect(open().channel).toMatchObject({ id: 'telegram:-1', name: 'Telegram -1' })
  expect(open('ops').channel.name).toBe('ops')
})
