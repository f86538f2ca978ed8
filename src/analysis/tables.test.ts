// The tables of analyses: what each query answers and leaves out, and where a mention's command line comes from.
import { beforeEach, describe, expect, it } from 'vitest'
import { readAlert } from '../alerts/alerts.ts'
import { addChannel } from '../notifications/routing/channels.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { notifications } from '../state/schema/index.ts'
import { storeAlert } from '../testing/alerts.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { findAlertMessage, listAlertMessages, readAlertMessageRef } from './alert-messages.ts'
import {
  type Analysis,
  countAncestors,
  countAutomaticAnalyses,
  countFollowUps,
  createUniqueDigest,
  deletePendingAnswer,
  findAnalysis,
  listAlertsToAnalyze,
  listAnalyses,
  listAutomaticProjects,
  listPendingAnswers,
  pruneAnalyses,
  readByDigest,
  readNewestAnalysis,
  readNewestIdOfAlert,
  recordPendingAnswer,
  saveAnalysis,
  setAutomaticAnalysis,
} from './analyses.ts'
import type { Pack } from './evidence/pack.ts'
import { readAlertSubject } from './evidence/subjects.ts'
import { readMention } from './mention.ts'
import type { Verdict } from './model/verdict.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const PACK: Pack = {
  ...{ subject: 'the logs', where: null, from: 0, until: 1, comparedFrom: -1 },
  ...{ patterns: [], lines: [], timeline: [], measurements: [] },
  coverage: { lines: 0, atLeast: false, linesRead: 0, linesShown: 0, linesBefore: 0, patterns: 0, patternsShown: 0 },
}
const VERDICT: Verdict = {
  ...{ status: 'healthy', headline: 'nothing happened', findings: [], cause: null, ruledOut: [], nextSteps: [] },
  ...{ missing: [], suspicious: [], citations: { verified: 0, given: 0 }, unmentioned: [] },
}

let state: State
beforeEach(() => {
  state = memoryState()
})
const save = (more: Partial<Analysis> = {}) =>
  saveAnalysis(state, {
    ...{ at: NOW, kind: 'logs', subject: 'the logs', question: null, alertId: null, projectId: null, parentId: null },
    ...{ askedBy: 'ann', automatic: false, digest: 'd', outcome: 'healthy', headline: 'fine', model: null, cost: 0 },
    ...{ verdict: null, noModelReason: null, pack: null },
    ...more,
  })
const ids = (rows: readonly { id: number }[]) => rows.map(({ id }) => id)

describe('an analysis', () => {
  it('is stored with its verdict and its evidence', () => {
    const saved = save({ verdict: VERDICT, pack: PACK })
    expect(saved).toMatchObject({ id: 1, verdict: VERDICT, pack: PACK })
    expect(findAnalysis(state, 1)).toEqual(saved)
    expect(save()).toMatchObject({ id: 2, verdict: null, pack: null })
    expect(() => findAnalysis(state, 3)).toThrow('There is no analysis 3.')
  })

  it('of an earlier version is read by the names of today', () => {
    save({ pack: PACK })
    const event = { id: 'E1', at: 1, text: 'it happened', command: null }
    const measurement = { id: 'M1', at: 2, text: 'CPU rose' }
    const { timeline: _, measurements: __, ...old } = PACK
    const store = (pack: object) => state.prepare('update analyses set pack = ?').run(JSON.stringify(pack))
    store({ ...old, happenings: [event], measured: [measurement] })
    expect(findAnalysis(state, 1).pack).toEqual({ ...PACK, timeline: [event], measurements: [measurement] })
    store(old)
    expect(findAnalysis(state, 1).pack).toEqual(PACK)
    store({ ...old, timeline: [event], measurements: [measurement] })
    expect(findAnalysis(state, 1).pack).toEqual({ ...PACK, timeline: [event], measurements: [measurement] })
  })

  it('that is the newest is the person’s own, otherwise anybody’s', () => {
    expect(readNewestAnalysis(state, 'ann')).toBeUndefined()
    save({ askedBy: 'bo' })
    save({ askedBy: 'bo' })
    expect(readNewestAnalysis(state, 'ann')!.id).toBe(2)
    save({ askedBy: 'ann' })
    save({ askedBy: 'ann' })
    save({ askedBy: 'bo' })
    expect(readNewestAnalysis(state, 'ann')!.id).toBe(4)
    expect(readNewestAnalysis(state, 'bo')!.id).toBe(5)
  })

  it('answers again for its digest since an instant, when a model answered', () => {
    expect(readByDigest(state, 'd', 0)).toBeUndefined()
    save({ verdict: VERDICT, at: NOW })
    save({ verdict: VERDICT, at: NOW, digest: 'other' })
    save({ verdict: null, at: NOW + 5 })
    expect(readByDigest(state, 'd', NOW)!.id).toBe(1)
    expect(readByDigest(state, 'd', NOW + 1)).toBeUndefined()
    save({ verdict: VERDICT, at: NOW })
    expect(readByDigest(state, 'd', NOW)!.id).toBe(4)
    expect(createUniqueDigest()).toMatch(/^once:.+/)
    expect(createUniqueDigest()).not.toBe(createUniqueDigest())
  })

  describe('is listed', () => {
    beforeEach(() => {
      addProject(state, 'shop', NOW)
      storeAlert(state)
      save({ headline: 'the disk is full', subject: 'host web-1', question: 'why 100% slow?', alertId: 1 })
      save({ headline: 'the network broke', subject: 'host WEB-2', projectId: 1 })
      save({ headline: 'fine', subject: 'a_b', verdict: { ...VERDICT, headline: 'the network broke' }, projectId: 1 })
      save({ headline: 'fine', subject: 'axb \\', alertId: 1 })
    })

    it.each<[string, Parameters<typeof listAnalyses>[1], number[]]>([
      ['newest first', { limit: 10 }, [4, 3, 2, 1]],
      ['up to the limit', { limit: 3 }, [4, 3, 2]],
      ['of an alert', { limit: 10, alertId: 1 }, [4, 1]],
      ['of another alert', { limit: 10, alertId: 2 }, []],
      ['of a project', { limit: 10, projectId: 1 }, [3, 2]],
      ['before another', { limit: 10, before: 3 }, [2, 1]],
      ['before another of an alert', { limit: 10, before: 4, alertId: 1 }, [1]],
      ['by a word of the headline', { limit: 10, words: 'disk' }, [1]],
      ['by a word of the subject, in any case', { limit: 10, words: 'web-2' }, [2]],
      ['by a word of the question', { limit: 10, words: 'slow' }, [1]],
      ['by a word of the verdict or the headline', { limit: 10, words: 'network' }, [3, 2]],
      ['by words of several places', { limit: 10, words: ' slow   full ' }, [1]],
      ['by words that are not together', { limit: 10, words: 'network full' }, []],
      ['by a percent sign', { limit: 10, words: '0%' }, [1]],
      ['by an underscore', { limit: 10, words: 'a_b' }, [3]],
      ['by a backslash', { limit: 10, words: '\\' }, [4, 3].slice(0, 1)],
      ['by nothing but space', { limit: 10, words: '  ' }, [4, 3, 2, 1]],
      ['by the first ten words', { limit: 10, words: `${'the '.repeat(9)}disk nowhere` }, [1]],
      ['by ten words, each of which counts', { limit: 10, words: `${'the '.repeat(9)}nowhere` }, []],
    ])('%s', (_, filter, expected) => {
      expect(ids(listAnalyses(state, filter))).toEqual(expected)
    })
  })

  it('knows how many precede and follow it directly', () => {
    for (const parentId of [null, 1, 2, 1]) save({ parentId })
    expect([1, 2, 3, 4].map(id => countFollowUps(state, id))).toEqual([2, 1, 0, 0])
    expect([1, 2, 3, 4].map(id => countAncestors(state, id))).toEqual([0, 1, 2, 1])
  })

  it('of an alert is found while it has its evidence', () => {
    storeAlert(state)
    storeAlert(state)
    expect(readNewestIdOfAlert(state, 1)).toBeNull()
    for (const alertId of [1, 1, 2, null]) save({ alertId, pack: PACK })
    save({ alertId: 1 })
    expect(readNewestIdOfAlert(state, 1)).toBe(2)
    expect(readNewestIdOfAlert(state, 2)).toBe(3)
  })

  it('loses its evidence after a day, and its follow-up questions with it, and is deleted after 90 days', () => {
    save({ at: NOW - DAY, pack: PACK })
    save({ at: NOW - DAY - 1, pack: PACK })
    save({ at: NOW, pack: PACK, parentId: 2 })
    save({ at: NOW, pack: PACK, parentId: 3 })
    save({ at: NOW, pack: PACK, parentId: 1 })
    save({ at: NOW - 90 * DAY })
    save({ at: NOW - 90 * DAY - 1 })
    pruneAnalyses(state, NOW)
    const found = listAnalyses(state, { limit: 10 })
    expect(found.map(({ id, pack }) => [id, pack !== null])).toEqual([
      [6, false],
      [5, true],
      [4, false],
      [3, false],
      [2, false],
      [1, true],
    ])
  })
})

describe('automatic analysis', () => {
  beforeEach(() => {
    for (const name of ['shop', 'blog', 'art']) addProject(state, name, NOW)
  })

  it('is turned on and off for a project', () => {
    setAutomaticAnalysis(state, 1, true, 'ann', NOW)
    setAutomaticAnalysis(state, 2, true, 'ann', NOW)
    setAutomaticAnalysis(state, 1, true, 'bo', NOW)
    expect(listAutomaticProjects(state)).toEqual(['blog', 'shop'])
    setAutomaticAnalysis(state, 1, false, 'ann', NOW)
    setAutomaticAnalysis(state, 3, false, 'ann', NOW)
    expect(listAutomaticProjects(state)).toEqual(['blog'])
  })

  it('is due 20 seconds after a critical alert of the project notified people, for ten minutes', () => {
    setAutomaticAnalysis(state, 1, true, 'ann', NOW)
    const store = (more: Parameters<typeof storeAlert>[1] = {}) =>
      storeAlert(state, { projectId: 1, firedAt: NOW, ...more }).id
    const fresh = store()
    store({ projectId: 2 })
    store({ projectId: null })
    store({ severity: 'warning' })
    store({ suppression: 'silence' })
    store({ state: 'resolved', resolvedAt: NOW })
    const acknowledged = store({ state: 'acknowledged' })
    const released = store({ firedAt: NOW - DAY, releasedAt: NOW - MINUTE })
    store({ firedAt: NOW - 10 * MINUTE })
    const old = store({ firedAt: NOW - 10 * MINUTE + 1 })
    const analyzed = store()
    save({ alertId: analyzed })
    expect(listAlertsToAnalyze(state, NOW)).toEqual([
      { id: fresh, dueAt: NOW + 20 * SECOND },
      { id: acknowledged, dueAt: NOW + 20 * SECOND },
      { id: released, dueAt: NOW - MINUTE + 20 * SECOND },
      { id: old, dueAt: NOW - 10 * MINUTE + 1 + 20 * SECOND },
    ])
  })

  it('counts those of the last hour', () => {
    save({ automatic: true, at: NOW })
    save({ automatic: true, at: NOW - HOUR + 1 })
    save({ automatic: true, at: NOW - HOUR })
    save({ automatic: false, at: NOW })
    expect(countAutomaticAnalyses(state, NOW)).toBe(2)
  })
})

it('a message that waits for its answer is known until it has it', () => {
  const waiting = { channelId: 'discord', ref: '1', title: 'x', retryLine: 'analyze', at: NOW }
  expect([recordPendingAnswer(state, waiting), recordPendingAnswer(state, { ...waiting, ref: '2' })]).toEqual([1, 2])
  deletePendingAnswer(state, 1)
  expect(listPendingAnswers(state)).toEqual([{ ...waiting, id: 2, ref: '2' }])
})

describe('a mention', () => {
  beforeEach(() => {
    for (const id of ['discord:1', 'slack:1']) addChannel(state, { id, name: id }, NOW)
    for (const at of [1, 2, 3]) storeAlert(state, { firedAt: at })
    state.db
      .insert(notifications)
      .values([
        { alertId: 1, channelId: 'discord:1', ref: 'm1' },
        { alertId: 2, channelId: 'discord:1', ref: 'm2' },
        { alertId: 1, channelId: 'slack:1', ref: 'm2' },
        { alertId: 3, channelId: 'slack:1', ref: null },
      ])
      .run()
  })

  it('belongs to the card of a channel that it is under', () => {
    expect(findAlertMessage(state, ['discord:1'], ['m2'])).toEqual({ alert: 2, channel: 'discord:1', ref: 'm2' })
    expect(findAlertMessage(state, ['slack:1'], ['m1', 'm2'])).toEqual({ alert: 1, channel: 'slack:1', ref: 'm2' })
    expect(findAlertMessage(state, ['slack:1', 'discord:1'], ['m1', 'm2'])!.ref).toBe('m1')
    expect(findAlertMessage(state, ['slack:1'], ['m1'])).toBeNull()
    expect([1, 3].map(id => readAlertMessageRef(state, id, 'slack:1'))).toEqual(['m2', null])
    expect(readAlertMessageRef(state, 2, 'slack:1')).toBeNull()
    expect(listAlertMessages(state, 1)).toEqual([
      { channel: 'discord:1', ref: 'm1' },
      { channel: 'slack:1', ref: 'm2' },
    ])
    expect(listAlertMessages(state, 3)).toEqual([])
  })

  const mention = (text: string, under = ['m1'], thread?: { id: string; ref: string }) =>
    readMention(state, {
      channels: ['discord:1'],
      under,
      text,
      ...(thread ? { thread } : {}),
    } as Parameters<typeof readMention>[1])

  it('asks about the newest evidence of the alert, and gathers new evidence without any', () => {
    expect(mention(' ').line).toBe('analyze alert 1')
    expect(mention('  why\n now ? ').line).toBe('analyze alert 1 --question="why now ?"')
    save({ alertId: 1, pack: PACK })
    expect(mention('why').line).toBe('analyze ask --analysis 1 --question=why')
    expect(mention('').line).toBe('analyze alert 1')
    expect(() => mention('why', ['m9'])).toThrow('in a reply to the card of the alert')
  })

  it('gathers new evidence after ten follow-up questions', () => {
    save({ alertId: 1, pack: PACK })
    for (let parentId = 1; parentId < 10; parentId++) save({ alertId: 1, pack: PACK, parentId })
    expect(mention('why').line).toBe('analyze ask --analysis 10 --question=why')
    save({ alertId: 1, pack: PACK, parentId: 10 })
    expect(mention('why').line).toBe('analyze alert 1 --question=why')
  })

  it('is answered under the card, or in its thread', () => {
    expect(mention('why').place).toEqual({ channel: 'discord:1', ref: 'm1' })
    const { channel, ref } = mention('why', ['m1'], { id: 't', ref: 'm9' }).place
    expect(channel).not.toBe('discord:1')
    expect(channel).toContain('discord:1')
    expect(ref).toBe('m9')
  })
})

describe('the subject of an alert', () => {
  const subject = (more: Parameters<typeof storeAlert>[1], now = NOW) =>
    readAlertSubject(state, storeAlert(state, { since: NOW, firedAt: NOW, title: 'it is slow', ...more }).id, now)
  const window = (more: Parameters<typeof storeAlert>[1], now?: number) => {
    const { from, until } = subject(more, now)
    return [from - NOW, until - NOW]
  }

  it.each<[string, Parameters<typeof storeAlert>[1], number, number, number]>([
    ['that just fired', {}, 0, -15 * MINUTE, 1],
    ['that fires for ten minutes', {}, 10 * MINUTE, -15 * MINUTE, 10 * MINUTE + 1],
    ['that fires for an hour', {}, HOUR, -15 * MINUTE, 46 * MINUTE],
    ['that began before it fired', { since: NOW - 5 * MINUTE }, HOUR, -20 * MINUTE, 41 * MINUTE],
    ['that began long before it fired', { since: NOW - HOUR }, HOUR, -75 * MINUTE, MINUTE + 1],
    ['that began after it fired', { since: NOW + MINUTE }, HOUR, -15 * MINUTE, 46 * MINUTE],
    ['that is resolved', { state: 'resolved', resolvedAt: NOW + 5 * MINUTE }, HOUR, -15 * MINUTE, 6 * MINUTE],
  ])('%s is the time around its start', (_, more, later, from, until) => {
    expect(window(more, NOW + later)).toEqual([from, until])
  })

  it('is in its project, with its origins and what it saw', () => {
    addProject(state, 'shop', NOW)
    const labels = { host: 'web-1', source: 'api', container: 'c', check: 'job', other: 'x' }
    const lines = ['it broke', ['at ', { bold: 'b' }, { code: 'c' }, { time: 0 }, { label: 'l' }]]
    const { title, where, projectId, preferredOrigins, knownEvents } = subject({
      projectId: 1,
      labels,
      observation: { lines } as never,
      since: NOW - 1,
    })
    expect({ title, where, projectId, preferredOrigins, knownEvents }).toEqual({
      title: 'alert 1: it is slow',
      where: { kind: 'field', field: 'project', value: 'shop' },
      projectId: 1,
      preferredOrigins: ['web-1', 'api', 'c', 'job'],
      knownEvents: [
        {
          at: NOW - 1,
          text: 'this alert (critical) began: it is slow. it broke at bc1970-01-01T00:00:00.000Zl',
          command: 'alerts show 1',
        },
      ],
    })
  })

  it('of no project is everywhere, with the earlier alerts of its key', () => {
    for (const key of ['k', 'other', 'k', 'k', 'k'])
      storeAlert(state, { key, title: 'earlier', firedAt: NOW - HOUR, state: 'resolved' })
    const { where, preferredOrigins, knownEvents } = subject({ key: 'k', labels: {} })
    expect({ where, preferredOrigins }).toEqual({ where: null, preferredOrigins: [] })
    expect(knownEvents!.map(({ command }) => command)).toEqual([6, 5, 4, 3].map(id => `alerts show ${id}`))
    expect(knownEvents![1]!.text).toBe('the same alert fired before, 1h ago: earlier')
    expect(readAlert(state, 6)).toBeDefined()
    expect(() => readAlertSubject(state, 7, NOW)).toThrow('There is no alert 7.')
  })
})
