// Socket Mode and interactivity as an unmodified Bolt app sees them.
import { App, type BlockAction, SocketModeReceiver, type webApi } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Slack, type SlackOptions, startSlack } from './slack.ts'

const quiet = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as never,
  setName() {},
}
const MODAL = {
  type: 'modal' as const,
  callback_id: 'note',
  title: { type: 'plain_text' as const, text: 'Acknowledge' },
  submit: { type: 'plain_text' as const, text: 'Send' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'reason',
      label: { type: 'plain_text' as const, text: 'Why' },
      element: { type: 'plain_text_input' as const, action_id: 'value', max_length: 20 },
    },
  ],
}
const BUTTONS = [
  {
    type: 'actions' as const,
    elements: [
      {
        type: 'button' as const,
        action_id: 'ack',
        value: 'ack 1',
        text: { type: 'plain_text' as const, text: 'Acknowledge' },
      },
      { type: 'button' as const, action_id: 'form', value: 'x', text: { type: 'plain_text' as const, text: 'Note…' } },
    ],
  },
]

let slack: Slack
let app: App
const pressed: BlockAction[] = []
beforeEach(() => start())
afterEach(async () => {
  await app.stop()
  await slack.stop()
})

/** A small Bolt app that answers a command, a button and a modal. Reconnects within 100 ms. */
async function start(options: SlackOptions = {}) {
  slack = await startSlack(options)
  pressed.length = 0
  const clientOptions: webApi.WebClientOptions = {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 3, minTimeout: 20 },
  }
  const installerOptions = { clientOptions: { slackApiUrl: slack.apiUrl, logger: quiet } }
  const receiver = new SocketModeReceiver({
    appToken: slack.appToken,
    clientPingTimeout: 90,
    installerOptions,
    logger: quiet,
  })
  app = new App({ token: slack.botToken, receiver, clientOptions, logger: quiet })
  app.command('/vakt', async ({ ack, command, respond, client }) => {
    if (command.text === 'silent') return
    if (command.text === 'direct') return ack('here at once')
    if (command.text === 'oops') return ack({ text: 'x', blocks: [{ type: 'nonsense' } as never] })
    await ack()
    if (command.text === 'alert')
      await client.chat.postMessage({ channel: command.channel_id, text: 'Late', blocks: BUTTONS })
    else if (command.text === 'flood') for (let i = 0; i < 6; i++) await respond(`answer ${i}`).catch(() => {})
    else await respond(`you said ${command.text}`)
  })
  app.action('ack', async ({ ack, body, respond }) => {
    await ack()
    pressed.push(body as BlockAction)
    await respond({ replace_original: true, text: `by ${body.user.id}` })
  })
  app.action('form', async ({ ack, body, client }) => {
    await ack()
    await client.views.open({ trigger_id: (body as BlockAction).trigger_id, view: MODAL })
  })
  app.view('note', async ({ ack, view }) => {
    const text = view.state.values.reason?.value?.value ?? ''
    if (text === 'no') return ack({ response_action: 'errors', errors: { reason: 'Say more' } })
    if (text === 'wrong') return ack({ response_action: 'errors', errors: { elsewhere: 'Say more' } })
    if (text === 'more')
      return ack({ response_action: 'update', view: { ...MODAL, title: { type: 'plain_text', text: 'More' } } })
    await ack()
  })
  app.event('app_home_opened', async () => {})
  await app.start()
}

const say = (text: string) => slack.say(`/vakt ${text}`, slack.member, slack.channel)
const alert = async () => {
  await say('alert')
  return slack.until(() => slack.messages().at(-1))
}

describe('commands', () => {
  test('a command is acknowledged and answered through its response URL, to its author only', async () => {
    const outcome = await say('checks list')
    expect(outcome).toMatchObject({ acked: true, reply: {} })
    await slack.settled()
    expect(slack.ephemerals(slack.member)).toMatchObject([{ text: 'you said checks list' }])
    expect(slack.messages()).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('an answer inside the acknowledgement is shown, and checked', async () => {
    await say('direct')
    expect(slack.ephemerals(slack.member)).toMatchObject([{ text: 'here at once' }])
    await say('oops')
    expect(slack.violations).toEqual(['answer to a command: invalid_blocks'])
  })

  test('a response URL works five times', async () => {
    await say('flood')
    await slack.until(() => slack.violations.length === 1)
    expect(slack.ephemerals(slack.member)).toHaveLength(5)
    expect(slack.violations[0]).toContain('used_url')
  })

  test('a response URL works for half an hour', async () => {
    let now = 1_800_000_000_000
    await app.stop()
    await slack.stop()
    await start({ now: () => now })
    const message = await alert()
    await slack.press(message, 'Acknowledge', slack.member)
    await slack.settled()
    const answer = () =>
      fetch(pressed[0]!.response_url, { method: 'POST', body: JSON.stringify({ text: 'later' }) }).then(
        ({ status }) => status,
      )
    now += 30 * 60_000
    expect(await answer()).toBe(200)
    now += 1
    expect(await answer()).toBe(404)
    expect(slack.ephemerals(slack.member)).toHaveLength(1)
  })

  test('silence is a violation', async () => {
    await app.stop()
    await slack.stop()
    await start({ ackWithinMs: 50 })
    const outcome = await say('silent')
    expect(outcome).toMatchObject({ acked: false, why: 'timeout' })
    expect(slack.violations).toEqual(['slash_commands was not acknowledged within 50 ms'])
  })
})

describe('buttons and modals', () => {
  test('a pressed button reaches the app with its value, and replaces the message', async () => {
    const message = await alert()
    await slack.press(message, 'Acknowledge', slack.admin)
    await slack.settled()
    expect(pressed[0]).toMatchObject({
      user: { id: slack.admin },
      channel: { id: slack.channel },
      container: { message_ts: message.ts, is_ephemeral: false },
      actions: [{ action_id: 'ack', value: 'ack 1', type: 'button' }],
    })
    expect(slack.messages()).toMatchObject([{ text: `by ${slack.admin}`, blocks: [] }])
    await expect(slack.press(message, 'Acknowledge', slack.admin)).rejects.toThrow('no button')
  })

  test('a modal opens, shows errors beside its field, and closes when all is well', async () => {
    await slack.press(await alert(), 'Note…', slack.member)
    const modal = await slack.until(() => slack.views(slack.member).at(-1))
    expect(modal.view.title).toMatchObject({ text: 'Acknowledge' })
    await slack.submit(modal, { Why: 'no' }, slack.member)
    expect(modal).toMatchObject({ open: true, errors: { reason: 'Say more' } })
    await slack.submit(modal, { Why: 'more' }, slack.member)
    expect(modal).toMatchObject({ open: true, errors: {}, view: { title: { text: 'More' } } })
    await slack.submit(modal, { reason: 'disk full' }, slack.member)
    expect(slack.views(slack.member)).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('errors for a field that is not there are a violation', async () => {
    await slack.press(await alert(), 'Note…', slack.member)
    const modal = await slack.until(() => slack.views(slack.member).at(-1))
    await slack.submit(modal, { Why: 'wrong' }, slack.member)
    expect(slack.violations).toEqual(['errors for blocks that are no fields: elsewhere'])
  })

  test('the client itself insists on entries and lengths', async () => {
    await slack.press(await alert(), 'Note…', slack.member)
    const modal = await slack.until(() => slack.views(slack.member).at(-1))
    await expect(slack.submit(modal, {}, slack.member)).rejects.toThrow('insists on an entry for "Why"')
    await expect(slack.submit(modal, { Why: 'x'.repeat(21) }, slack.member)).rejects.toThrow('at most 20')
    await expect(slack.submit(modal, { Who: 'me' }, slack.member)).rejects.toThrow('insists')
    await expect(slack.submit(modal, { Why: 'ok' }, slack.admin)).rejects.toThrow('does not have that modal')
  })

  test('a trigger lasts three seconds and works once', async () => {
    let now = 1_800_000_000_000
    await app.stop()
    await slack.stop()
    await start({ now: () => now })
    const message = await alert()
    await slack.press(message, 'Acknowledge', slack.member)
    const { trigger_id } = pressed[0]!
    const open = () => app.client.views.open({ trigger_id, view: MODAL }).catch(error => error.data.error)
    now += 3001
    expect(await open()).toBe('expired_trigger_id')
    now -= 3001
    expect(await open()).toMatchObject({ ok: true })
    expect(await open()).toBe('exchanged_trigger_id')
    const badTitle = { ...MODAL, title: { type: 'plain_text' as const, text: 'x'.repeat(25) } }
    const refused = await app.client.views.open({ trigger_id, view: badTitle }).catch(error => error.data)
    expect(refused.error).toBe('invalid_arguments')
    expect(refused.response_metadata.messages[0]).toContain('[json-pointer:/view/title/text]')
  })
})

describe('sockets', () => {
  test('a dropped socket is opened anew and commands flow again', async () => {
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
    await app.stop()
    await slack.stop()
    await start({ ackWithinMs: 80 })
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
    expect(slack.sockets.count()).toBe(10)
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
})
