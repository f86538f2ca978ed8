// The values behind an alert, and the picture of them: when there is one, what it says, and how many are drawn at once.
import { expect, it, vi } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import { addCount, seriesFor } from '../../logs/counters.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import { createChartRenderer, readCurve, sparklineOf } from './alert-chart.ts'

const NOW = Date.parse('2026-03-02T09:00:30Z')
const state = memoryState()
const alert = (values: (number | null)[], more: object = {}, chart: object = {}) =>
  ({
    ...{ id: 7, version: 1, title: 'cpu', since: NOW, resolvedAt: null, labels: {}, projectId: null },
    observation: {
      lines: [],
      chart: { name: 'cpu', unit: '%', points: values.map((value, i) => [NOW + i, value]), ...chart },
    },
    ...more,
  }) as unknown as Alert
const none = (more: object = {}) => ({ ...alert([]), observation: { lines: [] }, ...more }) as Alert

it.each<[string, Alert, boolean]>([
  ['two values', alert([1, 2]), true],
  ['one value', alert([1]), false],
  ['one value among gaps', alert([null, 1, null]), false],
  ['no chart', none(), false],
  ['an error without counts', none({ labels: { fingerprint: 'f' }, projectId: 1 }), false],
  ['an error of no project', none({ labels: { fingerprint: 'f' } }), false],
])('an alert of %s has a curve: %s', (_what, of, has) => {
  expect(readCurve(state, of, NOW) !== null).toBe(has)
  expect(createChartRenderer(async () => new Uint8Array(), 'UTC').hasChart(state, of, NOW)).toBe(has)
})

it('the curve of an error has its counts of the last hour, up to its end', () => {
  const own = memoryState()
  const projectId = addProject(own, 'default', NOW).id
  const minute = Date.parse('2026-03-02T09:00:00Z')
  const series = { source: 'api', host: '', group: '', level: 'error' as const, fingerprint: 'f' }
  own.transaction(() => {
    for (const [back, count] of [
      [0, 3],
      [59, 2],
      [60, 9],
    ] as const) {
      const at = minute - back * MINUTE
      addCount(own, seriesFor(own, projectId, series, at).id, at, count)
    }
  })
  const of = none({ labels: { fingerprint: 'f' }, projectId })
  const { points, name } = readCurve(own, of, NOW)!
  expect([name, points.length]).toEqual(['errors', 60])
  expect([points[0], points[1]![1], points.at(-1)]).toEqual([[minute - 59 * MINUTE, 2], 0, [minute, 3]])
  const earlier = readCurve(own, { ...of, resolvedAt: NOW - MINUTE }, NOW)!
  expect([earlier.points[0], earlier.points.at(-1)]).toEqual([
    [minute - 60 * MINUTE, 9],
    [minute - MINUTE, 0],
  ])
})

it.each<[Alert, number[] | null]>([
  [alert([1]), null],
  [none(), null],
  [alert([1, 2]), [1, 2]],
  [alert(Array.from({ length: 31 }, (_, i) => i)), Array.from({ length: 30 }, (_, i) => i + 1)],
])('the sparkline has the newest thirty values, two at least', (of, values) => {
  expect(sparklineOf(of)).toEqual(values === null ? null : { kind: 'chart', name: 'cpu', values, unit: '%' })
})

it('a sparkline has a threshold where there is one', () => {
  expect(sparklineOf(alert([1, 2], {}, { threshold: 0 }))).toMatchObject({ threshold: 0 })
})

it.each<[Alert, string]>([
  [alert([1, 2.345, null]), 'cpu over time: 2.35 % last, 2.35 % at most'],
  [alert([-5, -2], {}, { unit: '', threshold: 9_000 }), 'cpu over time: -2 last, 0 at most, threshold 9,000'],
])('a picture says what it shows', async (of, alt) => {
  const renderer = createChartRenderer(async () => new Uint8Array([1]), 'UTC')
  expect(await renderer.render(state, of, NOW)).toEqual({ name: 'alert-7.png', alt, png: new Uint8Array([1]) })
})

it('a picture is drawn once for each version and theme, four at once, and none is waited for after a second', async () => {
  const drawn: TimeChart[] = []
  const ends: (() => void)[] = []
  const renderer = createChartRenderer(chart => {
    drawn.push(chart)
    return new Promise(resolve => ends.push(() => resolve(new Uint8Array([drawn.length]))))
  }, 'UTC')
  const render = (more: object = {}, theme?: 'light' | 'dark') =>
    renderer.render(state, alert([1, 2], more), NOW, theme)
  const first = [render(), render(), render({}, 'dark'), render({ version: 2 }), render({ id: 8 })]
  expect(drawn.map(({ theme }) => theme)).toEqual(['light', 'dark', 'light', 'light'])
  expect(await render({ id: 9 })).toBeUndefined()
  for (const end of ends) end()
  expect((await Promise.all(first)).every(picture => picture !== undefined)).toBe(true)
  expect(await render()).toBeDefined()
  expect(drawn).toHaveLength(4)
  vi.useFakeTimers()
  const late = render({ id: 9 })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await late).toBeUndefined()
  vi.useRealTimers()
  expect(
    await createChartRenderer(() => Promise.reject(new Error('no')), 'UTC').render(state, alert([1, 2]), NOW),
  ).toBeUndefined()
})

it('a chart has marks of when its alert began and ended, in order, and the line of its threshold', async () => {
  const charts: TimeChart[] = []
  const renderer = createChartRenderer(async chart => {
    charts.push(chart)
    return new Uint8Array([1])
  }, 'Europe/Oslo')
  await renderer.render(state, alert([1, 2], { resolvedAt: NOW - 1, title: 'x'.repeat(81) }, { threshold: 9 }), NOW)
  await renderer.render(state, alert([1, 2], { id: 8 }), NOW)
  expect(charts[0]).toMatchObject({
    ...{ kind: 'lines', timeZone: 'Europe/Oslo', from: NOW, until: NOW + 1, threshold: { value: 9, name: '9 %' } },
    marks: [
      { at: NOW - 1, name: 'resolved', kind: 'resolved' },
      { at: NOW, name: 'alert 7', kind: 'alert' },
    ],
  })
  expect(charts[0]!.title.length).toBeLessThanOrEqual(80)
  expect(charts[1]!.marks).toHaveLength(1)
  expect(charts[1]).not.toHaveProperty('threshold')
})
