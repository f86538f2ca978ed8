// What calls cost: list prices, what is set, and nothing for a model that runs at home.
import { expect, it } from 'vitest'
import { costOf, isHome, priceOf } from './price.ts'

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
])('%s is at home: %s', (url, home) => {
  expect(isHome(url)).toBe(home)
})

it('a price that is set wins, a long prompt costs more, and an unknown model rather too much', () => {
  expect(costOf(priceOf('llama', null, true), 1e6, 1e6)).toBe(0)
  expect(costOf(priceOf('llama', { input: 1, output: 2 }, true), 10, 10)).toBe(30)
  expect(costOf(priceOf('claude-haiku-5-5', null), 100_000, 0)).toBe(10_000)
  expect(costOf(priceOf('claude-haiku-5-5', null), 100_001, 0)).toBe(50_001)
  expect(costOf(priceOf('gpt', null), 1_000, 0)).toBe(5_000)
})
