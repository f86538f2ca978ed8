// What senders are charged for refused work.
import { expect, it } from 'vitest'
import { MINUTE } from '../time.ts'
import { REFUSED_BYTES_PER_MINUTE, RefusedWork } from './refused-work.ts'

it('a sender waits once it had more refused than a minute allows, and nobody else does', () => {
  const refused = new RefusedWork()
  for (let i = 0; i < 16; i++) {
    expect(refused.waitFor('bomber', 0)).toBe(0)
    refused.charge('bomber', REFUSED_BYTES_PER_MINUTE / 16, 0)
  }
  const waitMs = refused.waitFor('bomber', 0)
  expect(waitMs).toBeGreaterThanOrEqual(1_000)
  expect(refused.waitFor('bomber', MINUTE)).toBe(0)
  expect(refused.waitFor('other', 0)).toBe(0)
})

it('one huge request is waited off in proportion, and small ones cost at least a little', () => {
  const refused = new RefusedWork()
  refused.charge('huge', 3 * REFUSED_BYTES_PER_MINUTE, 0)
  expect(refused.waitFor('huge', 0)).toBe(2 * MINUTE)
  expect(refused.waitFor('huge', 2 * MINUTE - 1)).toBeGreaterThan(0)
  expect(refused.waitFor('huge', 2 * MINUTE + 1_000)).toBe(0)
  for (let i = 0; i < 3_000; i++) refused.charge('tiny', 1, 0)
  expect(refused.waitFor('tiny', 0)).toBeGreaterThan(0)
})

it('a clock that went back gives nobody more, and keeps nobody waiting for longer', () => {
  const refused = new RefusedWork()
  refused.charge('sender', 2 * REFUSED_BYTES_PER_MINUTE, 60 * MINUTE)
  expect(refused.waitFor('sender', 0)).toBe(MINUTE)
  expect(refused.waitFor('sender', MINUTE / 2)).toBe(MINUTE / 2)
})
