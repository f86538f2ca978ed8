// Routes whose matcher cannot be read any more: nothing is lost by them.
import { expect, it } from 'vitest'
import { type ChannelRow, type Route, recipientsOf } from './route.ts'

it('a route with a matcher that an older Vakt could read takes nothing, and keeps nothing from being told', () => {
  const row = { id: 'a', name: 'a', origin: 'settings' } as ChannelRow
  const route = { name: 'old', matcher: 'severity>=', channels: ['b'], mention: [], goesOn: false } as unknown as Route
  const alert = { title: 't', severity: 'critical', detector: 'rule', key: 'k', owner: null, labels: {} } as const
  expect(recipientsOf(alert, null, [route], [row, { ...row, id: 'b' }]).map(one => one.why)).toEqual([
    'no route fits',
    'no route fits',
  ])
})
