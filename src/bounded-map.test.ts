// The bounded map: its limit, and what makes room.
import { expect, it } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

it('holds the most recently used entries', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  expect(map.get('a')).toBe(1)
  map.set('c', 3)
  expect([map.size, map.has('b'), map.get('a'), map.get('c')]).toEqual([2, false, 1, 3])
  map.set('a', 4)
  map.set('d', 5)
  expect([...map.values()]).toEqual([4, 5])
})
