// Requests of Slack in HTTP mode, from the signature to the answer, on a fake clock.
import { expect, test } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { sign } from '../../testing/slack/slack.ts'
import type { HttpAnswer } from '../channel.ts'
import { createReceiver, signatureError } from './receiver.ts'

const SECRET = 'secret'
const NOW = 1_800_000_000_000
const FORM = 'application/x-www-form-urlencoded'
type Event = {
  body: Record<string, unknown>
  ack(content?: unknown): Promise<void>
  retryNum?: number
  retryReason?: string
}

/** A receiver whose bot does `process` with every request. */
function start(process: (event: Event) => Promise<void> = async ({ ack }) => ack()) {
  const clock = createFakeClock(NOW)
  const events: Event[] = []
  const { receiver, receive } = createReceiver(SECRET, clock, silentLogger)
  receiver.init({
    processEvent(event: Event) {
      events.push(event)
      return process(event)
    },
  } as never)
  const send = (body: string, contentType: string | undefined = FORM, more: Record<string, string> = {}) => {
    const headers = {
      'x-slack-request-timestamp': String(NOW / 1_000),
      'x-slack-signature': sign(SECRET, NOW / 1_000, body),
    }
    return receive(Buffer.from(body), { ...headers, ...(contentType && { 'content-type': contentType }), ...more })
  }
  return { clock, events, send }
}
const payload = (value: unknown) => `payload=${encodeURIComponent(JSON.stringify(value))}`
const COMMAND = 'command=%2Fvakt&team_id=T1'

test.each([
  [-300_000, null],
  [300_000, null],
  [-300_001, 'five minutes'],
  [300_001, 'five minutes'],
])('a signature %i ms away from the clock: %s', (shift, sentence) => {
  const headers = { 'x-slack-request-timestamp': '1800000000', 'x-slack-signature': sign(SECRET, 1_800_000_000, 'x') }
  const error = signatureError(Buffer.from('x'), headers, SECRET, NOW + shift)
  if (sentence === null) expect(error).toBeNull()
  else expect(error).toContain(sentence)
})

test.each<[string, string, string | undefined, number, string | null]>([
  ['a command', COMMAND, FORM, 200, null],
  ['a command with a charset', COMMAND, `${FORM}; charset=utf-8`, 200, null],
  ['an event', '{"type":"event_callback","team_id":"T1"}', 'application/json', 200, null],
  [
    'an event without a team',
    '{"type":"event_callback","user":{"id":"U1","team_id":"T1"}}',
    'application/json',
    400,
    'no team',
  ],
  ['a press', payload({ type: 'block_actions', user: { id: 'U1' }, team: { id: 'T1' } }), FORM, 200, null],
  ['a press in an enterprise', payload({ user: { id: 'U1' }, team: null, enterprise: { id: 'E1' } }), FORM, 200, null],
  ['a press whose person has the team', payload({ user: { id: 'U1', team_id: 'T1' } }), FORM, 200, null],
  ['a press without a person', payload({ team: { id: 'T1' } }), FORM, 400, 'no team or no user'],
  ['a press whose team has no id', payload({ user: { id: 'U1' }, team: {} }), FORM, 400, 'no team or no user'],
  ['a press with a list as person', payload({ user: ['U1'], team: { id: 'T1' } }), FORM, 400, 'no team or no user'],
  ['a look at the certificate', 'ssl_check=1', FORM, 200, ''],
  ['a list', '[1]', 'application/json', 400, 'neither a form nor JSON'],
  ['nothing', 'null', 'application/json', 400, 'neither a form nor JSON'],
  ['JSON that is cut', '{', 'application/json', 400, 'neither a form nor JSON'],
  ['a payload that is cut', 'payload=%7B', FORM, 400, 'neither a form nor JSON'],
  ['a body without a type', COMMAND, undefined, 400, 'neither a form nor JSON'],
  ['another type', COMMAND, 'text/plain', 400, 'neither a form nor JSON'],
])('%s', async (_what, body, contentType, status, sentence) => {
  const { send, events } = start()
  const answer = await (contentType === undefined ? send(body, '') : send(body, contentType))
  expect(answer.status).toBe(status)
  if (sentence !== null) expect(answer.body).toContain(sentence)
  expect(events).toHaveLength(sentence === null ? 1 : 0)
})

test.each<[string, unknown, string, string]>([
  ['nothing', undefined, '', 'text/plain; charset=utf-8'],
  ['a text', 'done', 'done', 'text/plain; charset=utf-8'],
  ['an object', { options: [] }, '{"options":[]}', 'application/json; charset=utf-8'],
])('an acknowledgement of %s is the answer', async (_what, content, body, contentType) => {
  const { send } = start(({ ack }) => ack(content))
  expect(await send(COMMAND)).toEqual({ status: 200, body, headers: { 'content-type': contentType } })
})

test('the URL is verified with its challenge', async () => {
  const answer = await start().send('{"type":"url_verification","challenge":"abc"}', 'application/json')
  expect(answer).toMatchObject({ status: 200, body: '{"challenge":"abc"}' })
})

test('a request that nothing acknowledges is answered shortly before Slack stops to wait', async () => {
  const { send, clock } = start(async () => {})
  let answer: HttpAnswer | undefined
  void send(COMMAND).then(given => (answer = given))
  await clock.advance(2_799)
  expect(answer).toBeUndefined()
  await clock.advance(1)
  expect(answer).toMatchObject({ status: 404, body: 'Vakt does not answer such requests.' })
})

test('a request that fails is answered with 500', async () => {
  const { send } = start(() => Promise.reject(new Error('broken')))
  expect(await send(COMMAND)).toMatchObject({ status: 500, body: expect.stringContaining('an error of its own') })
})

test('the number and the reason of a retry are passed on, where there are any', async () => {
  const { send, events } = start()
  await send(COMMAND)
  await send(COMMAND, FORM, { 'x-slack-retry-num': '0' })
  await send(COMMAND, FORM, { 'x-slack-retry-num': '2', 'x-slack-retry-reason': 'http_timeout' })
  await settled()
  expect(events.map(({ retryNum, retryReason }) => [retryNum, retryReason])).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [2, 'http_timeout'],
  ])
})

test.each<[string, Record<string, string>]>([
  ['no signature', { 'x-slack-signature': '' }],
  ['a short signature', { 'x-slack-signature': 'v0=ab' }],
  ['another signature', { 'x-slack-signature': `v0=${'0'.repeat(64)}` }],
  ['no timestamp', { 'x-slack-request-timestamp': '' }],
  ['a timestamp of words', { 'x-slack-request-timestamp': 'now' }],
])('a request with %s is refused, and nothing is done', async (_what, headers) => {
  const { send, events } = start()
  expect((await send(COMMAND, FORM, headers)).status).toBe(401)
  expect(events).toEqual([])
})
