// Notices that need no database: posted once, retried until they arrive, and changed when the outage ends.
import { beforeEach, expect, it } from 'vitest'
import type { Card } from '../card.ts'
import { DeliveryError } from '../chat/channel.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { createMemoryChannel, type MemoryChannel } from '../testing/memory-channel.ts'
import { MINUTE, SECOND } from '../time.ts'
import { createDirectNotices, type DirectNotices } from './direct-notices.ts'

const FULL: Card = { title: 'Critical: beats cannot be stored', tone: 'critical', lines: [] }
const DONE: Card = { title: 'Resolved: beats are stored again', tone: 'good', lines: [] }
const KEY = 'storage/beats of every check'

let clock: FakeClock
let ops: MemoryChannel
let added: MemoryChannel
let configured: MemoryChannel[]
let notices: DirectNotices
let warnings: string[]

beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  ops = createMemoryChannel('ops', clock.now)
  added = createMemoryChannel('added', clock.now)
  configured = [ops]
  warnings = []
  const logger: Logger = { ...silentLogger, warn: message => warnings.push(message) }
  notices = createDirectNotices({ configured: () => configured, all: () => [ops, added] }, clock, logger)
})

const titles = (channel: MemoryChannel) => channel.messages.map(({ card }) => card.title)
const fails = (code: 'unsure' | 'unreachable', times = 1) => ops.failing(new DeliveryError(code, 'no answer'), times)

it('goes to the channels of the settings only; without any, to all', async () => {
  notices.post(KEY, FULL)
  await settled()
  expect([titles(ops), titles(added)]).toEqual([[FULL.title], []])
  configured = []
  notices.post('another', FULL)
  await settled()
  expect([titles(ops), titles(added)]).toEqual([[FULL.title, FULL.title], [FULL.title]])
})

it('is posted once for each key, under a nonce that a chat accepts', async () => {
  notices.post(KEY, FULL)
  notices.post(KEY, FULL)
  await settled()
  expect(titles(ops)).toEqual([FULL.title])
  expect(ops.messages[0]!.nonce.length).toBeLessThanOrEqual(25)
  expect(ops.calls).toEqual(['post'])
})

it('is retried until it arrives, and warned of once', async () => {
  fails('unreachable', 3)
  notices.post(KEY, FULL)
  await clock.advance(SECOND)
  expect(titles(ops)).toEqual([])
  await clock.advance(MINUTE)
  expect(titles(ops)).toEqual([FULL.title])
  expect(warnings).toEqual(['direct notice not delivered; retrying'])
})

it('is looked for before it is posted again', async () => {
  ops.acceptsThenFails(new DeliveryError('unsure', 'no answer'))
  notices.post(KEY, FULL)
  await clock.advance(MINUTE)
  expect(ops.calls).toEqual(['post', 'find'])
  expect(titles(ops)).toEqual([FULL.title])
  notices.close(KEY, DONE)
  await settled()
  expect(titles(ops)).toEqual([DONE.title])
})

it('is given up after 20 attempts', async () => {
  fails('unreachable', 100)
  notices.post(KEY, FULL)
  await clock.advance(60 * MINUTE)
  expect(ops.calls).toHaveLength(20)
})

it('becomes another card at the end, after which the same trouble is posted again', async () => {
  notices.post(KEY, FULL)
  await settled()
  notices.close(KEY, DONE)
  await settled()
  expect(titles(ops)).toEqual([DONE.title])
  notices.post(KEY, FULL)
  await settled()
  expect(titles(ops)).toEqual([DONE.title, FULL.title])
})

it('that nobody got has no end', async () => {
  notices.close(KEY, DONE)
  await settled()
  expect(ops.calls).toEqual([])
})

it('is not posted after its end', async () => {
  fails('unreachable')
  notices.post(KEY, FULL)
  await settled()
  notices.close(KEY, DONE)
  await clock.advance(10 * MINUTE)
  expect(ops.calls).toEqual(['post'])
})

it('shows the end also when the end came while it was being sent', async () => {
  const arrives = ops.hangs('post')
  notices.post(KEY, FULL)
  await settled()
  notices.close(KEY, DONE)
  arrives()
  await settled()
  expect(titles(ops)).toEqual([DONE.title])
})

it('is not retried when it failed after its end', async () => {
  fails('unreachable')
  const answers = ops.hangs('post')
  notices.post(KEY, FULL)
  await settled()
  notices.close(KEY, DONE)
  answers()
  await clock.advance(10 * MINUTE)
  expect(ops.calls).toEqual(['post'])
})

it('stays as it is where messages cannot be changed, and where a change fails', async () => {
  Object.assign(ops, { capabilities: { ...ops.capabilities, edits: false } })
  configured = [ops, added]
  notices.post(KEY, FULL)
  await settled()
  added.failing(new DeliveryError('unreachable', 'no answer'), 1, 'edit')
  notices.close(KEY, DONE)
  await settled()
  expect(ops.calls).toEqual(['post'])
  expect(titles(added)).toEqual([FULL.title])
  expect(warnings).toEqual(['direct notice could not be updated'])
})

it('is not retried once Vakt stops', async () => {
  fails('unreachable')
  notices.post(KEY, FULL)
  await settled()
  notices.stop()
  await clock.advance(10 * MINUTE)
  expect(ops.calls).toEqual(['post'])
})
