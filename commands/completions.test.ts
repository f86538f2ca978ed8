// The choices of autocomplete: which things each list offers, in which order, and how many.
import { beforeEach, expect, it } from 'vitest'
import type { State } from '../src/state/database.ts'
import { storeAlert } from '../src/testing/alerts.ts'
import { type CommandRunner, createCommandRunner } from '../src/testing/command-runner.ts'
import { addTestContainer, addTestHost } from '../src/testing/hosts.ts'
import { completions } from './completions.ts'

let state: State
let run: CommandRunner['run']
beforeEach(() => {
  const runner = createCommandRunner({ store: {}, followJob: null })
  state = runner.state
  run = runner.run
})

const names = (list: string, typed = '') => completions(state, list, typed).map(({ name }) => name)
const values = (list: string, typed = '') => completions(state, list, typed).map(({ value }) => value)

it('what begins with the words comes before what only has them, at most 25 of them', async () => {
  expect(values('zone', 'oslo')).toEqual(['Europe/Oslo'])
  expect(values('zone')).toHaveLength(25)
  expect(values('zone')[0]).toBe('UTC')
  expect(values('zone', 'EUROPE/')).toHaveLength(25)
  expect(values('command', 'list').every(name => name.includes('list'))).toBe(true)
  expect(values('command', 'logs s')[0]).toMatch(/^logs s/)
  for (const name of ['x-back', 'back', 'front']) await run(`projects add ${name}`)
  expect(values('project', 'BACK')).toEqual(['back', 'x-back'])
  expect(values('nothing', 'x')).toEqual([])
  expect(completions(state, 'scenario', 'de', null, () => ['demo', 'outage', 'made'])).toEqual([
    { name: 'demo', value: 'demo' },
    { name: 'made', value: 'made' },
  ])
  expect(completions(state, 'scenario', '')).toEqual([])
})

it('things that have a number or an id show what they are', async () => {
  const one = await run('keys create default')
  const other = await run('keys create default')
  const [first, second] = [one, other].map(({ result }) => (result as { key: { id: string } }).key.id) as [
    string,
    string,
  ]
  await run(`keys revoke ${first}`)
  expect(completions(state, 'key', '')).toEqual([{ name: `${second} (default)`, value: second }])
  const open = storeAlert(state, { title: 'disk is full' })
  storeAlert(state, { title: 'disk was full', state: 'resolved', resolvedAt: 1 })
  expect(completions(state, 'alert', 'DISK')).toEqual([{ name: `${open.id} disk is full`, value: String(open.id) }])
  await run('silence add host:web-1 --for 1h')
  expect(completions(state, 'silence', 'web')).toEqual([{ name: '1 host:web-1', value: '1' }])
  await run('silence end 1')
  expect(values('silence')).toEqual([])
  expect(names('connect', 'python').length).toBeGreaterThan(0)
  expect(names('connect')[0]).toMatch(/^[\w-]+: /)
})

it('names are those of the things there are', async () => {
  const host = addTestHost(state, 'web-1')
  addTestContainer(state, host, 'api')
  await run('checks add nightly --every 1d')
  await run('oncall member add ann --email ann@example.org')
  await run('oncall add primary --members ann')
  await run('escalations add second --after 15m --to ann')
  await run('rules add logins --kind threshold --threshold 1')
  await run('maintenance add deploy --matcher host:web-1 --for 1h')
  await run('reports add morning --daily')
  for (const [list, value] of [
    ['host', 'web-1'],
    ['container', 'web-1/api'],
    ['check', 'nightly'],
    ['person', 'ann'],
    ['rotation', 'primary'],
    ['escalation', 'second'],
    ['maintenance', 'deploy'],
    ['report', 'morning'],
  ])
    expect([list, values(list!)]).toEqual([list, [value]])
  expect(values('rule', 'logins')).toEqual(['logins'])
  for (const list of ['route', 'archive', 'analyzer', 'action', 'error', 'status page', 'channel'])
    expect([list, values(list, 'no such thing')]).toEqual([list, []])
})

it('the last word of a query is completed to a field, a saved search or a name', async () => {
  const cache = {
    namesOf: (field: string) =>
      field === 'source' ? ['api', 'API gateway', 'worker', 'a(b)', `${'a'.repeat(90)}`] : [],
  }
  const query = (typed: string) => completions(state, 'log query', typed, cache as never).map(({ value }) => value)
  expect(query('')).toContain('level>=warn')
  expect(query('payment l')).toEqual([
    'payment level>=warn',
    'payment level>=error',
    'payment last:15m',
    'payment last:1h',
    'payment last:1d',
  ])
  await run('logs save payments tag:payments')
  expect(query('@pay')).toEqual(['@payments'])
  expect(query('level>=warn source:AP')).toEqual(['level>=warn source:api', 'level>=warn source:"API gateway"'])
  expect(query('-source:w')).toEqual(['-source:worker'])
  expect(query('source:a(')).toEqual(['source:"a(b)"'])
  expect(query('project:DEF')).toEqual(['project:default'])
  expect(query('host:x')).toEqual([])
  // What is longer than chats allow is left out.
  expect(query(`${'x'.repeat(3)} source:aa`)).toEqual([])
  expect(query('source:aa')).toHaveLength(1)
  expect(completions(state, 'log query', 'source:a').map(({ value }) => value)).toEqual([])
})
