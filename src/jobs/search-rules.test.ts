// The rules that search the log store: when they search, for what, and what becomes of a rule that changes meanwhile.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import { search } from '../detectors/rules/kinds/search.ts'
import { threshold } from '../detectors/rules/kinds/threshold.ts'
import { createRuleKinds } from '../detectors/rules/rule-kind.ts'
import { addRule, editRule, findRule, type NewRule, removeRule } from '../detectors/rules/rules.ts'
import { silentLogger } from '../logger.ts'
import type { LogReader, PageRequest } from '../logs/store.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { createSearchRules, type SearchRules } from './search-rules.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const INTERVAL_MS = 15 * SECOND

let state: State
let clock: FakeClock
let rules: SearchRules
/** How many lines the next searches count; an error is thrown. */
let total: number | Error
/** When each count was asked for, and its time range, since the start. */
let counts: { at: number; from: number; until: number; timeoutMs: number }[]
let searches: PageRequest[]
let warnings: string[]
/** Holds every count until it is called. */
let gate: Promise<void>

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  total = 0
  counts = []
  searches = []
  warnings = []
  gate = Promise.resolve()
  const store: Pick<LogReader, 'count' | 'search'> = {
    async count({ from, until }, timeoutMs) {
      const now = clock.now()
      counts.push({ at: now - START, from: from! - now, until: until! - now, timeoutMs })
      await gate
      if (total instanceof Error) throw total
      return { total, atLeast: false, searchedTo: null }
    },
    async search(request) {
      searches.push(request)
      return { lines: [{ message: 'timeout of db-1' }], cursor: null } as never
    },
  }
  const logger = {
    ...silentLogger,
    warn: (text: string, fields?: object) =>
      void warnings.push(`${text}: ${(fields as { rule: string } | undefined)?.rule}`),
  }
  rules = createSearchRules(
    state,
    createRuleKinds([threshold, search]),
    store as unknown as LogReader,
    clock,
    logger,
    'UTC',
  )
})

const hasRule = (name: string, draft: Partial<NewRule> = {}) => {
  const made = { name, matcher: 'timeout', createdAt: START - HOUR, createdBy: 'Ann' }
  return addRule(state, { ...search.defaults, kind: search.name, threshold: 5, ...made, ...draft })
}
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)
/** Every count from now on waits until the returned function is called. */
const hold = () => {
  let open = () => {}
  gate = new Promise(resolve => {
    open = resolve
  })
  return open
}

it('search for the first time after 15 s, then every 15 s, over the window, for at most 5 s', async () => {
  hasRule('slow', { window: 2 * MINUTE })
  rules.start()
  await clock.advance(INTERVAL_MS - 1)
  expect(counts).toEqual([])
  await clock.advance(INTERVAL_MS + 1)
  const asked = { from: -2 * MINUTE, until: 1, timeoutMs: 5 * SECOND }
  expect(counts).toEqual([
    { at: INTERVAL_MS, ...asked },
    { at: 2 * INTERVAL_MS, ...asked },
  ])
})

it('show the three newest lines of a breach, and ask for none without one', async () => {
  hasRule('slow')
  rules.start()
  total = 4
  await clock.advance(INTERVAL_MS)
  expect([searches, titles()]).toEqual([[], []])
  total = 5
  await clock.advance(INTERVAL_MS)
  expect(searches).toMatchObject([{ order: 'newest', limit: 3, cursor: null, timeoutMs: 5 * SECOND }])
  expect(titles()).toEqual(['slow: 5 lines in 1 min'])
  const [alert] = listAlerts(state, { open: true, limit: 1 })
  expect(alert!.observation.evidence).toEqual([{ kind: 'output', name: 'Latest lines', text: 'timeout of db-1' }])
})

it('end their alert when the search finds too few lines again', async () => {
  hasRule('slow', { keepFiring: 0 })
  rules.start()
  total = 5
  await clock.advance(INTERVAL_MS)
  total = 0
  await clock.advance(INTERVAL_MS)
  expect(titles()).toEqual([])
})

it('leave paused rules and rules of other kinds alone', async () => {
  hasRule('paused', { paused: true })
  addRule(state, {
    ...{ ...threshold.defaults, kind: threshold.name, name: 'counted', matcher: '' },
    ...{ createdAt: START, createdBy: 'Ann' },
  })
  rules.start()
  total = 5
  await clock.advance(INTERVAL_MS)
  expect([counts, titles(), warnings]).toEqual([[], [], []])
})

it('go on with the next rule, and later with the same, when a search fails', async () => {
  hasRule('slow')
  hasRule('lost')
  rules.start()
  total = new Error('the store is gone')
  await clock.advance(INTERVAL_MS)
  expect(warnings).toEqual(['lost', 'slow'].map(name => `rule evaluation failed; retrying in 15 s: ${name}`))
  total = 5
  await clock.advance(INTERVAL_MS)
  expect(titles().sort()).toEqual(['lost: 5 lines in 1 min', 'slow: 5 lines in 1 min'])
})

describe('while a search runs, a rule', () => {
  const rule = () => findRule(state, 'slow')
  it.each<[string, () => void, string[]]>([
    ['stays as it is', () => {}, ['slow: 5 lines in 1 min']],
    ['is paused', () => editRule(state, rule(), { paused: true }), []],
    ['gets another search', () => editRule(state, rule(), { matcher: 'refused' }), []],
    ['is removed', () => removeRule(state, rule()), []],
    ['gets a higher threshold', () => editRule(state, rule(), { threshold: 6 }), []],
    ['gets a lower threshold', () => editRule(state, rule(), { threshold: 2 }), ['slow: 5 lines in 1 min']],
  ])('that %s is decided as it is then', async (_, change, expected) => {
    hasRule('slow')
    rules.start()
    const open = hold()
    total = 5
    await clock.advance(INTERVAL_MS)
    change()
    open()
    await settled()
    expect([titles(), warnings]).toEqual([expected, []])
  })

  it('is not searched again before the search has ended, however long that takes', async () => {
    hasRule('slow')
    rules.start()
    const open = hold()
    await clock.advance(MINUTE)
    expect(counts.length).toBe(1)
    open()
    await clock.advance(INTERVAL_MS)
    expect(counts.map(({ at }) => at)).toEqual([INTERVAL_MS, MINUTE + INTERVAL_MS])
  })
})

describe('stopping', () => {
  it('starts no further search, waits for the running one, and stores nothing of it', async () => {
    hasRule('slow')
    hasRule('next')
    rules.start()
    const open = hold()
    total = 5
    await clock.advance(INTERVAL_MS)
    let isStopped = false
    const stopping = rules.stop().then(() => {
      isStopped = true
    })
    await settled()
    expect(isStopped).toBe(false)
    open()
    await stopping
    await clock.advance(MINUTE)
    expect([counts.length, titles()]).toEqual([1, []])
  })

  it('between two searches ends them', async () => {
    hasRule('slow')
    rules.start()
    await rules.stop()
    await clock.advance(MINUTE)
    expect(counts).toEqual([])
  })
})

it('the rules of a project do not wait for the searches of another one', async () => {
  const [shop, bank] = ['shop', 'bank'].map(name => addProject(state, name, 0).id)
  hasRule('slow', { projectId: shop! })
  rules.start()
  const open = hold()
  await clock.advance(INTERVAL_MS)
  gate = Promise.resolve()
  hasRule('quick', { projectId: bank! })
  total = 5
  await clock.advance(2 * INTERVAL_MS)
  expect(titles()).toEqual(['quick: 5 lines in 1 min'])
  open()
  await settled()
  expect(titles().sort()).toEqual(['quick: 5 lines in 1 min', 'slow: 5 lines in 1 min'])
  await rules.stop()
})
