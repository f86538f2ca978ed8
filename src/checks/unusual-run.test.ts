// Runs that are clearly unusual, and the cards about them.
import { describe, expect, it } from 'vitest'
import { startPings } from '../testing/pings.ts'
import { MINUTE, SECOND } from '../time.ts'
import { unusualDuration, unusualSize } from './unusual-run.ts'

const minutes = (...values: number[]) => values.map(value => value * MINUTE)

describe('a run', () => {
  it.each<[string, number, number[], string | null]>([
    ['of three times the usual time is longer', 60 * MINUTE, minutes(20, 21, 19, 20, 20), 'longer'],
    ['of a tenth is shorter', 2 * MINUTE, minutes(20, 21, 19, 20, 20), 'shorter'],
    ['a little longer is not', 30 * MINUTE, minutes(20, 21, 19, 20, 20), null],
    ['among runs that always differ is not', 60 * MINUTE, minutes(5, 40, 12, 25, 33, 18), null],
    ['is not compared with fewer than five', 60 * MINUTE, minutes(20, 20, 20, 20), null],
    ['of seconds more is not worth a card', 3 * SECOND, Array(9).fill(1100), null],
    ['after one outlier is compared with the rest', 20 * MINUTE, minutes(20, 300, 19, 20, 20), null],
  ])('%s', (_, ms, earlier, kind) => expect(unusualDuration(ms, earlier)?.kind ?? null).toBe(kind))
})

describe('an output', () => {
  it.each<[string, number, number[], string | null]>([
    ['of nothing, where there always was something', 0, [1e9, 5e6, 8e8, 2e7, 3e9], 'smaller'],
    ['of a tenth of the usual', 1e8, [1e9, 1.1e9, 1e9, 0.9e9, 1e9], 'smaller'],
    ['that is larger is as usual', 1e10, [1e9, 1.1e9, 1e9, 0.9e9, 1e9], null],
    ['of nothing, where that happens', 0, [0, 5e6, 0, 2e7, 0], null],
  ])('%s', (_, bytes, earlier, kind) => expect(unusualSize(bytes, earlier)?.kind ?? null).toBe(kind))
})

it('a backup of 0 bytes and a run that ends at once warn, and end with the next usual run', async () => {
  const { app, ping } = await startPings('job --every 1h --watch-duration --watch-size')
  const runs = async (length: string, size: string) => {
    await ping('/start')
    await app.passes(length)
    await ping(`?size=${size}`)
    await app.passes('30m')
  }
  for (let i = 0; i < 6; i++) await runs('10m', '4200000000')
  expect(app.titles()).toEqual([])
  await runs('3s', '0')
  expect(app.titles()).toEqual([
    'Warning: job finished after 3s, usually 10m',
    expect.stringMatching(/^Warning: job wrote 0 ?B, usually 4\.2 ?GB$/),
  ])
  await runs('10m', '4300000000')
  expect(app.titles().every(title => title.startsWith('Resolved'))).toBe(true)
  await runs('3s', 'soon')
  expect(app.titles().filter(title => title.startsWith('Warning'))).toHaveLength(2)
  await app.result('checks edit job --no-watch-size')
  await app.result('checks pause job')
  expect(app.titles().filter(title => title.startsWith('Warning'))).toEqual([])
})
