// Routes as people set, change, test and remove them.
import { beforeEach, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../src/testing/app.ts'

let app: TestApp
type Route = {
  name: string
  matcher: string
  channels: string[]
  mention: string[]
  mention_from: string
  continue: boolean
  group_by: string[] | string | null
  set_by: string
}

beforeEach(async () => {
  app = await startApp({ channels: ['ops', 'mail'] })
})

const route = async (line: string) => (await app.result<{ route: Route }>(line)).route
const refusal = async (line: string) => {
  const reply = await app.says(line)
  return reply.ok ? 'accepted' : reply.problem.message
}
const line = async (name: string) => (await app.answerText(`routes show ${name}`)).split('\n')[1]
const names = async () => (await app.result<{ routes: Route[] }>('routes list')).routes.map(({ name }) => name)

describe('a route', () => {
  it('takes everything, mentions nobody and is last, unless it says otherwise', async () => {
    expect(await route('routes add all --to ops')).toMatchObject({
      ...{
        matcher: '',
        channels: ['ops'],
        mention: [],
        mention_from: 'critical',
        continue: false,
        group_by: null,
        set_by: 'Ann',
      },
    })
    expect(await line('all')).toBe('all: everything → ops')
    const words =
      '--matcher severity>=warning --to ops,mail --mention @here --mention-from warning --continue --before all'
    expect(await route(`routes add first ${words}`)).toMatchObject({
      ...{ matcher: 'severity>=warning', channels: ['ops', 'mail'], mention_from: 'warning', continue: true },
    })
    expect(await names()).toEqual(['first', 'all'])
    expect(await line('first')).toBe(
      'first: severity>=warning → ops, mail, mentioning here for severity>=warning; continues with the next route',
    )
  })

  it.each([
    ['host', ['host'], '; one card for each host'],
    ['rule,host', ['rule', 'host'], '; one card for each rule and host'],
    ['all', [], '; one card for all of its alerts'],
    ['off', 'off', '; a card for each alert'],
    ['none', null, ''],
  ])('groups by %s', async (words, result, text) => {
    expect((await route(`routes add r --to ops --group-by ${words}`)).group_by).toEqual(result)
    expect(await line('r')).toBe(`r: everything → ops${text}`)
  })

  it('keeps what an edit does not name', async () => {
    await route('routes add other --to mail')
    await route(
      'routes add r --to ops --matcher severity>=warning --mention @here --mention-from info --continue --group-by host',
    )
    const before = await route('routes show r')
    expect(await route('routes edit r --to mail')).toEqual({ ...before, channels: ['mail'] })
    expect(await route('routes edit r --matcher host:a')).toMatchObject({ matcher: 'host:a', channels: ['mail'] })
    expect(await route('routes edit r --mention none --continue=false --group-by none')).toMatchObject({
      ...{ mention: [], continue: false, group_by: null, mention_from: 'info' },
    })
    expect(await route('routes edit r --mention-from warning')).toMatchObject({ mention_from: 'warning' })
    await route('routes edit r --before other')
    expect(await names()).toEqual(['r', 'other'])
    expect(await refusal('routes edit r')).toContain('Name what to change')
  })

  it('is removed after a question to a person', async () => {
    await route('routes add r --to ops')
    const asked = await app.says('routes remove r', { interactive: true })
    expect(asked.card.title).toBe('Remove the route r?')
    expect(await names()).toEqual(['r'])
    expect((await app.says('routes remove r --yes', { interactive: true })).card.title).toBe('The route r is removed')
    await route('routes add r --to ops')
    await route('routes remove r')
    expect(await names()).toEqual([])
  })

  it('warns of a matcher that nothing has', async () => {
    await (await app.hasCheck('job'))('/fail')
    const { warnings } = await app.result<{ warnings: string[] }>('routes add r --to ops --matcher check:jbo')
    expect(warnings.length).toBe(1)
    expect(await app.answerText('routes edit r --matcher check:jbo')).toContain(warnings[0]!.slice(0, 20))
    expect((await app.result<{ warnings: string[] }>('routes edit r --matcher check:job')).warnings).toEqual([])
  })
})

it('without routes every alert goes to every channel, and with some the rest goes to those of the settings', async () => {
  expect(await app.answerText('routes list')).toContain(
    'Every alert goes to every channel: mail, ops. "routes add" changes that.',
  )
  await route('routes add r --to ops')
  const { card } = await app.says('routes list')
  expect([card.title, card.rows!.map(({ action }) => action!.line)]).toEqual(['1 route', ['routes show r']])
  expect(await app.answerText('routes list')).toContain(
    'Alerts that no route takes go to the channels of the settings.',
  )
})

describe('a test of routes', () => {
  beforeEach(async () => {
    await (await app.hasCheck('job'))('/fail')
    await (await app.hasCheck('other --severity info'))('/fail')
    await route('routes add first --matcher check:job --to ops --mention @here')
    await route('routes add second --to mail')
  })

  it('says for an alert what each route makes of it, and where it went', async () => {
    const text = await app.answerText('routes test 1')
    expect(text).toContain('Recipients of alert 1')
    expect(text).toContain('1 job reported a failure → ops (route first), mentioning here')
    expect(text).toContain('Route first: matches. check:job')
    expect(text).toContain('Route second: not evaluated, because an earlier route took the alert. everything')
    expect(text).toMatch(/Sent to ops by/)
    expect(await app.answerText('routes test 2')).toContain('Route first: does not match.')
    const { tests } = await app.result<{ tests: { alert: number; would_go: object[]; routes: object[] }[] }>(
      'routes test 1',
    )
    expect(tests).toMatchObject([
      {
        alert: 1,
        would_go: [{ channel: 'ops', why: 'route first' }],
        routes: [
          { name: 'first', outcome: 'matches', says: 'fits' },
          { name: 'second', outcome: 'not evaluated', says: 'not asked, for an earlier route took it' },
        ],
      },
    ])
  })

  it('finds alerts by a matcher, ten of them, without the details', async () => {
    const tests = async (words: string) =>
      (await app.result<{ tests: { alert: number }[] }>(`routes test --matcher ${words}`)).tests.map(
        ({ alert }) => alert,
      )
    expect(await tests('severity>=critical')).toEqual([1])
    expect((await tests('detector:*')).length).toBe(2)
    const text = await app.answerText('routes test --matcher severity>=critical')
    expect(text).toContain('Recipients of matching alerts')
    expect(text).not.toContain('Route first:')
    expect(await app.answerText('routes test --matcher check:none')).toContain('No alert matches')
    for (let i = 0; i < 11; i++) await (await app.hasCheck(`more-${i}`))('/fail')
    expect((await tests('check:more-*')).length).toBe(10)
  })

  it('needs something to test', async () => {
    expect(await refusal('routes test')).toBe('Name an alert, or use --matcher to select alerts.')
    expect(await refusal('routes test 99')).toContain('99')
  })
})
