// The dead man's switch of a satellite: when people hear that the main is silent, and that it is back.
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { createMainWatch, type MainWatchOptions } from './main-watch.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const WEBHOOK = 'https://hooks.example.org/vakt'

let state: State
let clock: FakeClock
let sent: { url: string; init: RequestInit }[]
let answer: (url: string) => Response | Promise<Response>
let isOnline: boolean
let waiting: number
let errors: string[]
let warnings: unknown[]

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  sent = []
  answer = () => new Response('')
  isOnline = true
  waiting = 1
  errors = []
  warnings = []
})

const aWatch = (changes: Partial<MainWatchOptions> = {}) =>
  createMainWatch({
    ...{ state, clock, notify: [WEBHOOK], notifyAfterMs: MINUTE, main: 'https://vakt.example.org', place: 'berlin' },
    logger: { ...silentLogger, error: text => errors.push(text), warn: (_, facts) => warnings.push(facts?.reason) },
    isOnline: () => isOnline,
    waiting: () => ({ records: waiting }),
    send: async (url, init) => {
      sent.push({ url, init })
      return answer(url)
    },
    ...changes,
  })
/** An attempt to reach the main `ms` after the start. */
async function attempt(watch: ReturnType<typeof aWatch>, ms: number, failure: string | null = 'it did not answer') {
  clock.sleep(START + ms - clock.now())
  watch.onAttempt(failure, clock.now())
  await settled()
}
const states = () => sent.map(({ init }) => (JSON.parse(init.body as string) as { state: string }).state)
const bodyOf = (at: number) => JSON.parse(sent[at]!.init.body as string) as Record<string, string>

it('people are told once the main was silent for so long, and once when it is back', async () => {
  const watch = aWatch()
  await attempt(watch, 0, null)
  await attempt(watch, 30 * SECOND)
  await attempt(watch, MINUTE - 1)
  expect([sent, watch.silentSince()]).toEqual([[], null])
  await attempt(watch, MINUTE)
  await attempt(watch, 2 * MINUTE)
  expect([states(), watch.silentSince()]).toEqual([['down'], START])
  expect(bodyOf(0)).toMatchObject({
    title: 'Vakt at https://vakt.example.org is silent',
    since: '2026-03-02T09:00:00.000Z',
    text: expect.stringContaining(
      'for 1m: it did not answer. Nobody is alerted of anything else meanwhile. 1 request waits here',
    ),
  })
  expect(errors).toEqual(['the main is silent'])
  await attempt(watch, 3 * MINUTE, null)
  await attempt(watch, 4 * MINUTE, null)
  expect([states(), watch.silentSince()]).toEqual([['down', 'up'], null])
  expect(bodyOf(1)).toMatchObject({
    title: 'Vakt at https://vakt.example.org is back',
    text: 'It answers the satellite berlin again, after 3m. 1 request is being sent.',
  })
})

it('a silence that ends earlier is none, and the next one counts from the last answer', async () => {
  const watch = aWatch()
  await attempt(watch, 0)
  await attempt(watch, 50 * SECOND, null)
  await attempt(watch, 70 * SECOND)
  await attempt(watch, 109 * SECOND)
  expect(sent).toEqual([])
  await attempt(watch, 110 * SECOND)
  expect(states()).toEqual(['down'])
})

it('a satellite that is offline itself says nothing of the main', async () => {
  const watch = aWatch()
  isOnline = false
  await attempt(watch, 0)
  await attempt(watch, 5 * MINUTE)
  expect([sent, errors]).toEqual([[], []])
  isOnline = true
  await attempt(watch, 5 * MINUTE + 1)
  expect(sent).toEqual([])
})

it('a restart of the satellite neither forgets a silence nor tells of it again', async () => {
  await attempt(aWatch(), 0)
  await attempt(aWatch(), MINUTE)
  const watch = aWatch()
  await attempt(watch, 2 * MINUTE)
  expect([states(), watch.silentSince()]).toEqual([['down'], START])
  await attempt(watch, 3 * MINUTE, null)
  expect(states()).toEqual(['down', 'up'])
  expect(aWatch().silentSince()).toBeNull()
})

it('a notice that nobody took is sent again, later and later, and none twice at once', async () => {
  answer = () => new Response('no', { status: 500 })
  const watch = aWatch()
  await attempt(watch, 0)
  await attempt(watch, MINUTE)
  expect([sent.length, watch.silentSince(), warnings]).toEqual([1, null, ['the webhook answered with status 500']])
  await attempt(watch, MINUTE + SECOND - 1)
  expect(sent.length).toBe(1)
  await attempt(watch, MINUTE + 2 * SECOND)
  expect(sent.length).toBe(2)
  await attempt(watch, MINUTE + 4 * SECOND - 1)
  expect(sent.length).toBe(2)
  let take = (_: Response) => {}
  answer = () => new Promise(resolve => (take = resolve))
  await attempt(watch, 2 * MINUTE)
  await attempt(watch, 3 * MINUTE)
  expect(sent.length).toBe(3)
  take(new Response(''))
  await settled()
  expect(watch.silentSince()).toBe(START)
  answer = () => new Response('')
  await attempt(watch, 4 * MINUTE, null)
  expect(sent.length).toBe(4)
})

it('a silence is reported in time after the clock went back', async () => {
  const watch = aWatch()
  await attempt(watch, 60 * MINUTE, null)
  await attempt(watch, 0)
  answer = () => new Response('no', { status: 500 })
  await attempt(watch, MINUTE)
  expect(sent.length).toBe(1)
  answer = () => new Response('')
  await attempt(watch, -60 * MINUTE)
  await attempt(watch, -59 * MINUTE)
  expect([sent.length, watch.silentSince()]).toEqual([2, START - 60 * MINUTE])
})

it('is told when one of several addresses took it', async () => {
  const watch = aWatch({ notify: [WEBHOOK, 'https://other.example.org/'] })
  answer = url => (url === WEBHOOK ? new Response('', { status: 404 }) : new Response(''))
  await attempt(watch, 0)
  await attempt(watch, MINUTE)
  await attempt(watch, 5 * MINUTE)
  expect([sent.length, watch.silentSince()]).toEqual([2, START])
})

it('without an address nothing is sent, and the silence is known', async () => {
  const watch = aWatch({ notify: [] })
  await attempt(watch, 0)
  await attempt(watch, MINUTE)
  expect([sent, watch.silentSince()]).toEqual([[], START])
  await attempt(watch, 2 * MINUTE, null)
  expect(watch.silentSince()).toBeNull()
})

it('says how many requests wait', async () => {
  waiting = 3
  const watch = aWatch()
  await attempt(watch, 0)
  await attempt(watch, MINUTE)
  expect(bodyOf(0).text).toContain('3 requests wait here')
  await attempt(watch, 2 * MINUTE, null)
  expect(bodyOf(1).text).toContain('3 requests are being sent.')
  waiting = 0
  await attempt(watch, 3 * MINUTE)
  await attempt(watch, 5 * MINUTE)
  await attempt(watch, 6 * MINUTE, null)
  expect(bodyOf(3).text).toContain('Everything that waited here was sent.')
})

describe('a notice', () => {
  it.each([
    ['Discord', 'https://discord.com/api/webhooks/123/abc', { content: /^🔴 Vakt at .* is silent\n/ }],
    ['Slack', 'https://hooks.slack.com/services/T/B/x', { text: /^🔴 Vakt at .* is silent\n/ }],
    ['others', WEBHOOK, { content: /^🔴 Vakt at .* is silent\n/, state: /^down$/ }],
  ])('is written as %s reads it', async (_, url, fields) => {
    const watch = aWatch({ notify: [url] })
    await attempt(watch, 0)
    await attempt(watch, MINUTE)
    for (const [field, pattern] of Object.entries(fields)) expect(bodyOf(0)[field]).toMatch(pattern)
    expect(sent[0]!.init).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } })
    await attempt(watch, 2 * MINUTE, null)
    expect(sent[1]!.init.body).toContain('🟢 ')
  })

  it('of Discord mentions nobody', async () => {
    const watch = aWatch({ notify: ['https://discord.com/api/webhooks/123/abc'] })
    await attempt(watch, 0)
    await attempt(watch, MINUTE, '@everyone')
    expect(bodyOf(0)).toMatchObject({ allowed_mentions: { parse: [] } })
  })

  it('of ntfy is text with a title of ASCII, urgent while the main is silent', async () => {
    const watch = aWatch({ notify: ['https://ntfy.sh/ops'], main: 'https://vakt.münchen.example' })
    await attempt(watch, 0)
    await attempt(watch, MINUTE)
    await attempt(watch, 2 * MINUTE, null)
    const [down, up] = sent.map(({ init }) => init.headers as Record<string, string>)
    expect(down).toMatchObject({ title: 'Vakt at https://vakt.m?nchen.example is silent', priority: 'urgent' })
    expect(up).toMatchObject({ priority: 'default' })
    expect(sent[0]!.init.body).toMatch(/^It has not answered/)
  })
})
