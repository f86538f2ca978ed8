// The cost of calls: list prices, configured prices, and free models on a private host.
import { expect, it } from 'vitest'
import { computeCost, computeReportedCost, findPrice, isPrivateHost } from './price.ts'

it.each([
  ['http://localhost:11434/v1', true],
  ['http://127.0.0.1:8000/v1', true],
  ['http://[::1]:8000/v1', true],
  ['http://172.20.0.3/v1', true],
  ['http://ollama:11434/v1', true],
  ['http://gpu.lan/v1', true],
  ['https://api.openai.com/v1', false],
  ['https://10.example.com/v1', false],
  ['http://172.32.0.3/v1', false],
  ['http://8.8.8.8/v1', false],
])('%s is a private host: %s', (url, isPrivate) => {
  expect(isPrivateHost(url)).toBe(isPrivate)
})

it('a configured price has priority, a long prompt costs more, and an unknown model has a high price', () => {
  expect(computeCost(findPrice('llama', null, true), 1e6, 1e6)).toBe(0)
  expect(computeCost(findPrice('llama', { input: 1, output: 2 }, true), 10, 10)).toBe(30)
  expect(computeCost(findPrice('claude-haiku-5-5', null), 100_000, 0)).toBe(10_000)
  expect(computeCost(findPrice('claude-haiku-5-5', null), 100_001, 0)).toBe(50_001)
  expect(computeCost(findPrice('gpt', null), 1_000, 0)).toBe(5_000)
})

it.each([
  [10, 20, 50],
  [0, 0, 0],
  [-1_000_000, 20, 99],
  [10, -1, 99],
  [Number.NaN, 20, 99],
  [Number.POSITIVE_INFINITY, 20, 99],
  [10, undefined as never, 99],
])('a provider that reports %s and %s tokens, where 99 is reserved, costs %s', (input, output, cost) => {
  expect(computeReportedCost({ input: 1, output: 2 }, { input, output }, 99)).toBe(cost)
})
