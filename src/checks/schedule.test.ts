// The default grace of a check.
import { expect, it } from 'vitest'
import { startPings } from '../testing/pings.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { graceFor } from './schedule.ts'

it.each([
  [SECOND, SECOND],
  [2 * SECOND, SECOND],
  [3 * SECOND, SECOND],
  [10 * SECOND, 5 * SECOND],
  [10 * MINUTE, 5 * MINUTE],
  [23 * HOUR, HOUR],
  [24 * HOUR, 2 * HOUR],
  [7 * 24 * HOUR, 2 * HOUR],
])('the grace of a beat every %i ms is %i ms', (every, grace) => expect(graceFor(every)).toBe(grace))

it('a check that beats every second has time for a beat that is a little late', async () => {
  const { app, key } = await startPings()
  await app.request(`/ping/${key}/quick?create=1&period=1s`)
  await app.passes('1900ms')
  expect(app.titles()).toEqual([])
  await app.passes('100ms')
  expect(app.titles()).toEqual(['Critical: quick sent no beat'])
})
