// Contract of log stores, appending: answers, rejected batches, idempotency keys and back-pressure.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { ALL, AMPLE_MS, allPages, asStored, batchOf, bytes, messages, NOON, where, word } from '../store.testing.ts'
import type { AppendResult } from '../store.ts'
import { fresh, type Open, shared } from './made.testing.ts'

export function appendContract(open: Open): void {
  describe('append', () => {
    const made = shared(open)

    it('answers line by line, with counts per series for detection', async () => {
      const lines = [
        { message: 'boom', level: 'error', source: 'api', host: 'a' },
        { message: 'boom', level: 'error', source: 'api', host: 'a' },
        { message: 'fine', source: 'api', host: 'a' },
        { message: '' },
      ]
      const stored = await made().store.append(batchOf(lines, { project: 'shop', receivedAt: NOON + 61_500 }))
      expect(stored).toMatchObject({ accepted: 3, rejected: 1, repeated: false })
      expect(stored.errors).toMatchObject([{ index: 3 }])
      const counts = stored.counts.map(({ minute, project, source, host, level, count }) => [
        ...[minute - NOON, project, source, host, level, count],
      ])
      expect(counts).toEqual([
        [MINUTE, 'shop', 'api', 'a', 'error', 2],
        [MINUTE, 'shop', 'api', 'a', 'info', 1],
      ])
      for (const { sample } of stored.counts)
        if (sample !== null)
          expect(await made().store.read(sample.id)).toMatchObject({ id: sample.id, project: 'shop' })
    })

    it('gives ids that sort in the order of storing', async () => {
      const { store } = made()
      for (let i = 0; i < 30; i++) {
        const changes = { idempotencyKey: `key ${i}`, retentionMs: (1 + (i % 3)) * DAY }
        await store.append(batchOf([{ message: String(i), timestamp: NOON - i * HOUR }], changes))
      }
      await made().settle()
      expect(messages(asStored(await allPages(store, ALL)))).toEqual(Array.from({ length: 30 }, (_, i) => String(i)))
    })

    it('stores each batch of a flood as a whole, and finds it as soon as it is answered', async () => {
      const { store } = made()
      const send = async (i: number) => {
        const { accepted } = await store.append(batchOf([{ message: `flood n${i}` }, { message: `flood n${i}` }]))
        expect(accepted).toBe(2)
        if (i % 20 === 0) expect((await store.count(where(word(`n${i}`)), AMPLE_MS)).total).toBe(2)
      }
      await Promise.all(Array.from({ length: 300 }, (_, i) => send(i)))
      expect((await store.count(where(word('flood')), AMPLE_MS)).total).toBe(600)
      await made().settle()
      expect((await store.count(where(word('flood')), AMPLE_MS)).total).toBe(600)
    })

    it('rejects a batch that cannot be parsed and stores the batches beside it', async () => {
      const { store } = made()
      const answers = await Promise.allSettled([
        store.append(batchOf([{ message: 'before' }])),
        store.append(batchOf([], { body: bytes('{"message": ') })),
        store.append(batchOf([{ message: 'a' }, { message: 'b' }], { limits: { lines: 1, messageBytes: 100 } })),
        store.append(batchOf([{ message: 'after' }])),
      ])
      expect(answers.map(answer => answer.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect(answers[1]).toMatchObject({ reason: { code: 'invalid' } })
      expect(answers[2]).toMatchObject({ reason: { code: 'too_large' } })
      await made().settle()
      expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['before', 'after'])
    })
  })

  describe('an idempotency key', () => {
    const batch = (key: string, changes = {}) =>
      batchOf([{ message: 'once' }, { message: '' }], { idempotencyKey: key, ...changes })
    const first = { accepted: 1, rejected: 1, repeated: false }
    const again = { accepted: 1, rejected: 1, repeated: true, counts: [{ count: 1, level: 'info' }] }
    const expectAll = (answers: AppendResult[], wanted: object[]) => expect(answers).toMatchObject(wanted)

    it('stores a batch once, however often it is sent within a day', async () => {
      const made = await fresh(open)
      const append = (key: string, changes = {}) => made.store.append(batch(key, changes))
      expectAll(await Promise.all([append('k'), append('k'), append('k')]), [first, again, again])
      await made.settle()
      const repeated = await append('k', { receivedAt: NOON + 20 * HOUR, retentionMs: DAY })
      expectAll([repeated], [again])
      expect(repeated.errors).toMatchObject([{ index: 1 }])
      expect((await made.store.count(ALL, AMPLE_MS)).total).toBe(1)
    })

    it('belongs to a project, and may be used again after a day', async () => {
      const made = await fresh(open)
      const answers = [
        await made.store.append(batch('k')),
        await made.store.append(batch('k', { project: 'other' })),
        await made.store.append(batch('k', { receivedAt: NOON + DAY })),
      ]
      expectAll(answers, [first, first, first])
    })

    it('is remembered across a restart', async () => {
      const made = await fresh(open)
      await made.store.append(batch('k'))
      await made.settle()
      await made.restart()
      expectAll([await made.store.append(batch('k'))], [again])
    })

    it('is not used up by a rejected batch', async () => {
      const { store } = await fresh(open)
      await expect(store.append(batch('k', { body: bytes('nonsense') }))).rejects.toMatchObject({ code: 'invalid' })
      expectAll([await store.append(batch('k'))], [first])
    })
  })

  describe('back-pressure', () => {
    it('rejects batches beyond the queue with a retry time, and loses no accepted one', async () => {
      const { store, settle } = await fresh(open, { queueBytes: 20_000 })
      const big = 'x'.repeat(3_000)
      const answers = await Promise.allSettled(
        Array.from({ length: 40 }, (_, i) => store.append(batchOf([{ message: `${i} ${big}` }]))),
      )
      const taken = answers.filter(answer => answer.status === 'fulfilled').length
      const refused = answers.filter(answer => answer.status === 'rejected')
      expect(taken).toBeGreaterThanOrEqual(5)
      expect(refused.length).toBeGreaterThan(20)
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'busy', retryAfterMs: expect.any(Number) })
      await settle()
      expect((await store.count(ALL, AMPLE_MS)).total).toBe(taken)
      await store.append(batchOf([{ message: 'room again' }]))
    })

    it('accepts one batch of any size while nothing else waits', async () => {
      const { store } = await fresh(open, { queueBytes: 100 })
      await store.append(batchOf([{ message: 'x'.repeat(1_000) }]))
      expect(await store.status()).toMatchObject({ lines: 1, queued: 0 })
    })
  })
}
