// What is said of a chat platform by its answers: the token, its rights, and the channel.
import { afterEach, expect, it, vi } from 'vitest'
import { diagnose as diagnoseDiscord } from './discord/diagnose.ts'
import { diagnose as diagnoseSlack } from './slack/diagnosis/diagnose.ts'
import { diagnose as diagnoseTelegram } from './telegram/diagnose.ts'

afterEach(() => void vi.unstubAllGlobals())
const { signal } = new AbortController()

type Answer = { status?: number; body?: object | string; scopes?: string }
/** The answers by the end of the address; what was asked is returned. */
function answers(by: Record<string, Answer>): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string, init?: { headers?: { authorization?: string }; body?: unknown }) => {
    asked.push([url, init?.headers?.authorization, init?.body].filter(Boolean).join(' ').trim())
    const [, { status = 200, body = {}, scopes } = {} as Answer] =
      Object.entries(by).find(([end]) => url.endsWith(end)) ?? []
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return new Response(text, { status, ...(scopes === undefined ? {} : { headers: { 'x-oauth-scopes': scopes } }) })
  })
  return asked
}
const said = (found: { state: string; text: string }[]) => found.map(({ state, text }) => `${state}: ${text}`)

const IN = { ok: true, channel: { name: 'ops', is_member: true } }
const SELF = { ok: true, user: 'vakt', team: 'Acme' }
it.each<[string, Record<string, Answer>, string | null, string[]]>([
  [
    'all is well',
    {
      'auth.test': { body: SELF, scopes: 'commands, chat:write,users:read' },
      'connections.open': { body: { ok: true } },
      info: { body: IN },
    },
    'xapp',
    ['ok: The bot token is that of vakt in Acme.', 'ok: The app is in the channel ops.'],
  ],
  [
    'the token is wrong',
    { 'auth.test': { body: { ok: false, error: 'invalid_auth' } } },
    'xapp',
    ['failed: Slack refuses SLACK_BOT_TOKEN (invalid_auth).'],
  ],
  [
    'there is no JSON',
    { 'auth.test': { status: 502, body: 'oops' } },
    'xapp',
    ['failed: Slack refuses SLACK_BOT_TOKEN (HTTP 502).'],
  ],
  [
    'scopes are missing, and the app is outside',
    {
      'auth.test': { body: { ok: true }, scopes: 'users:read' },
      info: { body: { ok: true, channel: { is_member: false } } },
    },
    null,
    [
      'ok: The bot token is that of the app in its workspace.',
      'failed: The app lacks the scopes chat:write, commands.',
      'failed: The app is not in the channel C1.',
    ],
  ],
  [
    'the app token is wrong, and channels may not be asked about',
    {
      'auth.test': { body: SELF },
      'connections.open': { body: { ok: false, error: 'not_authed' } },
      info: { body: { ok: false, error: 'missing_scope' } },
    },
    'xapp',
    [
      'ok: The bot token is that of vakt in Acme.',
      'failed: Slack refuses SLACK_APP_TOKEN (not_authed).',
      'warning: The app may not ask about channels.',
    ],
  ],
  [
    'the channel is unknown',
    { 'auth.test': { body: SELF }, info: { body: { ok: false, error: 'channel_not_found' } } },
    null,
    [
      'ok: The bot token is that of vakt in Acme.',
      'failed: Slack does not know the channel C1 for this app (channel_not_found).',
    ],
  ],
  [
    'the channel has no name',
    { 'auth.test': { body: SELF }, info: { body: { ok: true } } },
    null,
    ['ok: The bot token is that of vakt in Acme.', 'ok: The app is in the channel C1.'],
  ],
])('on Slack, where %s', async (_what, by, appToken, expected) => {
  const asked = answers(by)
  expect(
    said(await diagnoseSlack({ botToken: 'xoxb', appToken, channelId: 'C1', apiUrl: 'https://slack/api//' }, signal)),
  ).toEqual(expected)
  expect(asked[0]).toBe('https://slack/api/auth.test Bearer xoxb')
  expect(asked.some(one => one.startsWith('https://slack/api/apps.connections.open Bearer xapp'))).toBe(
    appToken !== null && expected.length > 1,
  )
})

it.each<[string, Record<string, Answer>, string[], string?]>([
  [
    'all is well',
    { '/users/@me': { body: { username: 'vakt' } }, '/applications/@me': { body: { flags: 1 << 19 } } },
    ['ok: The token is that of vakt.', 'ok: The bot sees the channel 10.'],
  ],
  ['the token is wrong', { '/users/@me': { status: 401 } }, ['failed: Discord refuses the token.']],
  ['Discord fails', { '/users/@me': { status: 503 } }, ['failed: Discord answers 503.']],
  [
    'messages may not be read, and the channel is unknown',
    { '/users/@me': {}, '/applications/@me': { body: { flags: 1 } }, '/channels/10': { status: 404 } },
    [
      'ok: The token is that of the bot.',
      'warning: The bot may not read the content of messages, so questions in threads are not understood.',
      'failed: The bot does not see the channel 10 (404).',
    ],
    'Correct DISCORD_CHANNEL_ID',
  ],
  [
    'the flags are not said, and the channel is hidden',
    { '/users/@me': {}, '/applications/@me': { body: 'oops' }, '/channels/10': { status: 403 } },
    ['ok: The token is that of the bot.', 'failed: The bot does not see the channel 10 (403).'],
    'Invite the bot',
  ],
])('on Discord, where %s', async (_what, by, expected, remedy = '') => {
  answers(by)
  const found = await diagnoseDiscord({ token: 't', apiUrl: 'https://discord/api', channelId: '10' }, signal)
  expect(said(found)).toEqual(expected)
  expect(found.at(-1)!.remedy).toContain(remedy)
})

it.each<[string, Record<string, Answer>, string | null, string[]]>([
  [
    'all is well',
    {
      getMe: { body: { ok: true, result: { username: 'vakt_bot' } } },
      'chat_id=%40ops': { body: { ok: true, result: { title: 'Ops' } } },
    },
    '@ops',
    ['ok: The token is that of @vakt_bot.', 'ok: The bot sees the chat Ops.'],
  ],
  ['there is no chat', { getMe: { body: { ok: true } } }, null, ['ok: The token is that of @the bot.']],
  [
    'the token is wrong',
    { getMe: { body: { ok: false, description: 'Unauthorized' } } },
    '@ops',
    ['failed: Telegram refuses the token (Unauthorized).'],
  ],
  [
    'the chat is unknown',
    { getMe: { body: { ok: true } }, 'chat_id=%40ops': { body: { ok: false, description: 'chat not found' } } },
    '@ops',
    ['ok: The token is that of @the bot.', 'failed: The bot does not see the chat @ops (chat not found).'],
  ],
  [
    'the chat has no title',
    { getMe: { body: { ok: true } }, 'chat_id=%40ops': { body: { ok: true } } },
    '@ops',
    ['ok: The token is that of @the bot.', 'ok: The bot sees the chat @ops.'],
  ],
])('on Telegram, where %s', async (_what, by, chatId, expected) => {
  answers(by)
  expect(said(await diagnoseTelegram({ token: 't', apiUrl: 'https://tg', chatId }, signal))).toEqual(expected)
})
