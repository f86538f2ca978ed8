// Charts: sparklines by table, and a PNG drawn for real.
import { afterAll, describe, expect, it } from 'vitest'
import { drawChart, stopDrawing } from './draw.ts'
import { sparkline } from './sparkline.ts'
import { chartOption } from './time-chart.ts'

afterAll(stopDrawing)

describe('a sparkline', () => {
  it.each([
    [[], ''],
    [[0, 0], '▁▁'],
    [[1, 4, 8], '▂▄█'],
    [[0, null, 100], '▁·█'],
    [[0.001, 1000], '▂█'],
  ])('of %j is %s', (values, shown) => {
    expect(sparkline(values)).toBe(shown)
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
  it('is drawn as a PNG of its size, also when its texts look like markup', async () => {
    const png = Buffer.from(await drawChart(chart))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(png.readUInt32BE(16)).toBe(900)
    expect(png.length).toBeGreaterThan(5000)
  })

  it('is written in the reader’s zone', () => {
    const option = chartOption(chart) as { xAxis: { axisLabel: { formatter(at: number): string } } }
    expect(option.xAxis.axisLabel.formatter(chart.from)).toBe('10:00')
  })

  it('that cannot be drawn says so', async () => {
    await expect(drawChart({ ...chart, timeZone: 'Mars/Olympus' })).rejects.toThrow('could not be drawn')
  })
})
