// The Home tab and the shortcut at messages, on the wire.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { type Slack, startSlack } from '../../testing/slack/slack.ts'
import { slack as definition } from './definition.ts'
import { LOGS_AROUND } from './manifest.ts'
import { createSlack } from './platform.ts'

let slack: Slack
let app: TestApp
const start = (options: Parameters<typeof startApp>[0] = {}) =>
  startApp({
    channels: [],
    platform: parts =>
      createSlack({
        ...parts,
        settings: {
          ...{ botToken: slack.botToken, appToken: slack.appToken, signingSecret: null },
          ...{ channelId: slack.channel, apiUrl: slack.apiUrl },
        },
        capabilities: definition.capabilities,
      }),
    ...options,
  })

beforeEach(async () => {
  slack = await startSlack()
  app = await start()
  await slack.until(() => app.platforms[0]!.status().state === 'online')
})
afterEach(async () => {
  await app.stop()
  await slack.stop()
  expect(slack.violations).toEqual([])
})

const home = (user = slack.member) => slack.home(user) ?? ''

test('the Home tab is a board that follows the alerts, and its buttons work', async () => {
  await slack.openHome(slack.member)
  await slack.until(() => home().includes('All clear'))
  const beat = await app.hasCheck('nightly --every 1d')
  await beat('/fail')
  await app.passes('35s')
  await slack.until(() => home().includes('1 critical open'))
  await slack.pressHome('Acknowledge', slack.member)
  await slack.until(() => home().includes('acknowledged by'))
  expect(home()).toContain('You have alert 1.')
  expect(slack.home(slack.admin)).toBeNull()
})

test('an answer to a press in the Home tab comes as a direct message', async () => {
  await slack.openHome(slack.member)
  await slack.until(() => home().includes('On call'))
  await slack.pressHome('On call', slack.member)
  const direct = `D${slack.member.slice(1)}`
  await slack.until(() => slack.messages(direct).length === 1)
  expect(JSON.stringify(slack.messages(direct)[0]!.blocks)).toContain('Nobody is on call')
})

test('who is not in the alert channel sees no board, and presses nothing there', async () => {
  slack.leave(slack.member)
  await slack.openHome(slack.member)
  await slack.until(() => home().includes('Join #ops'))
  expect(home()).not.toContain('On call')
  await slack.openHome(slack.admin)
  await slack.until(() => home(slack.admin).includes('On call'))
})

test('a tab that is open stays live after a restart', async () => {
  await slack.openHome(slack.member)
  await slack.until(() => home().includes('All clear'))
  app = await app.restarts('1m')
  await slack.until(() => app.platforms[0]!.status().state === 'online')
  const beat = await app.hasCheck('nightly --every 1d')
  await beat('/fail')
  await app.passes('65s')
  await slack.until(() => home().includes('1 critical open'))
})

test('the shortcut at a message searches the logs around it', async () => {
  await app.says('alerts test')
  await app.passes('1s')
  await slack.until(() => slack.messages().length === 1)
  await slack.shortcut(slack.messages()[0]!, LOGS_AROUND, slack.member)
  // This Vakt stores no logs, and says so; what was searched is in the log of the test.
  await slack.until(() => slack.ephemerals(slack.member).length === 1)
  expect(JSON.stringify(slack.ephemerals(slack.member))).toMatch(/log/i)
})
