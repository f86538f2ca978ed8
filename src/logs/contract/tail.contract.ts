// Contract of log stores, live tails: matching lines as they are stored.
import { expect, it, vi } from 'vitest'
import type { LogLine } from '../line.ts'
import { ALL, allPages, batchOf, messages, NOON, where, word } from '../store.testing.ts'
import { fresh, type Open, store } from './made.testing.ts'

export function tailContract(open: Open): void {
  it('a tail gets matching lines, as they can be read later, until it is stopped', async () => {
    const made = await fresh(open)
    await store(made, batchOf([{ message: 'wanted before' }]))
    const got: LogLine[] = []
    const other: LogLine[] = []
    const stop = await made.store.tail(where(word('wanted')), lines => got.push(...lines))
    await made.store.tail({ where: null, from: NOON + 1, until: null }, lines => other.push(...lines))
    await store(made, batchOf([{ message: 'wanted 1' }, { message: 'unwanted' }, { message: 'wanted 2' }]))
    for (let i = 3; i <= 6; i++) await store(made, batchOf([{ message: `wanted ${i}` }], { idempotencyKey: `k${i}` }))
    await vi.waitFor(() => expect(messages(got).sort()).toEqual([1, 2, 3, 4, 5, 6].map(i => `wanted ${i}`)))
    const stored = await allPages(made.store, where(word('wanted')))
    for (const line of got) expect(stored).toContainEqual(line)
    stop()
    await store(made, batchOf([{ message: 'wanted no more' }, { message: 'later', timestamp: NOON + 5 }]))
    await vi.waitFor(() => expect(messages(other)).toEqual(['later']))
    expect(got.length).toBe(6)
    expect((await allPages(made.store, ALL)).length).toBe(10)
  })

  it('a tail is told how many lines of a flood it did not get', async () => {
    const made = await fresh(open)
    let [got, leftOut, last] = [0, 0, '']
    await made.store.tail(where(word('wanted')), (lines, omitted) => {
      got += lines.length
      leftOut += omitted
      last = lines.at(-1)!.message
    })
    await store(made, batchOf(Array.from({ length: 1_200 }, (_, i) => ({ message: `wanted ${i}` }))))
    await vi.waitFor(() => expect([got + leftOut, last]).toEqual([1_200, 'wanted 1199']))
  })
}
