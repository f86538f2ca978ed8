// Rate limits and faults as Slack's own client sees them.
import { webApi } from '@slack/bolt'
import { afterEach, beforeEach, expect, test } from 'vitest'
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

test('one message a second in each channel', async () => {
  let now = 1_800_000_000_000
  const strict = await startSlack({ rateLimits: true, now: () => now })
  strict.addChannel({ id: 'C00OTHER' })
  const web = client({ slackApiUrl: strict.apiUrl })
  await post({}, web)
  const error = await post({}, web).catch(reason => reason)
  expect(error).toMatchObject({ code: webApi.ErrorCode.RateLimitedError, retryAfter: 1 })
  await post({ channel: 'C00OTHER' }, web)
  now += 1001
  await post({}, web)
  await strict.stop()
})

test('fifty edits a minute', async () => {
  let now = 1_800_000_000_000
  const strict = await startSlack({ rateLimits: true, now: () => now })
  const web = client({ slackApiUrl: strict.apiUrl })
  const { ts } = await post({}, web)
  const edit = () => web.chat.update({ channel: strict.channel, ts: ts!, text: 'x' })
  for (let i = 0; i < 50; i++) await edit()
  expect(await edit().catch(reason => reason)).toMatchObject({ retryAfter: 60 })
  now += 60_001
  await edit()
  await strict.stop()
})

test('a limit asked for carries its header, and passes', async () => {
  slack.limit('chat.postMessage', { retryAfter: 7, times: 1 })
  expect(await post().catch(reason => reason)).toMatchObject({ retryAfter: 7 })
  slack.limit('chat.postMessage')
  expect((await post().catch(reason => reason)).message).toContain('did not contain a valid timeout')
  await post()
  expect(slack.messages()).toHaveLength(1)
})

test('statuses, error codes, late answers', async () => {
  slack.fail('chat.postMessage', 503)
  expect(await refusal(post())).toBe(503)
  slack.fail('*', 'internal_error')
  expect(await refusal(post())).toBe('internal_error')
  slack.slow('chat.postMessage', 40)
  const started = performance.now()
  await post()
  expect(performance.now() - started).toBeGreaterThan(35)
})

test('hang: nothing is stored; accept then time out: it is', async () => {
  const web = client({ timeout: 1_000 })
  slack.hang('chat.postMessage')
  expect(await refusal(post({}, web))).toBe(webApi.ErrorCode.RequestError)
  expect(slack.messages()).toHaveLength(0)
  slack.acceptThenTimeout('chat.postMessage')
  expect(await refusal(post({}, web))).toBe(webApi.ErrorCode.RequestError)
  expect(slack.messages()).toHaveLength(1)
  expect(slack.requests.map(request => request.answer)).toEqual(['no answer', 'no answer'])
})

test('down and back again', async () => {
  const web = client()
  await post({}, web)
  await slack.goDown()
  expect(await refusal(post({}, web))).toBe(webApi.ErrorCode.RequestError)
  await slack.comeBack()
  await post({}, web)
  expect(slack.messages()).toHaveLength(2)
})
