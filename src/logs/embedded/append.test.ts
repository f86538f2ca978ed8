// Appending: what is answered, what is refused, retries with keys, back-pressure, and a writer that dies.
import { describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../logger.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import type { AppendResult } from '../store.ts'
import {
  ALL,
  AMPLE_MS,
  aFolder,
  allPages,
  aStore,
  batchOf,
  bytes,
  messages,
  NOON,
  where,
  word,
} from './store.testing.ts'

describe('append', () => {
  it('answers line by line, with counts by kind for detection', async () => {
    const store = await aStore()
    const lines = [
      { message: 'boom', level: 'error', source: 'api', host: 'a' },
      { message: 'boom', level: 'error', source: 'api', host: 'a' },
      { message: 'fine', source: 'api', host: 'a' },
      { nonsense: true, message: '' },
    ]
    const stored = await store.append(batchOf(lines, { project: 'shop', receivedAt: NOON + 61_500 }))
    expect(stored).toMatchObject({ accepted: 3, rejected: 1, repeated: false })
    expect(stored.errors).toMatchObject([{ index: 3 }])
    const counts = stored.counts.map(({ minute, project, source, host, level, count }) => [
      ...[minute - NOON, project, source, host, level, count],
    ])
    expect(counts).toEqual([
      [MINUTE, 'shop', 'api', 'a', 'error', 2],
      [MINUTE, 'shop', 'api', 'a', 'info', 1],
    ])
  })

  it('gives ids that sort as the lines were stored', async () => {
    const store = await aStore()
    for (let i = 0; i < 30; i++) {
      const changes = { idempotencyKey: `key ${i}`, retentionMs: (1 + (i % 3)) * DAY }
      await store.append(batchOf([{ message: String(i), timestamp: NOON - i * HOUR }], changes))
    }
    const byId = (await allPages(store, ALL)).sort((a, b) => (a.id < b.id ? -1 : 1))
    expect(messages(byId)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)))
  })

  it('stores each batch of a flood whole, and each is found once answered', async () => {
    const store = await aStore()
    const send = async (i: number) => {
      const { accepted } = await store.append(batchOf([{ message: `flood n${i}` }, { message: `flood n${i}` }]))
      expect(accepted).toBe(2)
      if (i % 20 === 0) expect((await store.count(where(word(`n${i}`)), AMPLE_MS)).total).toBe(2)
    }
    await Promise.all(Array.from({ length: 300 }, (_, i) => send(i)))
    expect((await store.count(where(word('flood')), AMPLE_MS)).total).toBe(600)
  })

  it('refuses what cannot be read and stores what came with it', async () => {
    const store = await aStore()
    const answers = await Promise.allSettled([
      store.append(batchOf([{ message: 'before' }])),
      store.append(batchOf([], { body: bytes('{"message": ') })),
      store.append(batchOf([{ message: 'a' }, { message: 'b' }], { limits: { lines: 1, messageBytes: 100 } })),
      store.append(batchOf([{ message: 'after' }])),
    ])
    expect(answers.map(answer => answer.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(answers[1]).toMatchObject({ reason: { code: 'invalid' } })
    expect(answers[2]).toMatchObject({ reason: { code: 'too_large' } })
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['before', 'after'])
  })
})

describe('an idempotency key', () => {
  const batch = (key: string, changes = {}) =>
    batchOf([{ message: 'once' }, { message: '' }], { idempotencyKey: key, ...changes })
  const first = { accepted: 1, rejected: 1, repeated: false }
  const again = { accepted: 1, rejected: 1, repeated: true, counts: [{ count: 1, level: 'info' }] }
  const expectAll = (answers: AppendResult[], wanted: object[]) => expect(answers).toMatchObject(wanted)

  it('stores a batch once, however often it comes within a day', async () => {
    const store = await aStore()
    expectAll(await Promise.all([store.append(batch('k')), store.append(batch('k')), store.append(batch('k'))]), [
      ...[first, again, again],
    ])
    const later = batch('k', { receivedAt: NOON + 20 * HOUR, retentionMs: DAY })
    const repeated = await store.append(later)
    expectAll([repeated], [again])
    expect(repeated.errors).toMatchObject([{ index: 1 }])
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(1)
  })

  it('is a project’s own, and free again after a day', async () => {
    const store = await aStore()
    const answers = [
      await store.append(batch('k')),
      await store.append(batch('k', { project: 'other' })),
      await store.append(batch('k', { receivedAt: NOON + DAY })),
    ]
    expectAll(answers, [first, first, first])
  })

  it('is known after a restart', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    await store.append(batch('k'))
    await store.close()
    expectAll([await (await aStore({ folder })).append(batch('k'))], [again])
  })

  it('is not taken by a batch that was refused', async () => {
    const store = await aStore()
    await expect(store.append(batch('k', { body: bytes('nonsense') }))).rejects.toMatchObject({ code: 'invalid' })
    expectAll([await store.append(batch('k'))], [first])
  })
})

describe('back-pressure', () => {
  it('refuses what does not fit the queue, says when to come again, and loses nothing it took', async () => {
    const store = await aStore({ queueBytes: 20_000 })
    const big = 'x'.repeat(3_000)
    const answers = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => store.append(batchOf([{ message: `${i} ${big}` }]))),
    )
    const taken = answers.filter(answer => answer.status === 'fulfilled').length
    const refused = answers.filter(answer => answer.status === 'rejected')
    expect(taken).toBeGreaterThanOrEqual(5)
    expect(refused.length).toBeGreaterThan(20)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'busy', retryAfterMs: expect.any(Number) })
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(taken)
    await store.append(batchOf([{ message: 'room again' }]))
  })

  it('takes one batch of any size when nothing else waits', async () => {
    const store = await aStore({ queueBytes: 100 })
    await store.append(batchOf([{ message: 'x'.repeat(1_000) }]))
    expect(await store.status()).toMatchObject({ lines: 1, queued: 0 })
  })
})

describe('a writer that dies', () => {
  it('is told of and replaced; what it had is refused as busy, the rest is stored', async () => {
    const said: string[] = []
    const logger = createLogger('info', [], line => said.push(JSON.parse(line).message))
    const program = new URL('./mortal-writer.testing.ts', import.meta.url)
    const store = await aStore({ logger, programs: { writer: program } })
    await store.append(batchOf([{ message: 'before' }]))
    await expect(store.append(batchOf([{ message: 'DIE NOW' }]))).rejects.toMatchObject({
      code: 'busy',
      retryAfterMs: expect.any(Number),
    })
    await store.append(batchOf([{ message: 'after' }]))
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['before', 'after'])
    const told = ['The log writer 1 stopped and is restarted', 'The log writer 1 is back']
    await vi.waitFor(() => expect(said).toEqual(told), { timeout: 10_000 })
    await store.append(batchOf([{ message: 'by the new one' }]))
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(3)
  })

  it('does not keep the store from closing', async () => {
    const program = new URL('./mortal-writer.testing.ts', import.meta.url)
    const store = await aStore({ programs: { writer: program } })
    const dying = store.append(batchOf([{ message: 'DIE NOW' }])).catch(error => error.code)
    const lost = store.append(batchOf([{ message: 'once more: DIE NOW' }])).catch(error => error.code)
    await store.close()
    expect(await Promise.all([dying, lost])).toEqual(['busy', 'busy'])
  })
})
