// How long an engine that does not answer is left alone.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Problem } from '../../problem.ts'
import { EngineHealth } from './engine-health.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

it.each([
  [10, 3_000],
  [7_000, 21_000],
  [60_000, 30_000],
])('a question that fails after %i ms is not asked again for %i ms', async (tookMs, restMs) => {
  const health = new EngineHealth(Date.now, () => {})
  let asked = 0
  const ask = () =>
    health.ask(async () => {
      asked++
      vi.advanceTimersByTime(tookMs)
      throw new Problem('busy', 'It does not answer.')
    })
  await expect(ask()).rejects.toThrow()
  vi.advanceTimersByTime(restMs - 1)
  await expect(ask()).rejects.toThrow('It does not answer.')
  expect(asked).toBe(1)
  vi.advanceTimersByTime(1)
  await expect(ask()).rejects.toThrow()
  expect(asked).toBe(2)
})

it('an engine that answers whoever ships is asked at once', async () => {
  const health = new EngineHealth(Date.now, () => {})
  await expect(health.ask(() => Promise.reject(new Problem('busy', 'x')))).rejects.toThrow()
  await health.try(async () => {})
  expect(await health.ask(async () => 'an answer')).toBe('an answer')
})
