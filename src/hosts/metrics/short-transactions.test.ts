// Many steps in short transactions: all taken, in order, with turns for others between, and none after it is not wanted.
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { inShortTransactions } from './short-transactions.ts'

function busyFor(ms: number) {
  const until = performance.now() + ms
  while (performance.now() < until);
}

it('takes every step in order, and others have their turn before the last', async () => {
  const state = memoryState()
  const taken: number[] = []
  const steps = Array.from({ length: 30 }, (_, i) => () => {
    busyFor(1)
    taken.push(i)
  })
  const all = inShortTransactions(state, steps, () => true)
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

it('takes no further step once they are not wanted, as when Vakt stops', async () => {
  const state = memoryState()
  let taken = 0
  const steps = Array.from({ length: 30 }, () => () => {
    busyFor(5)
    taken++
  })
  await inShortTransactions(state, steps, () => taken < 3)
  expect(taken).toBe(3)
})

it('takes all others when one throws, those of its transaction too, and says so in the end', async () => {
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
  await expect(inShortTransactions(state, steps, () => true)).rejects.toThrow('no')
  expect(state.prepare('select name from key_values order by name').all()).toEqual([
    { name: 'first' },
    { name: 'third' },
  ])
})
