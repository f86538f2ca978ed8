// Live tails: matching lines as they are stored.
import { expect, it, vi } from 'vitest'
import { createLogger } from '../../logger.ts'
import type { LogLine } from '../line.ts'
import { ALL, allPages, aStore, batchOf, messages, NOON, where, word } from './store.testing.ts'

it('a tail gets matching lines, as they can be read later, until it is stopped', async () => {
  const store = await aStore()
  await store.append(batchOf([{ message: 'wanted before' }]))
  const got: LogLine[] = []
  const other: LogLine[] = []
  const stop = await store.tail(where(word('wanted')), lines => got.push(...lines))
  await store.tail({ where: null, from: NOON + 1, until: null }, lines => other.push(...lines))
  await store.append(batchOf([{ message: 'wanted 1' }, { message: 'unwanted' }, { message: 'wanted 2' }]))
  for (let i = 3; i <= 6; i++) await store.append(batchOf([{ message: `wanted ${i}` }], { idempotencyKey: `k${i}` }))
  await vi.waitFor(() => expect(messages(got).sort()).toEqual([1, 2, 3, 4, 5, 6].map(i => `wanted ${i}`)))
  const stored = await allPages(store, where(word('wanted')))
  for (const line of got) expect(stored).toContainEqual(line)
  stop()
  await store.append(batchOf([{ message: 'wanted no more' }, { message: 'later', timestamp: NOON + 5 }]))
  await vi.waitFor(() => expect(messages(other)).toEqual(['later']))
  expect(got.length).toBe(6)
  expect((await allPages(store, ALL)).length).toBe(10)
})

it('a tail continues after a restart of the writer', async () => {
  const program = new URL('./mortal-writer.testing.ts', import.meta.url)
  const logged: string[] = []
  const logger = createLogger('info', [], line => logged.push(JSON.parse(line).message))
  const store = await aStore({ logger, programs: { writer: program } })
  const got: string[] = []
  await store.tail(ALL, lines => got.push(...messages(lines)))
  await store.append(batchOf([{ message: 'before' }]))
  await store.append(batchOf([{ message: 'DIE NOW' }])).catch(() => {})
  await vi.waitFor(() => expect(logged).toContain('The log writer 1 is back'), { timeout: 10_000 })
  await store.append(batchOf([{ message: 'after' }]))
  await vi.waitFor(() => expect(got).toEqual(['before', 'after']))
})
