// Bodies that no client sends: each is refused as a whole with a sentence, or read into lines and counted rejections; nothing
// throws anything else, and nothing takes long. The large run is `npm run proof -- bodies`.
import { expect, it } from 'vitest'
import { attackBodies } from './mutants.testing.ts'

it('mutated bodies of every wire format are refused in words, or read', () => {
  const { tried, faults } = attackBodies(2_000, 7)
  expect(faults).toEqual([])
  expect(tried).toBe(2_000)
})
