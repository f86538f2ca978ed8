// Charts: sparklines, the time axis, and a real PNG.
import { afterAll, describe, expect, it } from 'vitest'
import { drawChart, stopDrawing } from './draw.ts'
import { sparkline } from './sparkline.ts'
import { rangeText, timeLabels, timeTicks } from './time-axis.ts'
import { chartOption } from './time-chart.ts'

afterAll(stopDrawing)

describe('a sparkline', () => {
  it.each([
    [[], ''],
    [[0, 0], '▁▁'],
    [[1, 4, 8], '▂▄█'],
    [[0, null, 100], '▁·█'],
    [[0.001, 1000], '▂█'],
  ])('of %j is %s', (values, text) => {
    expect(sparkline(values)).toBe(text)
  })
})

const chart = {
  title: 'Lines a minute <b>&',
  kind: 'bars' as const,
  unit: 'lines',
  from: Date.parse('2026-03-02T09:00:00Z'),
  until: Date.parse('2026-03-02T10:00:00Z'),
  timeZone: 'Europe/Oslo',
  series: [
    { name: 'info', colour: '#3182ce', points: [[Date.parse('2026-03-02T09:10:00Z'), 5]] as const },
    { name: 'error', colour: '#e53e3e', points: [[Date.parse('2026-03-02T09:10:00Z'), 2]] as const },
  ],
  threshold: { value: 6, name: 'limit 6' },
}

describe('a chart', () => {
  it('is a PNG of 1200 × 680 pixels, also when its texts look like markup', async () => {
    const png = Buffer.from(await drawChart(chart))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 680])
    expect(png.length).toBeGreaterThan(5000)
  })

  it('has the colours of the chat it stands in, and marks of what happened within it', () => {
    const marks = [
      { at: chart.from + 60_000, name: 'alert 7', kind: 'alert' as const },
      { at: chart.from - 1, name: 'before', kind: 'action' as const },
    ]
    const { backgroundColor, series } = chartOption({ ...chart, theme: 'dark', marks }) as never as {
      backgroundColor: string
      series: { color: string; markLine?: { data: { label: { formatter: string } }[] } }[]
    }
    expect(backgroundColor).toBe('#1e1f22')
    expect(series.map(({ color }) => color)).toEqual(['#63b3ed', '#ff7b72'])
    expect(series[0]!.markLine!.data.map(({ label }) => label.formatter)).toEqual(['limit 6', 'alert 7'])
    expect(chartOption(chart).backgroundColor).toBe('#ffffff')
  })

  it('that cannot be drawn is an error', async () => {
    await expect(drawChart({ ...chart, timeZone: 'Mars/Olympus' })).rejects.toThrow('could not be drawn')
  })
})

describe('the time axis', () => {
  const axis = (from: string, until: string, timeZone: string) => {
    const range = { from: Date.parse(from), until: Date.parse(until), timeZone }
    return { text: rangeText(range), labels: [...timeLabels(range, timeTicks(range)).values()] }
  }

  it('has the time of day below 24 hours, in the zone of the chart', () => {
    expect(axis('2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z', 'Europe/Oslo')).toEqual({
      text: '2 Mar 2026, 10:00 to 11:00 (Europe/Oslo)',
      labels: [
        '10:00',
        '10:05',
        '10:10',
        '10:15',
        '10:20',
        '10:25',
        '10:30',
        '10:35',
        '10:40',
        '10:45',
        '10:50',
        '10:55',
        '11:00',
      ],
    })
  })

  it('has the date as well from 24 hours on, where it changes', () => {
    const { text, labels } = axis('2026-03-02T09:10:00Z', '2026-03-03T09:10:00Z', 'UTC')
    expect(text).toBe('2 Mar 2026, 09:10 to 3 Mar 2026, 09:10 (UTC)')
    expect(labels).toEqual([
      '10:00\n2 Mar',
      '12:00',
      '14:00',
      '16:00',
      '18:00',
      '20:00',
      '22:00',
      '00:00\n3 Mar',
      '02:00',
      '04:00',
      '06:00',
      '08:00',
    ])
  })

  it.each([
    [
      '2026-03-02T09:00:00Z',
      '2026-03-09T09:00:00Z',
      'Asia/Kolkata',
      ['3 Mar', '4 Mar', '5 Mar', '6 Mar', '7 Mar', '8 Mar', '9 Mar'],
    ],
    ['2026-03-02T09:00:00Z', '2026-04-01T09:00:00Z', 'UTC', ['9 Mar', '16 Mar', '23 Mar', '30 Mar']],
    ['2016-03-02T09:00:00Z', '2026-03-02T09:00:00Z', 'UTC', expect.any(Array)],
  ])('from %s to %s in %s has ticks at midnight', (from, until, timeZone, labels) => {
    expect(axis(from, until, timeZone).labels).toEqual(labels)
  })

  it('has each local time once when clocks change', () => {
    const spring = axis('2026-03-28T23:00:00Z', '2026-03-29T06:00:00Z', 'Europe/Oslo')
    expect(spring.labels).toEqual(['00:00', '01:00', '03:00', '04:00', '05:00', '06:00', '07:00', '08:00'])
    const autumn = axis('2026-10-24T22:00:00Z', '2026-10-25T04:00:00Z', 'Europe/Oslo')
    expect(autumn.labels).toEqual([
      '00:00',
      '00:30',
      '01:00',
      '01:30',
      '02:00',
      '02:30',
      '03:00',
      '03:30',
      '04:00',
      '04:30',
      '05:00',
    ])
  })
})
