// Commands and buttons over Socket Mode, from the press of a person to the reply they see.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../clock.ts'
import { MINUTE } from '../../time.ts'
import { hasty, type Started, startBot } from './bot.testing.ts'

const WHO = { label: 'Who am I', line: 'whoami' }

let started: Started
let slack: Started['slack']
let dispatcher: Started['dispatcher']
beforeEach(() => start())
afterEach(() => started.stop())

async function start(...options: Parameters<typeof startBot>) {
  started = await startBot(...options)
  ;({ slack, dispatcher } = started)
}
const restart = async (...options: Parameters<typeof startBot>) => {
  await started.stop()
  await start(...options)
}

describe('the slash command', () => {
  test('runs a line with the rights of the person who typed it, and answers only them', async () => {
    await started.vakt('whoami')
    expect(await started.answersTo(slack.member, 1)).toEqual(['kari member'])
    await started.vakt('whoami', slack.admin)
    expect(await started.answersTo(slack.admin, 1)).toEqual(['ola admin'])
    expect(slack.messages()).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('answers in public when the command asks for it', async () => {
    const { reply } = await started.vakt('status')
    expect(reply).toEqual({ response_type: 'in_channel' })
    await slack.until(() => slack.messages().length === 1)
    expect(slack.messages()).toMatchObject([{ text: 'All is well' }])
  })

  test('without words shows the help; refusals are private', async () => {
    await started.vakt('')
    await started.vakt('dance')
    expect(await started.answersTo(slack.member, 2)).toEqual(['All commands', '🟠 There is no command "dance".'])
  })

  test('Slack’s escapes are undone before the line is read', async () => {
    await started.vakt('ack 7 "a &lt; b &amp; c"')
    await started.answersTo(slack.member, 1)
    expect(dispatcher.ran[0]?.line).toBe('ack 7 "a < b & c"')
  })

  test('the shortcut at a message searches five minutes around it', async () => {
    await started.vakt('status')
    await slack.until(() => slack.messages().length === 1)
    const [message] = slack.messages()
    await slack.shortcut(message!, 'vakt_logs_around', slack.member)
    await started.answersTo(slack.member, 1)
    const at = Math.floor(Number(message!.ts)) * 1_000
    const [since, until] = [at - 300_000, at + 300_000].map(instant => new Date(instant).toISOString().slice(0, 19))
    expect(dispatcher.ran.at(-1)?.line).toBe(`logs search since:${since}Z until:${until}Z`)
  })

  test('is acknowledged long before a slow command ends', async () => {
    const release = dispatcher.hold()
    const outcome = await started.vakt('whoami')
    expect(outcome).toMatchObject({ acked: true })
    expect(slack.ephemerals(slack.member)).toEqual([])
    release()
    expect(await started.answersTo(slack.member, 1)).toEqual(['kari member'])
  })

  test('that is slow shows that it is in progress', async () => {
    await restart({}, hasty)
    const release = dispatcher.hold()
    await started.vakt('whoami')
    expect(await started.answersTo(slack.member, 1)).toEqual(['⚪ Working on it …'])
    release()
    expect(await started.answersTo(slack.member, 2)).toEqual(['⚪ Working on it …', 'kari member'])
  })

  test('answers only admins outside of the channel for alerts', async () => {
    slack.addChannel({ id: 'C00OTHER', name: 'random' })
    await started.vakt('whoami', slack.member, 'C00OTHER')
    const refused = await started.answersTo(slack.member, 1, 'C00OTHER')
    expect(refused).toEqual(['🟠 Ask in #ops: elsewhere Vakt answers only workspace admins.'])
    await started.vakt('whoami', slack.admin, 'C00OTHER')
    expect(await started.answersTo(slack.admin, 1, 'C00OTHER')).toEqual(['ola admin'])
    expect(dispatcher.ran).toHaveLength(1)
  })

  test('answers in a channel that was added while it is in use, not when it was only tried nor once it is removed', async () => {
    const inUse = new Set<string>()
    await restart({}, systemClock, id => inUse.has(id))
    slack.addChannel({ id: 'C00ADDED', name: 'payments' })
    started.bot.open!({ id: 'slack:C00ADDED', name: '', address: null, secret: null })
    await started.vakt('whoami', slack.member, 'C00ADDED')
    await started.answersTo(slack.member, 1, 'C00ADDED')
    inUse.add('slack:C00ADDED')
    await started.vakt('whoami', slack.member, 'C00ADDED')
    await started.answersTo(slack.member, 2, 'C00ADDED')
    inUse.clear()
    await started.vakt('whoami', slack.member, 'C00ADDED')
    const refused = '🟠 Ask in #ops: elsewhere Vakt answers only workspace admins.'
    expect(await started.answersTo(slack.member, 3, 'C00ADDED')).toEqual([refused, 'kari member', refused])
  })

  test('sends the files of a private reply to the person alone', async () => {
    await started.vakt('export')
    await slack.until(() => slack.messages('D00KARI').length === 1)
    expect(slack.messages('D00KARI')).toMatchObject([{ files: [{ name: 'lines.txt' }] }])
    expect(slack.messages()).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('delivers a reply even after its response URL has expired', async () => {
    let now = 1_800_000_000_000
    await restart({ now: () => now })
    const release = dispatcher.hold()
    await started.vakt('whoami')
    await started.vakt('status')
    now += 31 * 60_000
    release()
    expect(await started.answersTo(slack.member, 1)).toEqual(['kari member'])
    await slack.until(() => slack.messages().length === 1)
    expect(slack.requests.map(({ method }) => method)).toContain('chat.postEphemeral')
  })
})

describe('the requester', () => {
  test('is looked up only now and then', async () => {
    await started.vakt('whoami')
    await started.answersTo(slack.member, 1)
    await started.vakt('whoami')
    await started.answersTo(slack.member, 2)
    expect(slack.requests.filter(({ method }) => method === 'users.info')).toHaveLength(1)
  })

  test('is no admin while Slack does not answer', async () => {
    slack.hang('users.info')
    await started.vakt('whoami', slack.admin)
    expect(await started.answersTo(slack.admin, 1)).toEqual(['ola member'])
    await started.vakt('whoami', slack.admin)
    expect(await started.answersTo(slack.admin, 2)).toEqual(['ola member', 'ola admin'])
  })
})

describe('a person of another workspace, in a shared channel', () => {
  const STRANGER = 'U0STRANGER'
  const REFUSED = expect.stringContaining('You belong to another Slack workspace')

  beforeEach(() => {
    slack.addPerson({ id: STRANGER, name: 'eve', team_id: 'T0OTHER', is_admin: true })
  })

  test('has no role: no command, button or form does anything', async () => {
    await started.vakt('whoami', STRANGER)
    expect(await started.answersTo(STRANGER, 1)).toEqual([REFUSED])
    await slack.press(await started.alert(), 'Acknowledge', STRANGER)
    expect(await started.answersTo(STRANGER, 2)).toEqual([REFUSED, REFUSED])
    await slack.press(await started.alert(['note']), 'Acknowledge', STRANGER)
    expect(await started.answersTo(STRANGER, 3)).toEqual([REFUSED, REFUSED, REFUSED])
    expect(dispatcher.ran).toEqual([])
  })

  test('has none while Slack does not answer, and people of the own workspace have theirs', async () => {
    slack.hang('users.info')
    await started.vakt('whoami', STRANGER)
    expect(await started.answersTo(STRANGER, 1)).toEqual([REFUSED])
    slack.hang('users.info')
    await started.vakt('whoami')
    expect(await started.answersTo(slack.member, 1)).toEqual(['kari member'])
  })
})

describe('buttons', () => {
  test('run their line, and a quiet command needs no reply', async () => {
    await slack.press(await started.alert(), 'Acknowledge', slack.member)
    await slack.until(() => dispatcher.ran.length === 1)
    await slack.settled()
    expect(dispatcher.ran).toMatchObject([{ line: 'ack 7', by: { id: slack.member, platform: 'slack' } }])
    expect(slack.ephemerals(slack.member)).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('work on private replies too', async () => {
    await started.vakt('menu')
    await started.answersTo(slack.member, 1)
    await slack.press(slack.ephemerals(slack.member)[0]!, 'Who am I', slack.member)
    expect(await started.answersTo(slack.member, 2)).toEqual(['What next?', 'kari member'])
  })

  test('pressed in a thread are answered in the thread', async () => {
    const first = await started.alert()
    await started.bot.channels[0]!.reply(first.ts, { title: 'Again', tone: 'critical', buttons: [WHO] }, 'n2')
    await slack.press(slack.messages().at(-1)!, 'Who am I', slack.member)
    await started.answersTo(slack.member, 1)
    expect(slack.ephemerals(slack.member)[0]?.thread_ts).toBe(first.ts)
  })

  test('that only open a link are acknowledged and run nothing', async () => {
    await started.bot.channels[0]!.post(
      { title: 'Late', tone: 'plain', buttons: [{ label: 'Runbook', line: '', url: 'https://x' }] },
      'n',
    )
    expect((await slack.press(slack.messages()[0]!, 'Runbook', slack.member)).acked).toBe(true)
    await slack.settled()
    expect(dispatcher.ran).toEqual([])
  })

  test('a press that Slack delivers twice runs once', async () => {
    await slack.press(await started.alert(), 'Acknowledge', slack.member)
    expect((await slack.redeliver()).acked).toBe(true)
    await slack.settled()
    expect(dispatcher.ran).toHaveLength(1)
    await started.vakt('status')
    expect((await slack.redeliver()).acked).toBe(true)
    await slack.settled()
    expect(dispatcher.ran).toHaveLength(2)
  })
})

test.each([0, 1, 5, 59])('a mention that Slack delivers again after %i minutes is answered once', async minutes => {
  await started.stop()
  let passed = 0
  const clock: Clock = { now: () => Date.now() + passed, at: (at, task) => systemClock.at(at - passed, task) }
  started = await startBot({}, clock)
  const { slack, dispatcher } = started
  await slack.say(`<@${slack.botUser}> what is wrong`, slack.member, slack.channel)
  passed = minutes * MINUTE
  expect((await slack.redeliver()).acked).toBe(true)
  await slack.settled()
  expect(dispatcher.ran).toHaveLength(1)
})

test('a stop lets commands finish and takes no new ones', async () => {
  const release = dispatcher.hold()
  await started.vakt('whoami')
  const stopped = started.bot.stop()
  await slack.until(() => slack.sockets.count() === 0)
  expect(await started.vakt('status')).toMatchObject({ acked: false, why: 'no connection' })
  release()
  await stopped
  expect(slack.ephemerals(slack.member)).toMatchObject([{ text: 'kari member' }])
})
