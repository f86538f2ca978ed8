// Commands, buttons and forms over Socket Mode, from a person's fingers to the answer they see.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../log.ts'
import { type Message, type Slack, type SlackOptions, startSlack } from '../../testing/slack/slack.ts'
import { type Clock, systemClock } from '../../time.ts'
import { createTestDesk } from './desk.testing.ts'
import { SCOPES } from './manifest.ts'
import { type SlackPlatform, slackPlatform } from './platform.ts'

// Waits are over almost at once on this clock.
const hasty: Clock = { now: Date.now, at: (at, task) => systemClock.at(Math.min(at, Date.now() + 30), task) }
const WHO = { label: 'Who am I', line: 'whoami' }

let slack: Slack
let bot: SlackPlatform
let desk: ReturnType<typeof createTestDesk>
beforeEach(() => start())
afterEach(async () => {
  await bot.stop()
  await slack.stop()
})

async function start(options: SlackOptions = {}, clock: Clock = systemClock) {
  slack = await startSlack({ scopes: SCOPES, ...options })
  desk = createTestDesk()
  const settings = {
    botToken: slack.botToken,
    appToken: slack.appToken,
    signingSecret: null,
    channelId: slack.channel,
    apiUrl: slack.apiUrl,
  }
  bot = slackPlatform({
    settings,
    desk: desk.desk,
    clock,
    log: silentLog,
    timeZone: 'UTC',
    callTimeoutMs: 500,
  })
  bot.start()
  await slack.until(() => bot.status().state === 'online')
}
const restart = async (options: SlackOptions, clock: Clock = systemClock) => {
  await bot.stop()
  await slack.stop()
  await start(options, clock)
}

const vakt = (line: string, user = slack.member, channel = slack.channel) =>
  slack.say(`/vakt ${line}`.trim(), user, channel)
const answersTo = async (user: string, count: number, channel = slack.channel) => {
  await slack.until(() => slack.ephemerals(user, channel).length >= count, `${count} answers to ${user}`)
  return slack.ephemerals(user, channel).map(message => message.text)
}
const alert = async (ask?: string[]): Promise<Message> => {
  const button = { label: 'Acknowledge', line: 'ack 7', ...(ask && { ask }) }
  await bot.channels[0]!.post({ title: 'Late', tone: 'critical', buttons: [button] }, 'n1')
  return slack.messages().at(-1)!
}
const form = async (...ask: string[]) => {
  await slack.press(await alert(ask), 'Acknowledge', slack.member)
  return slack.until(() => slack.views(slack.member).at(-1), 'the form')
}

describe('the slash command', () => {
  test('runs a line as whoever typed it, and answers them only', async () => {
    await vakt('whoami')
    expect(await answersTo(slack.member, 1)).toEqual(['kari member'])
    await vakt('whoami', slack.admin)
    expect(await answersTo(slack.admin, 1)).toEqual(['ola admin'])
    expect(slack.messages()).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('answers in public when the command says so', async () => {
    const { reply } = await vakt('status')
    expect(reply).toEqual({ response_type: 'in_channel' })
    await slack.until(() => slack.messages().length === 1)
    expect(slack.messages()).toMatchObject([{ text: 'All is well' }])
  })

  test('without words gives help; refusals are said in private', async () => {
    await vakt('')
    await vakt('dance')
    expect(await answersTo(slack.member, 2)).toEqual(['All commands', '🟠 There is no command "dance".'])
  })

  test('Slack’s escapes are undone before the line is read', async () => {
    await vakt('ack 7 "a &lt; b &amp; c"')
    await answersTo(slack.member, 1)
    expect(desk.ran[0]?.line).toBe('ack 7 "a < b & c"')
  })

  test('is acknowledged long before a slow command is done', async () => {
    const release = desk.hold()
    const outcome = await vakt('whoami')
    expect(outcome).toMatchObject({ acked: true })
    expect(slack.ephemerals(slack.member)).toEqual([])
    release()
    expect(await answersTo(slack.member, 1)).toEqual(['kari member'])
  })

  test('elsewhere than in the alert channel only admins are answered', async () => {
    slack.addChannel({ id: 'C00OTHER', name: 'random' })
    await vakt('whoami', slack.member, 'C00OTHER')
    const refused = await answersTo(slack.member, 1, 'C00OTHER')
    expect(refused).toEqual(['🟠 Ask in #ops: elsewhere Vakt answers workspace admins only.'])
    await vakt('whoami', slack.admin, 'C00OTHER')
    expect(await answersTo(slack.admin, 1, 'C00OTHER')).toEqual(['ola admin'])
    expect(desk.ran).toHaveLength(1)
  })

  test('files of a private answer go to the person alone', async () => {
    await vakt('export')
    await slack.until(() => slack.messages('D00KARI').length === 1)
    expect(slack.messages('D00KARI')).toMatchObject([{ files: [{ name: 'lines.txt' }] }])
    expect(slack.messages()).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('an answer later than its response URL lasts still arrives', async () => {
    let now = 1_800_000_000_000
    await restart({ now: () => now })
    const release = desk.hold()
    await vakt('whoami')
    await vakt('status')
    now += 31 * 60_000
    release()
    expect(await answersTo(slack.member, 1)).toEqual(['kari member'])
    await slack.until(() => slack.messages().length === 1)
    expect(slack.requests.map(({ method }) => method)).toContain('chat.postEphemeral')
  })
})

describe('who speaks', () => {
  test('is asked of Slack once in a while only', async () => {
    await vakt('whoami')
    await answersTo(slack.member, 1)
    await vakt('whoami')
    await answersTo(slack.member, 2)
    expect(slack.requests.filter(({ method }) => method === 'users.info')).toHaveLength(1)
  })

  test('is nobody special while Slack does not say', async () => {
    slack.hang('users.info')
    await vakt('whoami', slack.admin)
    expect(await answersTo(slack.admin, 1)).toEqual(['ola member'])
    await vakt('whoami', slack.admin)
    expect(await answersTo(slack.admin, 2)).toEqual(['ola member', 'ola admin'])
  })
})

describe('buttons', () => {
  test('run their line; a quiet command needs no answer', async () => {
    await slack.press(await alert(), 'Acknowledge', slack.member)
    await slack.until(() => desk.ran.length === 1)
    await slack.settled()
    expect(desk.ran).toMatchObject([{ line: 'ack 7', by: { id: slack.member, platform: 'slack' } }])
    expect(slack.ephemerals(slack.member)).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('work on private answers too', async () => {
    await vakt('menu')
    await answersTo(slack.member, 1)
    await slack.press(slack.ephemerals(slack.member)[0]!, 'Who am I', slack.member)
    expect(await answersTo(slack.member, 2)).toEqual(['What next?', 'kari member'])
  })

  test('pressed in a thread are answered in the thread', async () => {
    const first = await alert()
    await bot.channels[0]!.reply(first.ts, { title: 'Again', tone: 'critical', buttons: [WHO] }, 'n2')
    await slack.press(slack.messages().at(-1)!, 'Who am I', slack.member)
    await answersTo(slack.member, 1)
    expect(slack.ephemerals(slack.member)[0]?.thread_ts).toBe(first.ts)
  })

  test('that only open a link are acknowledged and run nothing', async () => {
    await bot.channels[0]!.post(
      { title: 'Late', tone: 'plain', buttons: [{ label: 'Runbook', line: '', url: 'https://x' }] },
      'n',
    )
    expect((await slack.press(slack.messages()[0]!, 'Runbook', slack.member)).acked).toBe(true)
    await slack.settled()
    expect(desk.ran).toEqual([])
  })

  test('a press that Slack delivers twice counts once', async () => {
    await slack.press(await alert(), 'Acknowledge', slack.member)
    expect((await slack.redeliver()).acked).toBe(true)
    await slack.settled()
    expect(desk.ran).toHaveLength(1)
    await vakt('status')
    expect((await slack.redeliver()).acked).toBe(true)
    await slack.settled()
    expect(desk.ran).toHaveLength(2)
  })
})

describe('forms', () => {
  test('a button that asks opens a form, and its entries complete the line', async () => {
    const modal = await form('note', 'mood', 'loud')
    expect(modal.view).toMatchObject({ title: { text: 'Ack' }, blocks: [{ block_id: 'note' }, {}, {}] })
    await slack.submit(modal, { Note: 'disk "full"', Mood: 'worried', Loud: ['yes'] }, slack.member)
    await slack.until(() => desk.ran.length === 1)
    expect(desk.ran[0]?.line).toBe('ack 7 --note="disk \\"full\\"" --mood=worried --loud=true')
    expect(modal.open).toBe(false)
    const [answer] = await answersTo(slack.member, 1)
    expect(answer).toContain('"note":"disk \\"full\\""')
    expect(slack.violations).toEqual([])
  })

  test('what is wrong is said beside its field, and the form stays', async () => {
    const modal = await form('note')
    await slack.submit(modal, { Note: 'eh' }, slack.member)
    expect(modal).toMatchObject({ open: true, errors: { note: 'must have at least 4 characters' } })
    await slack.submit(modal, { Note: 'better' }, slack.member)
    expect(modal.open).toBe(false)
  })

  test('a slow command closes the form in time and answers later', async () => {
    await restart({}, hasty)
    const modal = await form('note')
    const release = desk.hold()
    const outcome = await slack.submit(modal, { Note: 'later' }, slack.member)
    expect(outcome.acked).toBe(true)
    expect(modal.open).toBe(false)
    release()
    await answersTo(slack.member, 1)
  })

  test('choices are suggested while one types, and what one types is among them', async () => {
    const modal = await form('host')
    const values = async (typed: string) =>
      (await slack.suggest(modal, 'host', typed, slack.member)).map(option => option.value)
    expect(await values('')).toEqual(['api-1', 'api-2'])
    expect(await values('2')).toEqual(['api-2', '2'])
    await slack.submit(modal, { Host: 'api-2' }, slack.member)
    await slack.until(() => desk.ran.length === 1)
    expect(desk.ran[0]?.line).toBe('ack 7 --host=api-2')
  })

  test('a form that cannot be opened is said, with what to type instead', async () => {
    slack.fail('views.open', 'expired_trigger_id')
    await slack.press(await alert(['note']), 'Acknowledge', slack.member)
    expect((await answersTo(slack.member, 1))[0]).toContain('/vakt ack 7')
  })
})

test('stopping lets commands finish and takes no more', async () => {
  const release = desk.hold()
  await vakt('whoami')
  const stopped = bot.stop()
  await slack.until(() => slack.sockets.count() === 0)
  expect(await vakt('status')).toMatchObject({ acked: false, why: 'no connection' })
  release()
  await stopped
  expect(slack.ephemerals(slack.member)).toMatchObject([{ text: 'kari member' }])
})
