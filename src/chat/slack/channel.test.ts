// The channel on the wire: posting, editing, replying, finding a message again, and what each failure means.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { silentLogger } from '../../logger.ts'
import { type Slack, startSlack } from '../../testing/slack/slack.ts'
import type { Channel, DeliveryError } from '../channel.ts'
import { createChannel } from './channel.ts'
import { clientOptions, createClient } from './client.ts'
import { slack as definition } from './definition.ts'
import { SCOPES } from './manifest.ts'

let slack: Slack
let channel: Channel
beforeEach(async () => {
  slack = await startSlack({ scopes: SCOPES })
  channel = open()
})
afterEach(() => slack.stop())

const open = (channelId = slack.channel, token = slack.botToken, timeout = 5000) =>
  createChannel({
    capabilities: definition.capabilities,
    web: createClient(token, clientOptions(slack.apiUrl, silentLogger, timeout)),
    channelId,
    timeZone: 'UTC',
    channelName: () => '#ops',
    logger: silentLogger,
  })
// Long enough for a request to arrive on a busy machine.
const impatient = () => open(slack.channel, slack.botToken, 300)
const late: Card = { title: 'Backup is late', tone: 'critical', lines: ['Expected an hour ago'] }
const done: Card = { title: 'Backup is back', tone: 'good', lines: ['Late by an hour'] }
const failure = (attempt: Promise<unknown>): Promise<DeliveryError> =>
  attempt.then(
    () => Promise.reject(new Error('it was delivered')),
    error => error,
  )

describe('delivery', () => {
  test('a new message mentions exactly the people of its card, an edit nobody, and a thread is not shown in the channel', async () => {
    const mention = [
      { kind: 'person' as const, id: 'U012AB3CD', name: 'ann' },
      { kind: 'group' as const, id: 'S012AB3CD', name: 'ops' },
      { kind: 'person' as const, id: null, name: '<!channel>' },
    ]
    const ref = await channel.post({ ...late, title: '<!here> <@U9> late', mention }, 'n1')
    expect(JSON.stringify(slack.messages()[0])).toContain('<@U012AB3CD> <!subteam^S012AB3CD> @&lt;!channel&gt; ')
    expect(JSON.stringify(slack.messages()[0])).not.toMatch(/<!here>|<@U9>|<!channel>/)
    await channel.edit(ref, { ...done, mention })
    expect(JSON.stringify(slack.messages()[0])).not.toContain('<@U012AB3CD>')
    await channel.thread!(ref, { title: 'Alert 1', tone: 'plain', lines: ['acknowledged by Ann'] })
    expect(slack.messages()[1]).toMatchObject({ thread_ts: ref, broadcast: false })
  })

  test('a card is posted, edited in place, and replied to so that everybody is notified', async () => {
    const ref = await channel.post(late, 'n1')
    await channel.edit(ref, done)
    await channel.reply(ref, { title: 'Down again', tone: 'critical' }, 'n2')
    expect(slack.messages()).toMatchObject([
      { ts: ref, text: '🟢 Backup is back – Late by an hour', edits: 1, attachments: [{ color: '#2EB67D' }] },
      { text: '🔴 Down again', thread_ts: ref, broadcast: true },
    ])
    expect(slack.messages()[0]?.attachments).toHaveLength(1)
    expect(slack.violations).toEqual([])
  })

  test('an edit removes what the new card does not have', async () => {
    const ref = await channel.post({ ...late, buttons: [{ label: 'Acknowledge', line: 'ack 1' }] }, 'n1')
    await channel.edit(ref, { title: 'Closed', tone: 'plain' })
    expect(slack.messages()).toMatchObject([{ attachments: [], blocks: [{ type: 'section' }] }])
  })

  test('a file follows in the thread', async () => {
    await channel.post({ ...late, file: { name: 'lines.txt', content: Buffer.from('one') } }, 'n1')
    await slack.until(() => slack.messages().length === 2)
    const [card, file] = slack.messages()
    expect(file).toMatchObject({ thread_ts: card!.ts, files: [{ name: 'lines.txt' }] })
  })

  test('a file that fails does not undo the card', async () => {
    slack.fail('files.getUploadURLExternal', 'internal_error')
    await channel.post({ ...late, file: { name: 'lines.txt', content: Buffer.from('one') } }, 'n1')
    await slack.settled()
    expect(slack.messages()).toHaveLength(1)
  })
})

describe('finding what may have been sent', () => {
  test('a post without an answer is found by its nonce', async () => {
    slack.acceptThenTimeout('chat.postMessage')
    expect(await failure(impatient().post(late, 'n7'))).toMatchObject({ code: 'unsure' })
    expect(await channel.find('n7', Date.now() - 1000)).toBe(slack.messages()[0]!.ts)
    expect(await channel.find('n8', Date.now() - 1000)).toBeNull()
  })

  test('a post that Slack never accepted is not found', async () => {
    slack.hang('chat.postMessage')
    expect(await failure(impatient().post(late, 'n7'))).toMatchObject({ code: 'unsure' })
    expect(await channel.find('n7', Date.now() - 1000)).toBeNull()
  })

  test('a reply is found too, and so is an edited card', async () => {
    const ref = await channel.post(late, 'n1')
    const reply = await channel.reply(ref, done, 'n2')
    await channel.edit(ref, done)
    expect(await channel.find('n2', Date.now())).toBe(reply)
    expect(await channel.find('n1', Date.now())).toBe(ref)
  })

  test('a search goes over several pages, but not before the given instant', async () => {
    let now = 1_800_000_000_000
    const busy = await startSlack({ now: () => now })
    const web = createClient(busy.botToken, clientOptions(busy.apiUrl, silentLogger))
    const there = createChannel({
      capabilities: definition.capabilities,
      web,
      channelId: busy.channel,
      timeZone: 'UTC',
      channelName: () => '#ops',
      logger: silentLogger,
    })
    const ref = await there.post(late, 'n1')
    for (let i = 0; i < 250; i++) await busy.say(`chatter ${i}`, busy.member, busy.channel)
    expect(await there.find('n1', now)).toBe(ref)
    now += 3_600_000
    expect(await there.find('n1', now)).toBeNull()
    await busy.stop()
  })
})

describe('what a failure means', () => {
  test('a rate limit has its wait and its scope', async () => {
    const ref = await channel.post(late, 'n1')
    slack.limit('chat.postMessage', { retryAfter: 7 })
    expect(await failure(channel.post(late, 'n2'))).toMatchObject({
      code: 'limited',
      retryAfterMs: 7000,
      scope: 'post',
    })
    slack.limit('chat.update', { retryAfter: 3 })
    expect(await failure(channel.edit(ref, done))).toMatchObject({
      code: 'limited',
      retryAfterMs: 3000,
      scope: 'edit',
    })
    slack.limit('chat.postMessage')
    expect(await failure(channel.post(late, 'n2'))).toMatchObject({ code: 'limited', retryAfterMs: 10_000 })
  })

  test('a limited channel delays no other', async () => {
    slack.addChannel({ id: 'C00OTHER' })
    slack.limit('chat.postMessage', { retryAfter: 600, channel: slack.channel, times: 9 })
    await failure(channel.post(late, 'n1'))
    await open('C00OTHER').post(late, 'n1')
  })

  test('nothing is sent twice', async () => {
    slack.fail('chat.postMessage', 500)
    await failure(channel.post(late, 'n1'))
    expect(slack.requests).toHaveLength(1)
  })

  test.each([
    [500, 'unsure', 'unreachable'],
    [404, 'unreachable', 'unreachable'],
    ['internal_error', 'unsure', 'unreachable'],
    ['not_in_channel', 'refused', 'refused'],
    ['is_archived', 'refused', 'refused'],
    ['invalid_auth', 'refused', 'refused'],
    ['message_not_found', 'gone', 'gone'],
    ['edit_window_closed', 'gone', 'gone'],
    ['ratelimited', 'limited', 'limited'],
  ])('%s', async (fault, whenPosted, whenEdited) => {
    const ref = await channel.post(late, 'n1')
    slack.fail('chat.postMessage', fault)
    expect((await failure(channel.post(late, 'n2'))).code).toBe(whenPosted)
    slack.fail('chat.update', fault)
    expect((await failure(channel.edit(ref, done))).code).toBe(whenEdited)
  })

  test('a refused connection has sent nothing', async () => {
    await slack.goDown()
    expect(await failure(channel.post(late, 'n1'))).toMatchObject({
      code: 'unreachable',
      message: 'Slack cannot be reached (ECONNREFUSED).',
    })
  })

  test('an edit that hangs can be retried', async () => {
    const ref = await channel.post(late, 'n1')
    slack.hang('chat.update')
    expect((await failure(impatient().edit(ref, done))).code).toBe('unreachable')
  })

  test('each failure is a sentence that tells what to do', async () => {
    slack.addChannel({ id: 'C00OTHER', botIsMember: false })
    const outside = await failure(open('C00OTHER').post(late, 'n1'))
    expect(outside.message).toBe('The bot is not in #ops: invite it there with /invite.')
    const unknown = await failure(open('C404404').post(late, 'n1'))
    expect(unknown).toMatchObject({ code: 'refused' })
    expect(unknown.message).toContain('check SLACK_CHANNEL_ID')
    const wrong = await failure(open(slack.channel, 'xoxb-wrong').post(late, 'n1'))
    expect(wrong.message).toContain('Slack refuses the token (invalid_auth)')
    expect(wrong.message).not.toContain('xoxb')
    const poor = await startSlack({ scopes: ['commands'] })
    const web = createClient(poor.botToken, clientOptions(poor.apiUrl, silentLogger))
    const there = createChannel({
      capabilities: definition.capabilities,
      web,
      channelId: poor.channel,
      timeZone: 'UTC',
      channelName: () => '#ops',
      logger: silentLogger,
    })
    expect((await failure(there.post(late, 'n1'))).message).toContain('lacks the scope chat:write')
    await poor.stop()
  })
})
