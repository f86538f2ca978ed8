// Webhooks on the wire: what arrives, how it is signed, what each answer means, and where none is ever sent.
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { systemClock } from '../../clock.ts'
import { startReceiver } from '../../testing/receiver.ts'
import type { DeliveryError } from '../channel.ts'
import { webhook } from './definition.ts'
import { createWebhooks } from './platform.ts'

const { capabilities } = webhook
const SECRET = 'a secret'
const down: Card = {
  title: 'db-1 is down',
  tone: 'critical',
  lines: ['No beat.'],
  buttons: [{ label: 'Acknowledge', line: 'ack 1' }],
}

let receiver: Awaited<ReturnType<typeof startReceiver>>
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.stop())

const open = (address = receiver.url, timeoutMs = 2_000) =>
  createWebhooks({ capabilities, clock: systemClock, timeZone: 'UTC', version: 'test', timeoutMs }).open!({
    ...{ id: 'webhook:pager', name: 'pager', address, secret: SECRET },
  })!
const failure = (attempt: Promise<unknown>): Promise<DeliveryError> =>
  attempt.then(
    () => Promise.reject(new Error('it was delivered')),
    error => error,
  )

test('a card, its change and a repeated notification arrive signed, about the same message', async () => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  await channel.edit(ref, { title: 'db-1 is back', tone: 'good' })
  await channel.reply(ref, { title: 'Still down', tone: 'critical' }, 'n2')
  expect(receiver.received.map(one => [one.body.type, one.body.message, one.body.title])).toEqual([
    ['message', 'n1', 'db-1 is down'],
    ['update', 'n1', 'db-1 is back'],
    ['call', 'n1', 'Still down'],
  ])
  for (const { headers, raw } of receiver.received) {
    const right = createHmac('sha256', SECRET).update(`${headers['x-vakt-timestamp']}.${raw}`).digest('hex')
    expect(headers['x-vakt-signature']).toBe(`v1=${right}`)
  }
  expect(receiver.received[0]!.body).toMatchObject({ id: 'n1', text: expect.stringContaining('No beat.'), card: down })
})

test.each([
  [{ status: 429, headers: { 'retry-after': '7' } }, 'limited'],
  [{ status: 503, headers: { 'retry-after': '7' } }, 'limited'],
  [{ status: 500 }, 'unsure'],
  [{ status: 404 }, 'refused'],
  [{ status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'refused'],
])('%j means %s', async (answer, refusal) => {
  receiver.answers(answer)
  const error = await failure(open().post(down, 'n1'))
  expect(error.code).toBe(refusal)
  if (refusal === 'limited') expect(error.retryAfterMs).toBe(7_000)
  expect(receiver.received).toHaveLength(1)
})

test('without an answer a delivery is unsure, and without a receiver it is unreachable', async () => {
  receiver.answers({ status: 0 })
  expect((await failure(open(receiver.url, 200).post(down, 'n1'))).code).toBe('unsure')
  await receiver.stop()
  expect((await failure(open().post(down, 'n1'))).code).toBe('unreachable')
  receiver = await startReceiver()
})

test.each([
  'http://169.254.169.254/latest',
  'http://[fe80::1]/',
  'http://0.0.0.0/',
  'http://[::ffff:169.254.169.254]/',
  'http://2852039166/',
  'http://100.100.100.200/',
  'http://168.63.129.16/machine/',
  'http://192.0.0.192/opc/v2/',
  'http://[::ffff:a83f:8110]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[2002:a9fe:a9fe::1]/',
  'http://[fd00:ec2::254]/',
])('nothing is sent to %s', async address => {
  expect(await failure(open(address).post(down, 'n1'))).toMatchObject({ code: 'refused' })
})

test('a webhook that refuses everything for two minutes is lost, until it takes something', async () => {
  let now = Date.parse('2026-03-02T09:00:00Z')
  const clock = { ...systemClock, now: () => now }
  const platform = createWebhooks({ capabilities, clock, timeZone: 'UTC', version: 'test', timeoutMs: 2_000 })
  const channel = platform.open!({ id: 'webhook:pager', name: 'pager', address: receiver.url, secret: SECRET })!
  receiver.answers({ status: 500 }, { status: 500 })
  await failure(channel.post(down, 'n1'))
  now += 125_000
  await failure(channel.post(down, 'n1'))
  const message = 'pager: The webhook answered with status 500.'
  expect(platform.status()).toEqual({ state: 'lost', since: now - 125_000, message })
  await channel.post(down, 'n1')
  expect(platform.status().state).toBe('online')
})
