// For how long requests are known by their body.
import { expect, it } from 'vitest'
import { MINUTE } from '../time.ts'
import { forgetBefore } from './repeat-memory.ts'

it('bodies are known for a quarter of an hour, and a process that began just now forgets none', () => {
  const begun = 1_000_000_000_000
  expect(forgetBefore(begun + MINUTE, begun)).toBeNull()
  expect(forgetBefore(begun + 14 * MINUTE, begun)).toBeNull()
  expect(forgetBefore(begun + 20 * MINUTE, begun)).toBe(begun + 5 * MINUTE)
  // A clock that went back before the start of the process forgets none.
  expect(forgetBefore(begun - MINUTE, begun)).toBeNull()
})
