// Commands, buttons and modals as an unmodified Bolt app and the people using it see them.
import type { App, BlockAction } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MODAL, startApp } from './bolt.testing.ts'
import { type Slack, type SlackOptions, startSlack } from './slack.ts'

let slack: Slack
let app: App
let pressed: BlockAction[]
beforeEach(() => start())
afterEach(async () => {
  await app.stop()
  await slack.stop()
})

async function start(options: SlackOptions = {}) {
  slack = await startSlack(options)
  ;({ app, pressed } = await startApp(slack))
}
const restart = async (options: SlackOptions) => {
  await app.stop()
  await slack.stop()
  await start(options)
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
    await restart({ now: () => now })
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
    await restart({ ackWithinMs: 50 })
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
    await restart({ now: () => now })
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
