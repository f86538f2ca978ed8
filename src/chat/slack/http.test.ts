// HTTP mode: what is accepted, what is refused, and that commands, buttons and forms work the same way.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { silentLogger } from '../../logger.ts'
import { type Slack, sign, startSlack } from '../../testing/slack/slack.ts'
import type { Platform } from '../channel.ts'
import { slack as definition } from './definition.ts'
import { createTestDispatcher } from './dispatcher.testing.ts'
import { SCOPES } from './manifest.ts'
import { createSlack } from './platform.ts'

let slack: Slack
let bot: Platform
let server: Server
let url: string
let dispatcher: ReturnType<typeof createTestDispatcher>

beforeEach(async () => {
  slack = await startSlack({ scopes: SCOPES, retryDelays: [0, 0, 0] })
  dispatcher = createTestDispatcher()
  const settings = {
    botToken: slack.botToken,
    appToken: null,
    signingSecret: slack.signingSecret,
    channelId: slack.channel,
    apiUrl: slack.apiUrl,
  }
  bot = createSlack({
    settings,
    capabilities: definition.capabilities,
    dispatcher: dispatcher.dispatcher,
    clock: systemClock,
    logger: silentLogger,
    timeZone: 'UTC',
    timeoutMs: 1_500,
  })
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const answer = await bot.receive!(Buffer.concat(chunks), request.headers as Record<string, string>)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`
  slack.deliverTo(url)
  bot.start()
  await slack.until(() => bot.status().state === 'online')
})
afterEach(async () => {
  await bot.stop()
  server.closeAllConnections()
  server.close()
  await slack.stop()
})

const now = () => Math.floor(Date.now() / 1000)
const COMMAND = 'command=%2Fvakt&text=status&user_id=U00KARI&user_name=kari&channel_id=C000OPS&team_id=T1'
const send = (headers: Record<string, string>, body = COMMAND) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } })
const signed = (seconds: number | string = now(), secret = slack.signingSecret, body = COMMAND) => ({
  'x-slack-request-timestamp': String(seconds),
  'x-slack-signature': sign(secret, seconds, body),
})

describe('the receiver', () => {
  test('accepts a signature over the raw body, up to five minutes old or ahead', async () => {
    expect((await send(signed())).status).toBe(200)
    expect((await send(signed(now() - 290))).status).toBe(200)
    expect((await send(signed(now() + 290))).status).toBe(200)
    await slack.until(() => dispatcher.ran.length === 3)
  })

  test('runs nothing for a person whom the workspace does not know, whatever team they claim', async () => {
    for (const team of ['T0OTHER', 'T1']) {
      const body = COMMAND.replace('U00KARI', 'U0STRANGER').replace('T1', team)
      expect((await send(signed(now(), slack.signingSecret, body), body)).status).toBe(200)
    }
    await slack.settled()
    expect(dispatcher.ran).toEqual([])
  })

  test.each<[string, () => Record<string, string>, string]>([
    ['an old signature', () => signed(now() - 310), 'five minutes'],
    ['a signature from the future', () => signed(now() + 310), 'five minutes'],
    ['a signature with another secret', () => signed(now(), 'other'), 'does not match'],
    ['a signature of another body', () => signed(now(), slack.signingSecret, 'command=other'), 'does not match'],
    [
      'a timestamp that was not signed',
      () => ({ ...signed(), 'x-slack-request-timestamp': `${now() - 5}` }),
      'does not match',
    ],
    ['a missing signature', () => ({ 'x-slack-request-timestamp': `${now()}` }), 'does not match'],
    [
      'a cut signature',
      () => ({ ...signed(), 'x-slack-signature': signed()['x-slack-signature'].slice(0, 20) }),
      'not match',
    ],
    ['a missing timestamp', () => ({ 'x-slack-signature': signed()['x-slack-signature'] }), 'missing'],
    ['a timestamp of words', () => signed('yesterday'), 'not a number of seconds'],
  ])('refuses %s', async (_what, headers, sentence) => {
    const response = await send(headers())
    expect(response.status).toBe(401)
    expect(await response.text()).toContain(sentence)
    await slack.settled()
    expect(dispatcher.ran).toEqual([])
  })

  test('refuses a body that is neither a form nor JSON', async () => {
    const body = '{"type":'
    const headers = { ...signed(now(), slack.signingSecret, body), 'content-type': 'application/json' }
    expect((await send(headers, body)).status).toBe(400)
    const xml = { ...signed(), 'content-type': 'text/xml' }
    expect((await send(xml)).status).toBe(400)
  })

  test.each([
    ['a press without team or person', 'payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%5D%7D'],
    [
      'a press without a team',
      'payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U1%22%7D%7D',
    ],
    ['a command without a team', 'command=%2Fvakt&text=status&user_id=U1'],
    ['something else altogether', 'a=b'],
  ])('answers %s with 400', async (_what, body) => {
    expect((await send(signed(now(), slack.signingSecret, body), body)).status).toBe(400)
    expect(dispatcher.ran).toEqual([])
  })
})

test('the URL is verified', async () => {
  expect(await slack.verifyUrl()).toBe(true)
})

test('commands, buttons and forms work', async () => {
  await slack.say('/vakt whoami', slack.member, slack.channel)
  await slack.until(() => slack.ephemerals(slack.member).length === 1)
  const button = { label: 'Acknowledge', line: 'ack 7', ask: ['note', 'host'] }
  await bot.channels[0]!.post({ title: 'Late', tone: 'critical', buttons: [button] }, 'n1')
  await slack.press(slack.messages()[0]!, 'Acknowledge', slack.member)
  const modal = await slack.until(() => slack.views(slack.member).at(-1))
  expect(await slack.suggest(modal, 'host', 'api', slack.member)).toHaveLength(3)
  await slack.submit(modal, { Note: 'eh' }, slack.member)
  expect(modal.errors).toEqual({ note: 'must have at least 4 characters' })
  await slack.submit(modal, { Note: 'disk full' }, slack.member)
  await slack.until(() => slack.ephemerals(slack.member).length === 2)
  expect(slack.violations).toEqual([])
})

test('an event that Slack sends several times is answered once', async () => {
  expect(
    (await slack.event({ type: 'app_mention', user: slack.member, channel: slack.channel, text: 'hi' })).acked,
  ).toBe(true)
  expect((await slack.redeliver()).acked).toBe(true)
  await slack.say('/vakt status', slack.member, slack.channel)
  expect((await slack.redeliver()).acked).toBe(true)
  await slack.settled()
  expect(dispatcher.ran.map(one => one.line.trim())).toEqual(['mentioned  hi', 'status'])
})

test('while Vakt stops, Slack is asked to try again', async () => {
  await bot.stop()
  const response = await send(signed())
  expect(response.status).toBe(503)
})
