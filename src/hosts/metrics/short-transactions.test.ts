// Many steps in short transactions: all run in order, other work runs between them, and a stop ends them.
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { runInShortTransactions } from './short-transactions.ts'

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
