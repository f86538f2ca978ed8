// The simulated Web API as Slack's own client sees it: posting, editing, refusals, files.
import { webApi } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quiet } from './bolt.testing.ts'
import { type Slack, startSlack } from './slack.ts'

let slack: Slack
beforeEach(async () => {
  slack = await startSlack()
})
afterEach(() => slack.stop())

const client = (options: webApi.WebClientOptions = {}, token = slack.botToken) =>
  new webApi.WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quiet,
    ...options,
  })
const post = (more: Record<string, unknown> = {}, web = client()) =>
  web.chat.postMessage({ channel: slack.channel, text: 'hello', ...more } as never)
const refusal = async (attempt: Promise<unknown>) => {
  const error = await attempt.then(
    () => undefined,
    (reason: { data?: { error: string }; code?: string; statusCode?: number }) => reason,
  )
  return error?.data?.error ?? error?.statusCode ?? error?.code
}
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } })

describe('messages', () => {
  test('a posted message is seen, edited in place and deleted', async () => {
    const web = client()
    const { ts } = await post({ blocks: [section('*late*')] })
    expect(slack.messages()).toMatchObject([{ ts, text: 'hello', blocks: [{ type: 'section' }] }])
    await web.chat.update({ channel: slack.channel, ts: ts!, text: 'resolved' })
    expect(slack.messages()).toMatchObject([{ ts, text: 'resolved', blocks: [], edits: 1 }])
    await web.chat.delete({ channel: slack.channel, ts: ts! })
    expect(slack.messages()).toEqual([])
    expect(slack.violations).toEqual([])
  })

  test('a reply with broadcast stands in the thread and in the channel', async () => {
    const web = client()
    const { ts } = await post()
    await post({ thread_ts: ts, reply_broadcast: true, text: 'again' })
    await post({ thread_ts: ts, text: 'only in the thread' })
    const history = await web.conversations.history({ channel: slack.channel })
    expect(history.messages?.map(message => message.text)).toEqual(['again', 'hello'])
    const replies = await web.conversations.replies({ channel: slack.channel, ts: ts! })
    expect(replies.messages?.map(message => message.text)).toEqual(['hello', 'again', 'only in the thread'])
  })

  test('a reply to a deleted message becomes a message of its own', async () => {
    const { ts } = await post()
    await client().chat.delete({ channel: slack.channel, ts: ts! })
    await post({ thread_ts: ts, text: 'late reply' })
    expect(slack.messages()).toMatchObject([{ text: 'late reply' }])
    expect(slack.messages()[0]?.thread_ts).toBeUndefined()
  })

  test('metadata comes back only when asked for', async () => {
    await post({ metadata: { event_type: 'alert', event_payload: { nonce: 'n1' } } })
    const web = client()
    const without = await web.conversations.history({ channel: slack.channel })
    expect(without.messages?.[0]?.metadata).toBeUndefined()
    const found = await web.conversations.history({ channel: slack.channel, include_all_metadata: true })
    expect(found.messages?.[0]?.metadata).toEqual({ event_type: 'alert', event_payload: { nonce: 'n1' } })
  })

  test('only one person sees an ephemeral message, and it cannot be edited', async () => {
    const web = client()
    const sent = await web.chat.postEphemeral({ channel: slack.channel, user: slack.member, text: 'psst' })
    expect(slack.messages()).toEqual([])
    expect(slack.ephemerals(slack.member)).toMatchObject([{ text: 'psst' }])
    const edit = web.chat.update({ channel: slack.channel, ts: sent.message_ts!, text: 'x' })
    expect(await refusal(edit)).toBe('message_not_found')
  })

  test('markup that notifies people is found, escaped markup is not', async () => {
    await post({ text: '&lt;!channel&gt; @here', blocks: [section('<!here> and <@U00KARI>')] })
    expect(slack.messages()[0]?.mentions).toEqual(['!here', '@U00KARI'])
    await post({ text: 'look, <!channel>' })
    expect(slack.messages()[1]?.mentions).toEqual(['!channel'])
  })

  test('history comes in pages and from a moment on', async () => {
    const first = await post({ text: '1' })
    await post({ text: '2' })
    await post({ text: '3' })
    const web = client()
    const page = await web.conversations.history({ channel: slack.channel, limit: 2 })
    expect(page.messages?.map(message => message.text)).toEqual(['3', '2'])
    const cursor = page.response_metadata?.next_cursor ?? ''
    const rest = await web.conversations.history({ channel: slack.channel, limit: 2, cursor })
    expect(rest.messages?.map(message => message.text)).toEqual(['1'])
    const later = await web.conversations.history({ channel: slack.channel, oldest: first.ts! })
    expect(later.messages?.map(message => message.text)).toEqual(['3', '2'])
  })

  test('blocks without fallback text are recorded', async () => {
    await client().chat.postMessage({ channel: slack.channel, blocks: [section('x')] } as never)
    expect(slack.violations).toEqual(['chat.postMessage: no fallback text'])
  })
})

describe('refusals', () => {
  test.each([
    ['no text', { text: '' }, 'no_text'],
    ['unknown channel', { channel: 'C404404' }, 'channel_not_found'],
    ['a block too long', { blocks: [section('x'.repeat(3001))] }, 'invalid_blocks'],
    ['51 blocks', { blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }, 'invalid_blocks'],
    ['too much in all', { blocks: Array.from({ length: 5 }, () => section('x'.repeat(2700))) }, 'msg_blocks_too_long'],
    ['blocks that are not JSON', { blocks: 'nonsense' }, 'invalid_blocks_format'],
    ['metadata without a type', { metadata: { event_payload: {} } }, 'invalid_metadata_format'],
    ['101 attachments', { attachments: Array.from({ length: 101 }, () => ({ text: 'x' })) }, 'too_many_attachments'],
    ['bad blocks in an attachment', { attachments: [{ blocks: [{ type: 'header' }] }] }, 'invalid_blocks'],
  ])('%s', async (_what, args, code) => {
    expect(await refusal(post(args))).toBe(code)
    expect(slack.messages()).toEqual([])
  })

  test('the refusal of blocks names the place', async () => {
    const error = await post({ blocks: [section('x'.repeat(3001))] }).catch(reason => reason)
    expect(error.data.response_metadata.messages).toEqual([
      '[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ])
    expect(slack.violations).toHaveLength(1)
  })

  test('an edit takes 4,000 bytes of text and no more', async () => {
    const { ts } = await post()
    const edit = (text: string) => client().chat.update({ channel: slack.channel, ts: ts!, text })
    await edit('x'.repeat(4000))
    expect(await refusal(edit(`${'x'.repeat(3999)}å`))).toBe('msg_too_long')
  })

  test('edits of other people’s and of unknown messages', async () => {
    await slack.say('good morning', slack.member, slack.channel)
    const web = client()
    const ts = slack.messages()[0]!.ts
    expect(await refusal(web.chat.update({ channel: slack.channel, ts, text: 'x' }))).toBe('cant_update_message')
    expect(await refusal(web.chat.update({ channel: slack.channel, ts: '1.1', text: 'x' }))).toBe('message_not_found')
  })

  test('channels the bot is not in', async () => {
    slack.addChannel({ id: 'C00OTHER', botIsMember: false })
    slack.addChannel({ id: 'C0SECRET', botIsMember: false, is_private: true })
    slack.addChannel({ id: 'C00OLD', is_archived: true })
    expect(await refusal(post({ channel: 'C00OTHER' }))).toBe('not_in_channel')
    expect(await refusal(post({ channel: 'C0SECRET' }))).toBe('channel_not_found')
    expect(await refusal(post({ channel: 'C00OLD' }))).toBe('is_archived')
  })

  test('tokens: none, unknown, revoked, of the wrong kind, without the scope', async () => {
    expect(await refusal(post({}, client({}, 'xoxb-wrong')))).toBe('invalid_auth')
    expect(await refusal(client({}, slack.appToken).auth.test())).toBe('not_allowed_token_type')
    expect(await refusal(client().apps.connections.open())).toBe('not_allowed_token_type')
    slack.revokeTokens()
    expect(await refusal(client().auth.test())).toBe('token_revoked')
    const poor = await startSlack({ scopes: ['chat:write'] })
    const web = client({ slackApiUrl: poor.apiUrl })
    expect(await refusal(web.users.info({ user: poor.member }))).toBe('missing_scope')
    await poor.stop()
  })

  test('people: admins are distinguished from members, strangers are not found', async () => {
    const web = client()
    expect((await web.users.info({ user: slack.admin })).user?.is_admin).toBe(true)
    expect((await web.users.info({ user: slack.member })).user?.is_admin).toBe(false)
    expect(await refusal(web.users.info({ user: 'U404' }))).toBe('user_not_found')
    expect((await web.auth.test()).user_id).toBe(slack.botUser)
  })
})

test('a file is uploaded in three steps and then shared', async () => {
  const sent = { channel_id: slack.channel, filename: 'lines.txt', content: 'one\ntwo', initial_comment: 'Lines' }
  await client().files.uploadV2(sent)
  await slack.until(() => slack.messages().length === 1)
  expect(slack.files()).toMatchObject([{ name: 'lines.txt', channel: slack.channel, uploaded: true }])
  expect(slack.files()[0]?.content.toString()).toBe('one\ntwo')
  expect(slack.messages()[0]).toMatchObject({ text: 'Lines', files: [{ name: 'lines.txt' }] })
  const elsewhere = client().files.uploadV2({ ...sent, channel_id: 'C404404' })
  expect(await refusal(elsewhere)).toBe('channel_not_found')
})
