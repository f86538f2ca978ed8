// Which series a rule counts: all that match, as they come and as the rule is edited, each of them compared once.
import { beforeEach, describe, expect, it } from 'vitest'
import { seriesFor } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import type { Rule } from '../rules/rule.ts'
import { forgetOtherSeries, matchesAnyLine, matchingSeries, seriesOfRule } from './matching-series.ts'

let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const series = (source: string, projectId = 1) =>
  seriesFor(state, projectId, { source, host: '', group: '', level: 'info', fingerprint: '' }, 0).id
const rule = (more: Partial<Rule> = {}) => ({ id: 1, matcher: '', projectId: null, ...more }) as Rule
const matching = (of: Rule) => {
  const steps = seriesOfRule(state, of)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value.map(({ id }) => id)
  }
}

describe('the series of a rule', () => {
  it('are those that match, of its project', () => {
    const [api, web, shop] = [series('api'), series('web'), series('api', 2)]
    expect(matching(rule())).toEqual([api, web, shop])
    expect(matching(rule({ id: 2, matcher: 'source:api' }))).toEqual([api, shop])
    expect(matching(rule({ id: 3, projectId: 2 }))).toEqual([shop])
    expect(matching(rule({ id: 4, matcher: 'project:shop' }))).toEqual([shop])
    expect(matching(rule({ id: 5, matcher: 'project:default source:web' }))).toEqual([web])
  })

  it('are those of the rule as it is now, with the series that came since', () => {
    const [api, web, shop] = [series('api'), series('web'), series('api', 2)]
    expect(matching(rule({ matcher: 'source:api' }))).toEqual([api, shop])
    const later = series('api-2')
    const again = series('web', 2)
    expect(matching(rule({ matcher: 'source:api*' }))).toEqual([api, shop, later])
    expect(matching(rule({ matcher: 'source:web' }))).toEqual([web, again])
    expect(matching(rule({ matcher: 'source:web', projectId: 2 }))).toEqual([again])
    expect(matching(rule({ matcher: 'source:web' }))).toEqual([web, again])
    state.forget('all series')
    state.prepare('delete from log_series where id = ?').run(web)
    expect(matching(rule({ matcher: 'source:web' }))).toEqual([again])
  })

  it('are compared once, until the rule is paused or removed', () => {
    series('api')
    const of = rule({ matcher: 'source:api' })
    matching(of)
    matching(rule({ id: 2 }))
    const cache = state.memory('series of rules')
    const known = cache.get('1')
    matching(of)
    expect(cache.get('1')).toBe(known)
    forgetOtherSeries(state, [of])
    expect([...cache.keys()]).toEqual(['1'])
    expect(cache.get('1')).toBe(known)
  })
})

it('the lines of an error match by their series', () => {
  const [api, web] = [series('api'), series('web')]
  const error = (...ids: number[]) =>
    ({ projectId: 1, recent: ids.map((id, at) => [at, 1, id]) }) as unknown as KnownError
  const of = (matcher: string) => [api, web].map(matchingSeries(state, rule({ matcher }), error(api, web)))
  expect([of(''), of('source:api'), of('project:shop')]).toEqual([
    [true, true],
    [true, false],
    [false, false],
  ])
  // Only what is recent is looked at.
  expect([api, web].map(matchingSeries(state, rule({ matcher: 'source:*' }), error(api)))).toEqual([true, false])
  expect(matchesAnyLine(state, rule({ matcher: 'source:api' }), error(web, api))).toBe(true)
  expect(matchesAnyLine(state, rule({ matcher: 'source:api' }), error(web))).toBe(false)
  expect(matchesAnyLine(state, rule(), error())).toBe(false)
})
