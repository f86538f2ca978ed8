// The table of analyzers: which alerts each is still to run for, when, and how often at most.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { analyzerRuns } from '../../state/schema/index.ts'
import { storeAlert } from '../../testing/alerts.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import {
  addAnalyzer,
  findAnalyzer,
  hasRoomForRun,
  listAnalyzers,
  listDueRuns,
  readNewestRun,
  recordRunEnd,
  recordRunStart,
  removeAnalyzer,
} from './analyzers.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const has = (name: string, more: object = {}) =>
  addAnalyzer(state, {
    ...{ name, file: '/x', matcher: '', projectId: null, timeout: MINUTE, createdAt: NOW, createdBy: 'Ann', ...more },
  })
const fires = (more: Partial<Alert> = {}) => storeAlert(state, { firedAt: NOW, projectId: 1, ...more }).id
const due = (now = NOW) =>
  listDueRuns(state, now).map(({ analyzer, alert, dueAt }) => `${analyzer.name} ${alert.id} ${(dueAt - NOW) / SECOND}`)

describe('analyzers', () => {
  it('are listed and found by name, once each', () => {
    let told = false
    state.onCommit(topics => {
      if (topics.has('alerts')) told = true
    })
    const b = has('b')
    expect(told).toBe(true)
    has('a')
    expect([listAnalyzers(state).map(({ name }) => name), findAnalyzer(state, 'b').id]).toEqual([['a', 'b'], b.id])
    expect(() => has('a')).toThrow(expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } }))
    expect(() => findAnalyzer(state, 'c')).toThrow(expect.objectContaining({ code: 'not_found' }))
    removeAnalyzer(state, b)
    expect(listAnalyzers(state).map(({ name }) => name)).toEqual(['a'])
  })

  it('have a newest run, with how it ended', () => {
    const [a, b] = [has('a'), has('b')]
    const [first, second] = [fires(), fires()]
    recordRunStart(state, a.id, first, NOW)
    recordRunStart(state, a.id, second, NOW - 1)
    recordRunStart(state, b.id, first, NOW + 9)
    expect(readNewestRun(state, a.id)).toMatchObject({ alertId: first, startedAt: NOW, endedAt: null, failure: null })
    recordRunEnd(state, a.id, first, { failure: 'Too slow.', analysisId: null }, NOW + 1)
    expect(readNewestRun(state, a.id)).toMatchObject({ endedAt: NOW + 1, failure: 'Too slow.' })
    const ended = state.db.select().from(analyzerRuns).all()
    expect(ended.filter(({ endedAt }) => endedAt !== null)).toHaveLength(1)
    // Another run for the same alert takes the place of the one before.
    recordRunStart(state, a.id, first, NOW + 2)
    expect(readNewestRun(state, a.id)).toMatchObject({ startedAt: NOW + 2, endedAt: null, failure: null })
    expect(readNewestRun(state, 9)).toBeUndefined()
  })

  it('may run thirty times within an hour', () => {
    const [a, b] = [has('a'), has('b')]
    for (let i = 0; i < 30; i++) recordRunStart(state, a.id, fires(), NOW)
    expect([hasRoomForRun(state, a.id, NOW), hasRoomForRun(state, b.id, NOW)]).toEqual([false, true])
    expect([hasRoomForRun(state, a.id, NOW + HOUR - 1), hasRoomForRun(state, a.id, NOW + HOUR)]).toEqual([false, true])
    recordRunStart(state, b.id, 1, NOW + HOUR)
    for (let i = 1; i < 29; i++) recordRunStart(state, a.id, i, NOW + HOUR)
    expect(hasRoomForRun(state, a.id, NOW + HOUR)).toBe(true)
  })
})

describe('an analyzer is to run', () => {
  it('for each alert that it is for, oldest first, twenty seconds after people were notified', () => {
    fires()
    expect(due()).toEqual([])
    has('b', { matcher: 'severity:critical' })
    has('a', { projectId: 2 })
    has('c', { matcher: 'project:shop' })
    fires({ projectId: 2, severity: 'warning', firedAt: NOW - 5 * SECOND })
    fires({ projectId: null, firedAt: NOW - HOUR, releasedAt: NOW - SECOND })
    expect(due()).toEqual(['b 1 20', 'a 2 15', 'c 2 15', 'b 3 19'])
    recordRunStart(state, findAnalyzer(state, 'b').id, 1, NOW)
    recordRunStart(state, findAnalyzer(state, 'a').id, 3, NOW)
    expect(due()).toEqual(['a 2 15', 'c 2 15', 'b 3 19'])
  })

  it('for none that people were not notified of, that is over or old, or of no real trouble', () => {
    has('a')
    fires({ state: 'resolved', resolvedAt: NOW })
    fires({ suppression: 'silence' })
    for (const detector of ['notice', 'test', 'storm']) fires({ detector })
    expect(due()).toEqual([])
    fires({ state: 'acknowledged' })
    expect([due(NOW + 10 * MINUTE - 1), due(NOW + 10 * MINUTE)]).toEqual([['a 6 20'], []])
  })
})
