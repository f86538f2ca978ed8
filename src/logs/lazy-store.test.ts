// The lazy store: opened by its first use, and a store that does not open says so to the person who asked.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Problem } from '../problem.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { type LazyStore, lazyStore } from './lazy-store.ts'
import type { LogLine } from './line.ts'
import { ALL } from './store.testing.ts'
import type { LogStore } from './store.ts'

const BROKEN = new Problem('internal', 'The log store in /data/logs cannot be opened: the disk is gone.')

let opened: number
let isBroken: boolean
let hasLines: boolean
let store: LazyStore
let app: TestApp

beforeEach(() => {
  opened = 0
  isBroken = false
  hasLines = false
  store = lazyStore(
    async () => {
      opened++
      if (isBroken) throw BROKEN
      return openedStore()
    },
    () => hasLines,
  )
})

afterEach(async () => {
  await app?.stop()
})

it('opens once, when it is first used', async () => {
  expect([store.isOpen(), opened]).toEqual([false, 0])
  expect(await Promise.all([store.purge(ALL), store.count(ALL, 1_000)])).toEqual([
    3,
    { total: 5, atLeast: false, searchedTo: null },
  ])
  expect([store.isOpen(), opened]).toEqual([true, 1])
})

it('does not open for autocomplete, maintenance or closing while it has no lines', async () => {
  expect(await store.values('source', '', 5)).toEqual([])
  expect(await store.maintain(0)).toEqual({ removed: [], status: null })
  await store.close()
  expect(opened).toBe(0)
  hasLines = true
  expect(await store.values('source', '', 5)).toEqual(['api'])
})

it('opens again with the next call when opening failed', async () => {
  isBroken = true
  await expect(store.purge(ALL)).rejects.toBe(BROKEN)
  isBroken = false
  expect(await store.purge(ALL)).toBe(3)
})

it('hands over the lines of a live tail until it is stopped', async () => {
  const lines: LogLine[] = []
  const stop = await store.tail(ALL, taken => lines.push(...taken))
  stop()
  expect(lines.map(({ message }) => message)).toEqual(['first', 'stopped'])
})

it('tells a person whose live tail cannot start, in the chat and over HTTP', async () => {
  isBroken = true
  app = await startApp({ store })
  expect(await app.says('logs tail', { platform: 'terminal' })).toMatchObject({ ok: false, problem: BROKEN })
  expect(app.channel.messages).toEqual([])
  const answer = await app.request('/api/logs/tail', { headers: { authorization: 'Bearer admin-key-for-tests' } })
  expect(answer.status).toBe(500)
  expect(await answer.json()).toMatchObject({ error: { message: BROKEN.message } })
})

function openedStore(): LogStore {
  const line = (message: string) => [{ message } as LogLine]
  const methods: Partial<LogStore> = {
    purge: async () => 3,
    count: async () => ({ total: 5, atLeast: false, searchedTo: null }),
    values: async () => ['api'],
    async tail(_query, onLines) {
      onLines(line('first'), 0)
      return () => onLines(line('stopped'), 0)
    },
  }
  return methods as LogStore
}
