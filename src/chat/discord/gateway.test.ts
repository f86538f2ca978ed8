// The supervised connection on the wire: every way it is lost or refused, reported once, and restored.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fastClock, type Stage, setStage } from './dispatcher.testing.ts'
import { createGateway, nextIdentify } from './gateway.ts'

/** Minutes of waiting in a moment. */
const clock = () => fastClock(2_000)
let stage: Stage
let unhandled: unknown[]
const note = (error: unknown) => unhandled.push(error)

beforeEach(() => {
  unhandled = []
  process.on('unhandledRejection', note)
})

afterEach(async () => {
  await stage.close()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  expect(stage.discord.violations).toEqual([])
})

const isOnline = () => stage.platform.status().state === 'online'
const warnings = () => stage.logger.lines.filter(line => line.startsWith('warn'))

test('it is online with one identify, registers its commands and logs no warning', async () => {
  stage = await setStage()
  expect(stage.platform.status().state).toBe('online')
  expect(stage.discord.gateway.counts).toEqual({ identify: 1, resume: 0, connect: 1 })
  expect(stage.discord.registeredCommands().map(c => c.name)).toEqual([
    'status',
    'whoami',
    'checks',
    'ack',
    'card',
    'slow',
  ])
  expect(stage.platform.channels[0]?.name).toBe('Discord #alerts')
  expect(warnings()).toEqual([])
})

test('commands are registered only when they changed', async () => {
  stage = await setStage({ platform: { clock: clock() } })
  const puts = () => stage.discord.requests.filter(r => r.method === 'PUT').length
  expect(puts()).toBe(1)
  const lookedUp = () =>
    stage.discord.requests.filter(r => r.method === 'GET' && r.path.endsWith('/commands') && r.status === 200).length
  stage.discord.gateway.invalidate(false)
  await stage.discord.until(() => lookedUp() === 2)
  await stage.discord.settled()
  expect(puts()).toBe(1)
})

test('a short loss is resumed without a warning, and commands from meanwhile are answered', async () => {
  stage = await setStage({ platform: { clock: fastClock() } })
  stage.discord.dropGateway(4000)
  await stage.discord.until(() => stage.discord.gateway.connected === 0)
  await stage.discord.say('/status')
  expect(stage.dispatcher.ran).toHaveLength(1)
  expect(stage.discord.gateway.counts).toMatchObject({ identify: 1, resume: 1 })
  expect(warnings()).toEqual([])
})

test('a dead connection is noticed and resumed', async () => {
  stage = await setStage({ discord: { heartbeat: 250 } })
  stage.discord.killGatewaySilently()
  await stage.discord.say('/status')
  expect(stage.discord.gateway.counts.resume).toBe(1)
})

test('a session that always breaks at once is retried with growing waits', async () => {
  stage = await setStage({ start: false })
  const { discord, logger } = stage
  const waits: number[] = []
  let now = 1_800_000_000_000
  const gateway = createGateway({
    token: discord.token,
    apiUrl: discord.apiUrl,
    logger,
    random: () => 0,
    // Time passes by waiting only, so that how busy the machine is says nothing of how long a connection held.
    clock: {
      now: () => now,
      at(at, task) {
        waits.push(at - now)
        const timer = setTimeout(() => {
          now = Math.max(now, at)
          task()
        }, 5)
        return () => clearTimeout(timer)
      },
    },
    onReady() {},
    onMessage() {},
    onInteraction() {},
  })
  gateway.start()
  for (let connections = 1; connections <= 4; connections++) {
    await discord.until(() => discord.gateway.counts.connect === connections && discord.gateway.connected === 1)
    discord.dropGateway(4000)
  }
  await discord.until(() => gateway.status().state === 'online' && discord.gateway.counts.connect === 5)
  const growing = (wait: number) => [1_000, 2_000, 4_000, 8_000].includes(wait)
  expect(waits.filter(growing)).toEqual([1_000, 2_000, 4_000])
  // A connection that lasted half a minute is replaced without a wait.
  now += 30_000
  discord.dropGateway(4000)
  await discord.until(() => discord.gateway.counts.connect === 6)
  expect(waits.filter(growing)).toEqual([1_000, 2_000, 4_000])
  await gateway.stop()
})

test('an outage is reported once, retried with growing waits, and ends by itself', async () => {
  stage = await setStage({ platform: { clock: clock() } })
  await stage.discord.goDown()
  await stage.discord.until(() => stage.platform.status().state === 'lost')
  await stage.discord.until(() => stage.logger.lines.length > 2)
  await stage.discord.comeBack()
  await stage.discord.until(isOnline)
  expect(warnings()).toEqual(['warn: Discord not connected: The connection to Discord is lost. Vakt keeps trying.'])
  await stage.discord.say('/status')
})

test('a refused token is reported as a sentence, and retried', async () => {
  stage = await setStage({ start: false, token: 'not.the.token', platform: { clock: clock() } })
  stage.platform.start()
  await stage.discord.until(() => stage.platform.status().state === 'refused')
  expect(stage.platform.status().message).toContain('Discord does not accept DISCORD_TOKEN')
  stage.discord.revokeToken('not.the.token')
  await stage.discord.until(isOnline)
  expect(warnings()).toHaveLength(1)
})

test('a token that is revoked while connected is reported, and a good one reconnects', async () => {
  stage = await setStage({ platform: { clock: clock() } })
  stage.discord.revokeToken()
  stage.discord.dropGateway(4000)
  await stage.discord.until(() => stage.platform.status().state === 'refused')
  stage.discord.revokeToken(stage.discord.token)
  await stage.discord.until(isOnline)
})

test('disallowed intents are reported as a sentence', async () => {
  stage = await setStage({ start: false, platform: { clock: clock() } })
  stage.discord.gateway.refusesIdentifyWith = 4014
  stage.platform.start()
  await stage.discord.until(() => stage.platform.status().state === 'refused')
  expect(stage.platform.status().message).toContain('refuses the intents')
  stage.discord.gateway.refusesIdentifyWith = undefined
  await stage.discord.until(isOnline)
})

test('the same failure in other words keeps its start', async () => {
  stage = await setStage({ start: false, token: 'not.the.token', platform: { clock: clock() } })
  const status = stage.platform.status
  stage.platform.start()
  await stage.discord.until(() => status().message?.includes('DISCORD_TOKEN'))
  const { since } = status()
  stage.discord.gateway.refusesIdentifyWith = 4014
  stage.discord.revokeToken('not.the.token')
  await stage.discord.until(() => status().message?.includes('refuses the intents'))
  expect(status().since).toBe(since)
})

test('a refused login is reported and retried until it succeeds', async () => {
  stage = await setStage({ start: false, platform: { clock: clock() } })
  await stage.discord.goDown()
  stage.platform.start()
  await stage.discord.until(() => stage.platform.status().state === 'lost')
  expect(stage.platform.status().message).toContain('ECONNREFUSED')
  await stage.discord.comeBack()
  await stage.discord.until(isOnline)
})

test('a 5xx at login costs one request an attempt', async () => {
  stage = await setStage({ start: false })
  stage.discord.fail('GET /gateway/bot', 500, 1)
  stage.platform.start()
  await stage.discord.until(() => stage.platform.status().state === 'lost')
  expect(stage.discord.requests.filter(r => r.path === '/gateway/bot')).toHaveLength(1)
})

test('a spent identify budget is waited out, never overdrawn', async () => {
  stage = await setStage({ start: false, discord: { identifies: 0 }, platform: { clock: clock() } })
  stage.platform.start()
  await stage.discord.until(() => stage.platform.status().state === 'lost')
  expect(stage.platform.status().message).toContain('no more logins until')
  stage.discord.gateway.identifiesLeft = 1_000
  await stage.discord.until(isOnline)
  expect(stage.discord.gateway.counts.identify).toBe(1)
})

test('a server that has not invited the bot yet is reported and set up later', async () => {
  stage = await setStage({ start: false, platform: { clock: clock() } })
  stage.discord.set(stage.discord.channelId, { access: 'hidden' })
  stage.platform.start()
  await stage.discord.until(() => warnings().length > 0)
  expect(warnings()[0]).toContain('View Channel')
  stage.discord.set(stage.discord.channelId, { access: 'full' })
  await stage.discord.until(() => stage.discord.registeredCommands().length > 0)
})

test('for a bot without the scope of slash commands, the log tells how to invite it', async () => {
  stage = await setStage({ start: false, platform: { clock: clock() } })
  stage.discord.fail('GET /applications/*/guilds/*/commands', 403, 1, { code: 50001, message: 'Missing Access' })
  stage.platform.start()
  await stage.discord.until(() => warnings().length > 0)
  expect(warnings()[0]).toContain('with the scopes bot and applications.commands')
  await stage.discord.until(() => stage.discord.registeredCommands().length > 0)
})

test('a stop is final, even in the middle of a login', async () => {
  stage = await setStage({ platform: { clock: clock() } })
  stage.discord.gateway.forget()
  stage.discord.dropGateway(4000)
  // Here the SDK would hang, and then come back as a second bot.
  await stage.discord.until(() => stage.discord.gateway.counts.identify > 1)
  const { connect } = stage.discord.gateway.counts
  await stage.platform.stop()
  await new Promise(resolve => setTimeout(resolve, 650))
  expect(stage.discord.gateway.counts.connect).toBe(connect)
  expect(stage.discord.gateway.connected).toBe(0)
})

test('a command under way is answered before the platform stops', async () => {
  stage = await setStage({ platform: { deferAfterMs: 10 } })
  const invoking = stage.discord.say('/slow')
  await stage.discord.until(() => stage.dispatcher.ran.length === 1)
  await stage.platform.stop()
  expect(stage.discord.text(stage.discord.exchanges()[0]!.original!)).toBe('### done at last')
  await invoking
})

test('a session lost again and again for a day stays below a thousand identifies', () => {
  const spent: number[] = []
  for (let now = 0; now < 86_400_000; ) {
    now = nextIdentify(spent, now)
    spent.push(now)
  }
  expect(spent.length).toBeLessThan(700)
  expect(spent[1]).toBe(5_000)
})
