// What becomes of stored lines: they are counted once, their errors alert when they are recent, and failures lose no count.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import { newError } from '../detectors/rules/kinds/new-error.ts'
import { createRuleKinds } from '../detectors/rules/rule-kind.ts'
import { addRule } from '../detectors/rules/rules.ts'
import { silentLogger } from '../logger.ts'
import { listErrors } from '../logs/errors/errors.ts'
import { listSources } from '../logs/sources.ts'
import type { AppendResult, Batch, LineCount, LogWriter } from '../logs/store.ts'
import { addProject, removeProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { withDetection } from './log-detection.ts'

const NOW = Date.parse('2026-03-02T09:00:30Z')
let state: State
let project: ReturnType<typeof addProject>
let answer: Partial<AppendResult>
/** What a commit throws, before its work is done. */
let refuses: Error | null
let errors: string[]
let writer: LogWriter

beforeEach(() => {
  state = memoryState()
  project = addProject(state, 'shop', NOW - 24 * HOUR)
  const made = { name: 'new', matcher: '', createdAt: NOW - 24 * HOUR, createdBy: 'Ann' }
  addRule(state, { ...newError.defaults, ...made, kind: newError.name, for: 0 } as Parameters<typeof addRule>[1])
  refuses = null
  errors = []
  answer = {}
  const store = {
    append: async () => ({ accepted: 1, rejected: 0, errors: [], repeated: false, counts: [], ...answer }),
  }
  writer = withDetection(
    store as unknown as LogWriter,
    state,
    createRuleKinds([newError]),
    async work => {
      if (refuses) throw refuses
      return state.transaction(work)
    },
    { ...silentLogger, error: text => errors.push(text) },
  )
})

const counts = (changes: Partial<LineCount> = {}): LineCount => ({
  ...{ minute: NOW - (NOW % MINUTE), project: 'shop', source: 'api', host: 'web-1', group: '', level: 'info' },
  ...{ fingerprint: '', count: 1, latest: NOW, sample: null, ...changes },
})
const anError = (fingerprint: string, changes: Partial<LineCount> = {}) =>
  counts({
    level: 'error',
    fingerprint,
    sample: { id: '1', message: `${fingerprint} failed`, why: 'message' },
    ...changes,
  })
async function sends(of: LineCount[], changes: Partial<Batch> = {}, result: Partial<AppendResult> = {}) {
  answer = { counts: of, ...result }
  return writer.append({ project: 'shop', receivedAt: NOW, idempotencyKey: null, ...changes } as Batch)
}
const counted = () =>
  state
    .prepare<[], { at: number; count: number; source: string; level: string }>(
      `select at, count, source, level from log_counts join log_series on log_series.id = series order by at, source, level`,
    )
    .all()
const titles = () => listAlerts(state, { open: true, limit: 20 }).map(({ title }) => title)
const known = () =>
  listErrors(state, { limit: 20 }).map(({ fingerprint, count, lastSeenAt }) => [fingerprint, count, lastSeenAt - NOW])

describe('stored lines', () => {
  it('are counted in the minute in which they happened, and their source is known', async () => {
    await sends([counts({ count: 3 }), counts({ count: 2, at: NOW - 5 * MINUTE, source: 'web' })])
    expect(counted()).toMatchObject([
      { at: NOW - 5 * MINUTE - 30_000, count: 2, source: 'web' },
      { at: NOW - 30_000, count: 3, source: 'api' },
    ])
    expect(listSources(state).map(({ name, lastSeenAt }) => [name, lastSeenAt])).toEqual([
      ['api', NOW],
      ['web', NOW],
    ])
  })

  it('of one kind count together, those of another apart', async () => {
    await sends([counts({ count: 3 }), counts({ count: 2 }), counts({ count: 5, level: 'warn' })])
    expect(counted()).toMatchObject([
      { count: 5, level: 'info' },
      { count: 5, level: 'warn' },
    ])
  })

  it('with a key are counted once, also when they come again', async () => {
    await sends([counts()], { idempotencyKey: 'k' })
    await sends([counts()], { idempotencyKey: 'k' }, { repeated: true })
    await sends([counts()], { idempotencyKey: 'other' })
    await sends([counts()])
    expect(counted()).toMatchObject([{ count: 3 }])
  })

  it('that come again are as old as their first receipt', async () => {
    const old = NOW - 40 * 24 * HOUR
    await sends([counts({ minute: old })], { idempotencyKey: 'k' }, { repeated: true })
    expect(counted()).toEqual([])
    await sends([counts({ minute: old })], { idempotencyKey: 'k' })
    expect(counted()).toMatchObject([{ count: 1 }])
  })

  it('of a project that was removed meanwhile count for nobody', async () => {
    removeProject(state, project, NOW)
    await sends([counts()])
    expect([counted(), errors]).toEqual([[], []])
  })

  it('without counts need no transaction', async () => {
    refuses = new Error('full')
    expect(await sends([])).toMatchObject({ accepted: 1 })
    expect(errors).toEqual([])
  })
})

describe('a count that fails', () => {
  it('is made up for with the next batch, and the sender is answered all the same', async () => {
    refuses = new Error('full')
    expect(await sends([counts({ count: 3 })])).toMatchObject({ accepted: 1 })
    expect([counted(), errors]).toEqual([[], ['counting stored lines failed; retrying with the next batch']])
    await sends([counts({ count: 4 })])
    refuses = null
    await sends([counts({ count: 5 })])
    expect(counted()).toMatchObject([{ count: 12 }])
    await sends([counts({ count: 1 })])
    expect(counted()).toMatchObject([{ count: 13 }])
  })
})

describe('an error', () => {
  it('that is new alerts at once, and is stored with its lines', async () => {
    await sends([
      anError('v1:a', { count: 2, latest: NOW - SECOND }),
      anError('v1:a', { count: 3, host: 'web-2', at: NOW - MINUTE, sample: { id: '2', message: 'again', why: 'x' } }),
    ])
    expect(titles()).toEqual(['api on 2 hosts: new error: again'])
    expect(known()).toEqual([['v1:a', 5, 0]])
    const [error] = listErrors(state, { limit: 1 })
    expect(error).toMatchObject({
      source: 'api',
      why: 'message',
      samples: [
        { id: '1', host: 'web-1' },
        { id: '2', host: 'web-2' },
      ],
    })
    expect(error!.recent.map(([, count]) => count).sort()).toEqual([2, 3])
    await sends([anError('v1:a')])
    expect(titles().length).toBe(1)
  })

  it('without a line to show has no reason of its grouping', async () => {
    await sends([anError('v1:a', { sample: null })])
    expect(listErrors(state, { limit: 1 })[0]).toMatchObject({ why: '', samples: [] })
  })

  it('of an hour ago alerts, one of longer ago is only counted', async () => {
    await sends([anError('v1:old', { at: NOW - HOUR - 1 })])
    expect([titles(), known()]).toEqual([[], [['v1:old', 1, -HOUR - 1]]])
    expect(listErrors(state, { limit: 1 })[0]!.recent).toEqual([])
    await sends([anError('v1:young', { at: NOW - HOUR })])
    expect(titles()).toEqual([expect.stringContaining('v1:young failed')])
    expect(listErrors(state, { limit: 9 }).find(({ fingerprint }) => fingerprint === 'v1:young')!.recent.length).toBe(1)
  })

  it('with old and new lines in one batch is as recent as its newest', async () => {
    await sends([anError('v1:a', { at: NOW - 3 * HOUR }), anError('v1:a', { at: NOW - MINUTE })])
    expect([titles().length, known()]).toEqual([1, [['v1:a', 2, -MINUTE]]])
  })

  it('of two projects is two', async () => {
    addProject(state, 'other', NOW)
    await sends([anError('v1:a')])
    await sends([anError('v1:a', { project: 'other' })], { project: 'other' })
    expect(known().length).toBe(2)
  })

  it('whose evaluation fails is evaluated with the next lines of any, and counted at once', async () => {
    state.prepare('alter table alerts rename to gone').run()
    await sends([anError('v1:a', { count: 2 })])
    expect(errors).toEqual(['evaluating counted lines failed; retrying with the next batch'])
    expect(known()).toEqual([['v1:a', 2, 0]])
    state.prepare('alter table gone rename to alerts').run()
    await sends([anError('v1:b')])
    expect(titles().sort()).toEqual([expect.stringContaining('v1:a'), expect.stringContaining('v1:b')])
    await sends([counts()])
    expect(titles().length).toBe(2)
  })
})

it('a source whose times are of another zone again and again is reported, under the name of its project', async () => {
  for (let minute = 0; minute < 6; minute++)
    await sends([counts({ shift: HOUR, at: NOW + minute * MINUTE })], { receivedAt: NOW + minute * MINUTE })
  expect(titles()).toEqual(['api: the times of its lines are of another zone'])
  await sends([counts({ source: 'right' })])
  expect(titles().length).toBe(1)
})
