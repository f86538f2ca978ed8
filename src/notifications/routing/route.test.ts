// A route whose matcher cannot be parsed any more: no alert is lost.
import { expect, it } from 'vitest'
import { type ChannelRow, chooseRecipients, type Route } from './route.ts'

it('a route with a matcher that only an older Vakt could parse takes no alert', () => {
  const row = { id: 'a', name: 'a', origin: 'settings' } as ChannelRow
  const route = {
    name: 'old',
    matcher: 'severity>=',
    channels: ['b'],
    mention: [],
    continues: false,
  } as unknown as Route
  const alert = { title: 't', severity: 'critical', detector: 'rule', key: 'k', owner: null, labels: {} } as const
  expect(chooseRecipients(alert, null, [route], [row, { ...row, id: 'b' }]).map(({ why }) => why)).toEqual([
    'no route fits',
    'no route fits',
  ])
})
