// HTTP mode as an unmodified Bolt app sees it: signatures, retries, URL verification.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { App, HTTPReceiver } from '@slack/bolt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { quiet } from './bolt.testing.ts'
import { type Slack, sign, startSlack } from './slack.ts'

let slack: Slack
let app: App
let url: string
const heard: string[] = []

beforeEach(async () => {
  slack = await startSlack({ retryDelays: [0, 5, 10], ackWithinMs: 1_500 })
  heard.length = 0
  const receiver = new HTTPReceiver({
    signingSecret: slack.signingSecret,
    logger: quiet,
    unhandledRequestTimeoutMillis: 60,
  })
  app = new App({ token: slack.botToken, receiver, clientOptions: { slackApiUrl: slack.apiUrl }, logger: quiet })
  app.command('/vakt', async ({ ack, command, respond }) => {
    if (command.text === 'silent') return
    await ack()
    await respond(`you said ${command.text}`)
  })
  app.action('ack', async ({ ack, action }) => {
    await ack()
    heard.push((action as { value: string }).value)
  })
  app.event('app_mention', async ({ context }) => {
    heard.push(`mention ${context.retryNum ?? 'first'} ${context.retryReason ?? ''}`.trim())
  })
  const server = await app.start({ port: 0, host: '127.0.0.1' } as never)
  url = `http://127.0.0.1:${(server as unknown as { address(): AddressInfo }).address().port}/slack/events`
  slack.deliverTo(url)
})
afterEach(async () => {
  await app.stop().catch(() => {})
  await slack.stop()
})

test('commands and buttons arrive signed, and are answered', async () => {
  expect(await slack.say('/vakt status', slack.member, slack.channel)).toMatchObject({ acked: true })
  await slack.settled()
  expect(slack.ephemerals(slack.member)).toMatchObject([{ text: 'you said status' }])
  const button = { type: 'button', action_id: 'ack', value: 'ack 7', text: { type: 'plain_text', text: 'Ack' } }
  const blocks = [{ type: 'actions', elements: [button] }]
  await app.client.chat.postMessage({ channel: slack.channel, text: 'Late', blocks } as never)
  await slack.press(slack.messages()[0]!, 'Ack', slack.member)
  expect(heard).toEqual(['ack 7'])
  expect(slack.violations).toEqual([])
})

test('the URL is verified', async () => {
  expect(await slack.verifyUrl()).toBe(true)
})

test('a wrong secret and an old timestamp are refused by the app', async () => {
  const body = 'command=%2Fvakt&text=x'
  const seconds = Math.floor(Date.now() / 1000)
  const send = (secret: string, at: number) =>
    fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(at),
        'x-slack-signature': sign(secret, at, body),
      },
    }).then(response => response.status)
  expect(await send('other', seconds)).toBe(401)
  expect(await send(slack.signingSecret, seconds - 301)).toBe(401)
})

test('an event that is not taken comes again, with the number and the reason', async () => {
  const seen: string[] = []
  const deaf = createServer((request, response) => {
    seen.push(`${request.headers['x-slack-retry-num']} ${request.headers['x-slack-retry-reason']}`)
    response.writeHead(seen.length < 3 ? 500 : 200).end()
  })
  await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve))
  slack.deliverTo(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}/`)
  const outcome = await slack.event({
    type: 'app_mention',
    user: slack.member,
    channel: slack.channel,
    text: 'hi',
    ts: '1',
  })
  expect(outcome.acked).toBe(true)
  expect(seen).toEqual(['undefined undefined', '1 http_error', '2 http_error'])
  deaf.closeAllConnections()
  deaf.close()
  slack.deliverTo('http://127.0.0.1:1/')
  expect(await slack.event({ type: 'app_mention' })).toMatchObject({ acked: false, why: 'no connection' })
})

test('a redelivered event is marked as a retry', async () => {
  await slack.event({ type: 'app_mention', user: slack.member, channel: slack.channel, text: 'hi', ts: '1' })
  await slack.redeliver()
  await slack.until(() => heard.length === 2)
  expect(heard).toEqual(['mention first', 'mention 1 timeout'])
})

test('a command that is not acknowledged is a violation', async () => {
  expect(await slack.say('/vakt silent', slack.member, slack.channel)).toMatchObject({
    acked: false,
    why: 'status 404',
  })
  expect(slack.violations).toEqual(['slash_commands was not acknowledged: status 404'])
})
