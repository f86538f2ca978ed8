// The connection to Slack fails in every known way; Vakt reports it in one sentence, and reconnects.
import { afterEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../clock.ts'
import { type Logger, silentLogger } from '../../logger.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { type Slack, startSlack } from '../../testing/slack/slack.ts'
import { MINUTE } from '../../time.ts'
import type { Platform } from '../channel.ts'
import { createConnection } from './connection.ts'
import { slack as definition } from './definition.ts'
import { createTestDispatcher } from './dispatcher.testing.ts'
import { createSlack } from './platform.ts'

let slack: Slack
let bot: Platform
const logged: string[] = []
let onlineAgain = 0
const note = (level: string) => (message: string, facts?: Record<string, unknown>) => {
  if (facts?.part === 'slack sdk') return
  logged.push(`${level}: ${message}${facts?.reason === undefined ? '' : `: ${facts.reason}`}`)
}
const logger: Logger = { debug() {}, info: note('info'), warn: note('warn'), error: note('error') }

// An unhandled rejection anywhere in these stories fails the run.
afterEach(async () => {
  await bot.stop()
  await slack.stop()
})

async function start(
  more: { botToken?: string; appToken?: string | null; clock?: Clock; pingMs?: number; timeoutMs?: number } = {},
) {
  slack = await startSlack()
  logged.length = 0
  onlineAgain = 0
  const settings = { channelId: slack.channel, apiUrl: slack.apiUrl, signingSecret: 's', ...tokens(more) }
  bot = createSlack({
    settings,
    capabilities: definition.capabilities,
    dispatcher: createTestDispatcher().dispatcher,
    clock: more.clock ?? systemClock,
    logger,
    timeZone: 'UTC',
    retryDelays: { baseMs: 20, maxMs: 60, refusedMs: 60 },
    pingMs: more.pingMs ?? 250,
    timeoutMs: more.timeoutMs ?? 1_500,
    onOnline: () => {
      onlineAgain += 1
    },
  })
  bot.start()
}
const tokens = (more: { botToken?: string; appToken?: string | null }) => ({
  botToken: more.botToken ?? slack.botToken,
  appToken: more.appToken === undefined ? slack.appToken : more.appToken,
})
const state = (wanted: string) => slack.until(() => bot.status().state === wanted, `the state ${wanted}`)
const works = async () => (await slack.say('/vakt whoami', slack.member, slack.channel)).acked

test('connects, and logs it once', async () => {
  await start()
  expect(bot.status().state).toBe('connecting')
  await state('online')
  expect(await works()).toBe(true)
  expect(bot.channels[0]).toMatchObject({ id: `slack:${slack.channel}`, name: 'Slack #ops' })
  expect(logged).toEqual(['info: Slack connected'])
  expect(onlineAgain).toBe(1)
})

test('a wrong bot token is reported without the token, and retried', async () => {
  await start({ botToken: 'xoxb-mistyped' })
  await state('refused')
  expect(bot.status().message).toBe(
    'Slack refuses the token (invalid_auth): check SLACK_BOT_TOKEN and SLACK_APP_TOKEN.',
  )
  await slack.until(() => slack.requests.length >= 3)
  expect(logged).toEqual([`error: Slack not connected: ${bot.status().message}`])
})

test('a wrong app token is reported too', async () => {
  await start({ appToken: 'xapp-mistyped' })
  await state('refused')
  expect(logged[0]).toContain('Slack refuses the token (invalid_auth)')
})

test('a revoked token that is restored is noticed by itself', async () => {
  await start()
  await state('online')
  slack.revokeTokens()
  slack.dropSocket()
  await state('refused')
  slack.revokeTokens(false)
  await state('online')
  expect(await works()).toBe(true)
})

test('a dropped socket is replaced', async () => {
  await start()
  await state('online')
  slack.dropSocket()
  await state('lost')
  expect(bot.status().message).toBe('The connection to Slack failed: the socket was lost. Vakt keeps trying.')
  await state('online')
  expect(onlineAgain).toBe(2)
  expect(await works()).toBe(true)
})

test('a dead socket is noticed', async () => {
  await start()
  await state('online')
  slack.killSocketSilently()
  await slack.until(() => slack.sockets.opened() === 2)
  await state('online')
})

test('a refresh is no loss and is not logged', async () => {
  await start()
  await state('online')
  slack.refreshSockets()
  await slack.until(() => slack.sockets.opened() === 2 && slack.sockets.count() === 1)
  expect(await works()).toBe(true)
  expect(logged).toEqual(['info: Slack connected'])
})

test('a socket without a greeting is given up and retried', async () => {
  await start()
  await state('online')
  slack.withholdHello(1)
  slack.dropSocket()
  await slack.until(() => slack.sockets.opened() === 2)
  await state('online')
  expect(logged.at(-2)).toBe(
    'warn: Slack not connected: The connection to Slack failed: the socket closed before a greeting. Vakt keeps trying.',
  )
})

test('an outage of Slack is reported once, and its end noticed', async () => {
  await start()
  await state('online')
  await slack.goDown()
  await state('lost')
  await slack.until(() => bot.status().message?.includes('ECONNREFUSED'))
  await slack.comeBack()
  await state('online')
  expect(await works()).toBe(true)
})

test('an outage of Slack at the start delays nothing', async () => {
  await start()
  await bot.stop()
  await slack.goDown()
  const settings = { channelId: slack.channel, apiUrl: slack.apiUrl, signingSecret: null, ...tokens({}) }
  const retryDelays = { baseMs: 20, maxMs: 60, refusedMs: 60 }
  bot = createSlack({
    settings,
    capabilities: definition.capabilities,
    dispatcher: createTestDispatcher().dispatcher,
    clock: systemClock,
    logger,
    timeZone: 'UTC',
    retryDelays,
  })
  bot.start()
  await state('lost')
  await slack.comeBack()
  await state('online')
})

test.each([['auth.test'], ['apps.connections.open']])('%s failing and hanging', async method => {
  await start()
  await state('online')
  slack.fail(method, 500)
  slack.fail(method, 'internal_error')
  slack.hang(method)
  slack.dropSocket()
  await slack.until(() => slack.sockets.opened() === 2)
  await state('online')
  expect(await works()).toBe(true)
})

test('the wait of a rate limit is kept', async () => {
  await start()
  await state('online')
  slack.limit('apps.connections.open', { retryAfter: 1 })
  const before = performance.now()
  slack.dropSocket()
  await slack.until(() => slack.sockets.opened() === 2)
  expect(performance.now() - before).toBeGreaterThan(990)
})

test.each<[string, () => Promise<unknown>]>([
  ['before the first answer', async () => {}],
  [
    'while the greeting is awaited',
    async () => slack.until(() => slack.requests.some(({ method }) => method === 'apps.connections.open')),
  ],
  ['when connected', () => state('online')],
  [
    'while waiting to try again',
    async () => {
      await state('online')
      await slack.goDown()
      await state('lost')
    },
  ],
])('stops %s', async (_when, arrive) => {
  await start()
  await arrive()
  await bot.stop()
})

test('stops within about a second when the socket is dead and nobody knows yet', async () => {
  await start({ pingMs: 10 * MINUTE })
  await state('online')
  slack.killSocketSilently()
  await bot.stop()
})

test('stops while Slack does not answer at all', async () => {
  await start({ timeoutMs: 10 * MINUTE })
  await state('online')
  slack.hang('auth.test', 99)
  slack.dropSocket()
  await state('lost')
  const asked = () => slack.requests.filter(({ method }) => method === 'auth.test').length
  await slack.until(() => asked() >= 2)
  await bot.stop()
})

test('stops while the greeting is missing', async () => {
  await start()
  await state('online')
  slack.withholdHello(99)
  slack.dropSocket()
  await state('lost')
  await slack.until(() => slack.requests.filter(({ method }) => method === 'apps.connections.open').length === 2)
  await bot.stop()
})

test('in HTTP mode a revoked token is noticed at the next check', async () => {
  let looks: (() => void)[] = []
  const clock: Clock = {
    now: Date.now,
    at(at, task) {
      if (at - Date.now() < 60_000) return systemClock.at(at, task)
      expect(at - Date.now()).toBeLessThanOrEqual(5 * 60_000)
      looks.push(task)
      return () => {}
    },
  }
  await start({ appToken: null, clock })
  await state('online')
  slack.revokeTokens()
  await slack.until(() => looks.length > 0)
  for (const look of looks.splice(0)) look()
  await state('refused')
  slack.revokeTokens(false)
  await state('online')
  looks = []
})

test('a good session ends the back-off: after outages in weeks the first attempt comes as soon as ever', async () => {
  await start()
  const clock = createFakeClock(0)
  const waits: number[] = []
  let isDown = true
  let loseSession = () => {}
  const connection = createConnection({
    clock: {
      now: clock.now,
      at(at, task) {
        waits.push(at - clock.now())
        return clock.at(at, task)
      },
    },
    ...{ logger: silentLogger, random: () => 0, retryDelays: { baseMs: 1_000, maxMs: 60_000, refusedMs: 300_000 } },
    async checkTokens() {
      if (isDown) throw new Error('down')
    },
    async openSession() {
      const ended = new Promise<'lost'>(resolve => {
        loseSession = () => resolve('lost')
      })
      return { ended, close: async () => loseSession() }
    },
  })
  connection.start()
  for (let outage = 0; outage < 3; outage++) {
    await settled()
    await clock.advance(8_000)
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000])
    isDown = false
    await clock.advance(8_000)
    expect(connection.status().state).toBe('online')
    waits.splice(0)
    isDown = true
    loseSession()
  }
  await connection.stop()
})
