// Whom routes choose together: no alert is lost to one that cannot take it, and nobody is forgotten.
import { expect, it } from 'vitest'
import { type ChannelRow, chooseRecipients, mergeRecipients, type Route } from './route.ts'

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

const rows = ['a', 'b', 'c'].map(id => ({ id, name: id, origin: 'settings' }) as ChannelRow)
const aRoute = (name: string, channels: string[], more: Partial<Route> = {}) =>
  ({ name, matcher: '', channels, mention: [name], mentionFrom: 'info', continues: false, ...more }) as unknown as Route
const critical = { title: 't', severity: 'critical', detector: 'rule', key: 'k', owner: null, labels: {} } as const
const choose = (routes: Route[]) =>
  chooseRecipients(critical, null, routes, rows).map(({ channelId, mention }) => [channelId, ...mention])

it.each([
  [[aRoute('x', ['gone']), aRoute('y', ['b'])], [['b', 'y']]],
  [[aRoute('x', ['gone'], { continues: true }), aRoute('y', ['b'])], [['b', 'y']]],
  [[aRoute('x', ['gone', 'a']), aRoute('y', ['b'])], [['a', 'x']]],
  [[aRoute('x', ['gone'])], [['a'], ['b'], ['c']]],
])('a route whose channels are all removed takes no alert (%#)', (routes, expected) => {
  expect(choose(routes)).toEqual(expected)
})

it('routes that share a channel all have their people mentioned there, each once', () => {
  const shared = { continues: true }
  expect(choose([aRoute('x', ['a', 'b'], shared), aRoute('y', ['b', 'c'], shared), aRoute('z', ['b'])])).toEqual([
    ['a', 'x'],
    ['b', 'x', 'y', 'z'],
    ['c', 'y'],
  ])
  expect(choose([aRoute('x', ['a'], shared), aRoute('y', ['a'], { mention: ['x', 'w'] })])).toEqual([['a', 'x', 'w']])
  expect(choose([aRoute('x', ['a'], shared), aRoute('y', ['a'], { mention: [] })])).toEqual([['a', 'x']])
})

const ofPerson = { id: 'p', name: 'p', origin: 'person' } as ChannelRow
const added = { id: 'd', name: 'd', origin: 'added' } as unknown as ChannelRow

it.each([
  ['without routes, every channel but those of people', critical, [], ['a', 'b', 'c', 'd']],
  ['a test alert, every channel whatever the routes', { ...critical, detector: 'test' }, [aRoute('x', ['a'])], 'abcd'],
  ['an alert that no route takes, the channels of the settings', critical, [aRoute('x', ['gone'])], ['a', 'b', 'c']],
  ['a route to a person alone takes no alert', critical, [aRoute('x', ['p'])], ['a', 'b', 'c']],
])('%s', (_what, alert, routes, expected) => {
  const chosen = chooseRecipients(alert, null, routes, [...rows, added, ofPerson])
  expect(chosen.map(({ channelId, mention }) => [channelId, mention])).toEqual([...expected].map(id => [id, []]))
})

it('several alerts with one card mention the people of all in each channel', () => {
  const to = (channelId: string, mention: string[], why: string) => ({ channelId, mention, why })
  const merged = mergeRecipients([to('a', ['x'], 'first'), to('b', [], 'first'), to('a', ['y', 'x'], 'second')])
  expect(merged).toEqual([to('a', ['x', 'y'], 'first'), to('b', [], 'first')])
})

it('people are mentioned from the severity of the route on', () => {
  const mentions = (severity: 'info' | 'warning' | 'critical') =>
    chooseRecipients({ ...critical, severity }, null, [aRoute('x', ['a'], { mentionFrom: 'warning' })], rows)[0]
      ?.mention
  expect([mentions('info'), mentions('warning'), mentions('critical')]).toEqual([[], ['x'], ['x']])
})
