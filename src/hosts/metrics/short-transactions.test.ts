// Many steps in short transactions: all run in order, other work runs between them, and a stop ends them.
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { runInShortTransactions } from './short-transactions.ts'

afterEach(() => void vi.restoreAllMocks())

function busyFor(ms: number) {
  const until = performance.now() + ms
  while (performance.now() < until);
}

it('runs every step in order, and other work runs before the last step', async () => {
  const state = memoryState()
  const taken: number[] = []
  const steps = Array.from({ length: 30 }, (_, i) => () => {
    busyFor(1)
    taken.push(i)
  })
  const all = runInShortTransactions(state, steps, () => true)
  await setImmediate()
  const before = taken.length
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(30)
  // Somebody else's change is not part of what is taken, and does not wait for it either.
  state.transaction(() => taken.push(-1))
  await all
  expect(taken.filter(step => step >= 0)).toEqual(steps.map((_, i) => i))
  expect(taken.at(-1)).toBe(29)
})

it('runs no further step once they are not wanted, as when Vakt stops', async () => {
  const state = memoryState()
  let taken = 0
  const steps = Array.from({ length: 30 }, () => () => {
    busyFor(5)
    taken++
  })
  await runInShortTransactions(state, steps, () => taken < 3)
  expect(taken).toBe(3)
})

it('runs all other steps when one throws, those of its transaction too, and throws at the end', async () => {
  const state = memoryState()
  const fact = (name: string) => state.prepare('insert into key_values (name, value) values (?, ?)').run(name, 'x')
  const steps = [
    () => fact('first'),
    () => {
      fact('second')
      throw new Error('no')
    },
    () => fact('third'),
  ]
  await expect(runInShortTransactions(state, steps, () => true)).rejects.toThrow('no')
  expect(state.prepare('select name from key_values order by name').all()).toEqual([
    { name: 'first' },
    { name: 'third' },
  ])
})

it('a transaction begins no step after 4 ms', async () => {
  let now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const taken: number[] = []
  const steps = Array.from({ length: 6 }, (_, i) => () => {
    taken.push(i)
    now += 1
  })
  const all = runInShortTransactions(memoryState(), steps, () => true)
  expect(taken).toEqual([0, 1, 2, 3])
  await all
  expect(taken).toEqual([0, 1, 2, 3, 4, 5])
})

it('a step that throws in a transaction of its own is not run again', async () => {
  let times = 0
  const fails = () => {
    times++
    throw new Error('no')
  }
  await expect(runInShortTransactions(memoryState(), [fails], () => true)).rejects.toThrow('no')
  expect(times).toBe(1)
})
