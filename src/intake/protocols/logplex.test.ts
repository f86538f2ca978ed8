// Heroku's drains: frames with their lengths become lines with app, dyno, level and instant, or the body is refused as a whole.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RECEIVED } from '../../logs/intake/batches.testing.ts'
import { readBatch } from '../../logs/intake/read-batch.ts'
import { Problem } from '../../problem.ts'
import { runs } from '../../testing/property-runs.ts'
import { logplex } from './logplex.ts'
import { nativeLogs } from './native-logs.ts'

const AT = new Date(RECEIVED - 60_000).toISOString().replace('Z', '000+00:00')
const frame = (text: string) => `${Buffer.byteLength(text)} ${text}`
const APP = `<190>1 ${AT} host app web.1 - {"level":"error","msg":"card declined"}`
const ROUTER = `<158>1 ${AT} host heroku router - at=error code=H12 desc="Request timeout" method=GET path="/" host=shop.example.org dyno=web.1`

function receive(body: string | Buffer, query = '', headers: Record<string, string> = {}, protocol = logplex) {
  const received = {
    ...{ method: 'POST', path: '/logplex', headers: new Headers(headers), body: Buffer.from(body), now: RECEIVED },
    parameters: new URLSearchParams(query),
  }
  return protocol.parse(received)
}

function lines(...given: Parameters<typeof receive>) {
  const logs = receive(...given)
  if ('status' in logs) throw new Error(`answered ${logs.status}`)
  expect(logs.hasTimes).toBe(true)
  return readBatch({
    ...{ body: new Uint8Array(logs.body).buffer, format: logs.format, project: 'shop', defaults: {} },
    ...{ receivedAt: RECEIVED, retentionMs: 1e9, privacy: {}, idempotencyKey: null },
    limits: { lines: 1000, messageBytes: 65_536 },
  }).lines
}

const EXPECTED = [
  { message: 'card declined', level: 'error', source: 'app', host: 'web.1', timestamp: RECEIVED - 60_000 },
  {
    level: 'error',
    source: 'heroku',
    host: 'router',
    attributes: { code: 'H12', path: '/', vhost: 'shop.example.org' },
  },
]

describe('a drain', () => {
  it.each([
    ['with line feeds, as Heroku sends them', frame(`${APP}\n`) + frame(`${ROUTER}\n`)],
    ['without', frame(APP) + frame(ROUTER)],
    ['with line feeds outside of the frames', `${frame(APP)}\n${frame(ROUTER)}\n`],
    ['without lengths', `${APP}\n${ROUTER}\n`],
  ])('gives each line its dyno, level and instant: %s', (_how, body) => {
    expect(lines(body, '', { 'logplex-msg-count': '2' })).toMatchObject(EXPECTED)
  })

  it('names its app in the URL', () => {
    expect(lines(frame(APP) + frame(ROUTER), 'source=m%C3%BCnze%20shop')).toMatchObject([
      { source: 'münze-shop', host: 'web.1' },
      { source: 'münze-shop', host: 'router' },
    ])
  })

  it('keeps lines of several lines, other hosts and letters', () => {
    const body = frame(`<190>1 ${AT} d.73ea app worker.2 - Zahlung für Ölçer\n  at pay (shop.js:1)\n`)
    expect(lines(body)).toMatchObject([
      { host: 'd.73ea', message: 'Zahlung für Ölçer', stack: expect.stringContaining('at pay (shop.js:1)') },
    ])
  })

  it('shows the errors of Heroku itself as errors', () => {
    const memory = `<45>1 ${AT} host heroku web.1 - Error R14 (Memory quota exceeded)`
    const state = `<45>1 ${AT} host heroku web.1 - State changed from starting to up`
    const own = `<190>1 ${AT} host app web.1 - Error R14 is what we printed`
    expect(lines([memory, state, own].map(frame).join('')).map(({ level }) => level)).toEqual(['error', 'info', 'info'])
  })

  it('is taken by the native route, too', () => {
    expect(lines(frame(APP), '', { 'content-type': 'application/logplex-1' }, nativeLogs)).toMatchObject([EXPECTED[0]])
  })

  it.each([
    ['a length beyond the end', `9${frame(APP)}`, {}, 'Line 1 has 9'],
    ['a cut second line', frame(APP) + frame(ROUTER).slice(0, -5), {}, 'Line 2 has'],
    ['no length', 'hello', {}, 'Line 1 does not begin with its length'],
    ['a length of many digits', `${'9'.repeat(40)} ${APP}`, {}, 'does not begin with its length'],
    ['a binary body', Buffer.from([0xff, 0xfe, 0x80]), {}, 'does not begin with its length'],
    ['fewer lines than announced', frame(APP), { 'logplex-msg-count': '2' }, 'Logplex-Msg-Count is 2'],
  ])('is refused as a whole with %s', (_what, body, headers, sentence) => {
    const refused = (() => {
      try {
        return receive(body, '', headers)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(Problem)
    expect(refused).toMatchObject({ code: 'invalid', message: expect.stringContaining(sentence) })
  })

  it('of any bytes is read or refused as a whole, and is read the same when its frames are', () => {
    const piece = fc.oneof(
      fc.constantFrom(APP, ROUTER, `${APP}\n`, 'x', '\0', '<', '1 ').map(text => frame(text)),
      fc.constantFrom('\n', ' ', APP, '12 ', '0 ', '-1 ', '7', '99999999 x'),
      fc.string({ maxLength: 20 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(600), (pieces, end) => {
        const whole = Buffer.from(pieces.join(''))
        for (const body of [whole, whole.subarray(0, end)])
          try {
            const logs = receive(body)
            if (!('status' in logs)) expect(logs.body.length).toBeLessThanOrEqual(2 * body.length + 200)
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid', message: expect.stringContaining('Nothing of the request') })
          }
      }),
      { numRuns: runs(1_000) },
    )
  })

  it('without lines is fine, and a limit is a status that Logplex repeats after', () => {
    expect(receive('\n')).toMatchObject({ status: 204 })
    expect(logplex.refuse!(new Problem('limited', 'x'), {} as never)).toMatchObject({ status: 503 })
    expect(logplex.refuse!(new Problem('unauthorized', 'x'), {} as never)).toMatchObject({ status: 401 })
  })
})
