// What is usual at an hour of the week, and rules that alert on what is not: on lines of weeks with their days and nights.
import { beforeEach, describe, expect, it } from 'vitest'
import { addCount, seriesFor } from '../../logs/counters.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { DAY, HOUR } from '../../time.ts'
import { baselineOf, unusualness } from './seasonal.ts'

describe('a baseline', () => {
  it.each<[string, number[], number | null]>([
    ['is the middle', [10, 12, 11, 9, 10], 10],
    ['does not follow an outage or a burst', [100, 101, 0, 99, 100_000], 100],
    ['is unknown of a few values', [1, 2, 3], null],
  ])('%s', (_, values, median) => {
    expect(baselineOf(values, true)?.median ?? null).toBe(median)
  })

  it('allows for chance in counts, and for a twentieth in anything', () => {
    expect(baselineOf([100, 100, 100, 100], true)).toEqual({ median: 100, spread: 10 })
    expect(baselineOf([90, 90, 90, 90], false)).toEqual({ median: 90, spread: 4.5 })
    expect(baselineOf([0, 0, 0, 0], false)).toEqual({ median: 0, spread: 1 })
    expect(unusualness(50, { median: 100, spread: 10 })).toBe(-5)
  })
})

// A Monday noon; the six weeks before it have busy days and quiet nights.
const START = '2026-03-02T12:00:00Z'
let app: TestApp
let noise = 1
const random = () => {
  noise = (noise * 48_271) % 2_147_483_647
  return noise / 2_147_483_647
}
const usual = (at: number) => {
  const hour = new Date(at).getUTCHours()
  const isWeekend = [0, 6].includes(new Date(at).getUTCDay())
  return (hour >= 7 && hour < 19 ? 2_000 : 100) * (isWeekend ? 0.3 : 1) * (0.9 + 0.2 * random())
}
let series: number
beforeEach(async () => {
  noise = 1
  app = await startApp({ start: START })
  await app.result('projects add shop')
  const labels = { source: 'api', host: '', group: '', level: 'info' as const, fingerprint: '' }
  const now = app.clock.now()
  app.state.transaction(() => {
    series = seriesFor(app.state, 2, labels, now).id
    for (let at = now - 34 * DAY; at < now; at += HOUR) addCount(app.state, series, at, Math.round(usual(at)))
  })
})
const open = async () =>
  (await app.result<{ alerts: { title: string }[] }>('alerts list')).alerts.map(({ title }) => title)
/** The rule looks at ten minutes instead of an hour. */
const quickly = (flags = '') => app.result(`rules edit intake --window 10m --for 1m --keep-firing 5m ${flags}`)
const addsLines = (perMinute: number, minutes: number) => {
  for (let minute = 0; minute < minutes; minute++)
    addCount(app.state, series, app.clock.now() + minute * 60_000, perMinute)
}

describe('a rule of the kind anomaly', () => {
  it('is there from the start for the intake, and says nothing while it is as usual', async () => {
    expect((await app.result<{ rule: { kind: string } }>('rules show intake')).rule.kind).toBe('anomaly')
    await quickly()
    addsLines(33, 20)
    await app.passes('20m')
    expect(await open()).toEqual([])
  })

  it('says nothing where only an old file makes the weeks before known', async () => {
    await quickly()
    app.state.prepare('delete from log_counts').run()
    addCount(app.state, series, app.clock.now() - 17 * DAY, 500)
    addsLines(33, 20)
    await app.passes('20m')
    expect(await open()).toEqual([])
    expect(await app.result('rules test intake')).toMatchObject({ cards: 0 })
  })

  it('alerts when the lines of an hour of the week are missing, and ends when they are back', async () => {
    await quickly()
    addsLines(2, 15)
    await app.passes('15m')
    expect(await open()).toEqual(['intake: fewer lines than usual'])
    expect(app.cardText()).toMatch(/usual at this hour of the week are [\d,]+ lines, give or take/)
    addsLines(33, 20)
    await app.passes('20m')
    expect(await open()).toEqual([])
  })

  it('alerts on more than usual, but at night not on what is usual by day', async () => {
    await quickly()
    addsLines(400, 15)
    await app.passes('15m')
    expect(await open()).toEqual(['intake: more lines than usual'])
  })

  it('with a direction alerts in that one only', async () => {
    await quickly('--operator ">"')
    addsLines(1, 15)
    await app.passes('15m')
    expect(await open()).toEqual([])
  })

  it('is tested on the past, with how many of its cards coincide with other alerts', async () => {
    const now = app.clock.now()
    // An outage of three hours two days ago, which another alert was about, and a burst that nothing else saw.
    for (const hours of [51, 50, 49]) addCount(app.state, series, now - hours * HOUR, -usual(now - hours * HOUR) * 2)
    app.state.prepare('update log_counts set count = 0 where count < 0').run()
    addCount(app.state, series, now - 20 * HOUR, 50_000)
    const tested = await app.result<{ cards: number; precision: number }>('rules test intake --last 7d')
    expect(tested).toMatchObject({ cards: 2, precision: 0 })
    const beat = await app.hasCheck('job')
    await beat('/fail')
    app.state
      .prepare('update alerts set since = ?, fired_at = ?, resolved_at = ?, state = ?')
      .run(...[now - 50 * HOUR, now - 50 * HOUR, now - 49 * HOUR, 'resolved'])
    expect(await app.result('rules test intake --last 7d')).toMatchObject({ cards: 2, precision: 0.5, confirmed: 1 })
    expect(await app.answerText('rules test intake --last 7d')).toContain(
      '1 of 2 cards (50 %) coincides with another alert',
    )
    expect((await app.result<{ cards: number }>('rules test intake --last 7d --minimum 1000000')).cards).toBe(0)
  })

  it('of what is known for less than two weeks says nothing', async () => {
    app.state.prepare('delete from log_counts where at < ?').run(app.clock.now() - 13 * DAY)
    await quickly()
    await app.passes('15m')
    expect(await open()).toEqual([])
  })

  it('refuses a window of days, and lines by container', async () => {
    expect(await app.answerText('rules add a --kind anomaly --window 1d')).toContain('from 5m to 1h')
    expect(await app.answerText('rules add a --kind anomaly --per container')).toContain('not counted per container')
    expect(await app.answerText('rules add cpu --kind anomaly --metric cpu --per host --minimum 10')).toContain('cpu')
  })
})
