// Socket Mode as an unmodified Bolt app sees it: greetings, refreshes, and sockets that die.
import { type App, SocketModeReceiver } from '@slack/bolt'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { quiet, startApp } from './bolt.testing.ts'
import { type Slack, type SlackOptions, startSlack } from './slack.ts'

let slack: Slack
let app: App
beforeEach(() => start())
afterEach(async () => {
  await app.stop()
  await slack.stop()
})

async function start(options: SlackOptions = {}) {
  slack = await startSlack(options)
  app = (await startApp(slack)).app
}
const restart = async (options: SlackOptions) => {
  await app.stop()
  await slack.stop()
  await start(options)
}

const say = (text: string) => slack.say(`/vakt ${text}`, slack.member, slack.channel)

test('a dropped socket is opened again, and commands arrive again', async () => {
  slack.dropSocket()
  await slack.until(() => slack.sockets.count() === 0)
  expect(await say('x')).toMatchObject({
    acked: false,
    why: 'no connection',
  })
  await slack.until(() => slack.sockets.count() === 1)
  expect(await say('x')).toMatchObject({ acked: true })
  expect(slack.sockets.opened()).toBe(2)
})

test('a refresh is obeyed', async () => {
  slack.refreshSockets()
  await slack.until(() => slack.sockets.opened() === 2 && slack.sockets.count() === 1)
  expect(await say('x')).toMatchObject({ acked: true })
})

test('a socket that dies silently is found out by its missing pongs', async () => {
  await restart({ ackWithinMs: 1_000 })
  slack.killSocketSilently()
  expect(await say('x')).toMatchObject({ acked: false, why: 'timeout' })
  await slack.until(() => slack.sockets.opened() === 2)
  // Slack does not know which of the two is dead, and takes turns.
  const outcomes = [await say('x'), await say('x')]
  expect(outcomes.map(outcome => outcome.acked).sort()).toEqual([false, true])
  expect(slack.violations).toEqual([])
})

test('an eleventh socket is refused', async () => {
  const more = await Promise.all(
    Array.from({ length: 9 }, async () => {
      const installerOptions = { clientOptions: { slackApiUrl: slack.apiUrl, logger: quiet } }
      const receiver = new SocketModeReceiver({ appToken: slack.appToken, installerOptions, logger: quiet })
      await receiver.start()
      return receiver
    }),
  )
  // A client is started before its socket is counted here.
  await vi.waitFor(() => expect(slack.sockets.count()).toBe(10), { timeout: 10_000 })
  const installerOptions = { clientOptions: { slackApiUrl: slack.apiUrl, logger: quiet } }
  const last = new SocketModeReceiver({
    appToken: slack.appToken,
    installerOptions,
    logger: quiet,
    autoReconnectEnabled: false,
  })
  await expect(last.client.start()).rejects.toBeUndefined()
  expect(slack.sockets.count()).toBe(10)
  await Promise.all(more.map(receiver => receiver.stop()))
})

test('a ticket opens one socket', async () => {
  const { url } = await app.client.apps.connections.open({ token: slack.appToken })
  const first = new WebSocket(url!)
  await new Promise(resolve => first.addEventListener('open', resolve))
  const second = new WebSocket(url!)
  await new Promise(resolve => second.addEventListener('error', resolve))
  expect(slack.violations[0]).toContain('bad ticket')
  first.close()
})

test('an event is acknowledged, and comes again marked as a retry', async () => {
  const outcome = await slack.event({ type: 'app_home_opened', user: slack.member, channel: 'D1', tab: 'home' })
  expect(outcome.acked).toBe(true)
  expect((await slack.redeliver()).acked).toBe(true)
  expect(slack.violations).toEqual([])
})
