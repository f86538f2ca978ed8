// Log lines and alerts are sent on: everything that matches, in order, at least once, whatever the receiver does.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startApp } from '../testing/app.ts'
import { useLogs } from '../testing/logs-story.ts'
import { until } from '../testing/running.ts'

const story = useLogs()
type Request = { path: string; headers: IncomingHttpHeaders; text: string }

let received: Request[]
/** The answers to come: a status, or what to answer for a body; 204 after them. */
let answers: (number | ((text: string) => number | [number, string]))[]
let receiver: Server
let address: string

beforeEach(async () => {
  received = []
  answers = []
  receiver = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const answer = answers.shift() ?? 204
    const [status, body] = [typeof answer === 'function' ? answer(text) : answer].flat() as [number, string?]
    if (status < 300) received.push({ path: request.url!, headers: request.headers, text })
    response.writeHead(status).end(body)
  })
  await new Promise<void>(done => receiver.listen(0, '127.0.0.1', done))
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})

afterEach(async () => {
  receiver.closeAllConnections()
  await new Promise(done => receiver.close(done))
})

const messages = () =>
  received
    .flatMap(({ text }) =>
      text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line).message as string),
    )
    .filter(message => !message.startsWith('A test'))

/** Time passes until the receiver has what is expected. */
const eventually = (isThere: () => boolean, what: string, step = '1s') =>
  until(async () => {
    if (isThere()) return true
    await story.idle()
    await story.app.passes(step)
    return isThere()
  }, what)

type Listed = {
  forwards: {
    name: string
    kind: string
    sent: number
    refused: number
    failures: number
    error: string | null
    address: string
    is_behind: boolean
  }[]
}
const listed = async () => (await story.app.result<Listed>('forwards list')).forwards[0]!

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    message: `line ${from + i}`,
    source: 'cart',
    level: i % 2 === 0 ? 'error' : 'info',
  }))

describe('a forward of lines', () => {
  it('sends new lines that match, in order, from where it was, also after a restart', async () => {
    await story.sends(numbered(0, 3))
    await story.app.result(
      `forwards add ${address}/in?key=s3cret --name lake --query level>=warn --header "X-Api-Key: k1"`,
    )
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({
      path: '/in?key=s3cret',
      headers: { 'x-api-key': 'k1', 'content-type': 'application/x-ndjson' },
    })
    await story.sends(numbered(3, 3))
    await eventually(() => messages().length === 2, 'the lines')
    expect(messages()).toEqual(['line 3', 'line 5'])

    await story.app.stop()
    const { state, clock, channels } = story.app
    story.app = await startApp({ store: story.store, after: { state, clock, channels } })
    await story.sends(numbered(6, 2))
    await eventually(() => messages().length === 3, 'the lines after the restart')
    expect(messages()).toEqual(['line 3', 'line 5', 'line 6'])

    expect(await listed()).toMatchObject({ name: 'lake', kind: 'webhook', sent: 3, refused: 0, failures: 0, address })
    const text = await story.app.answerText('forwards list')
    expect(text).toContain(`lake ${address}: lines level>=warn; 3 lines sent`)
    expect(JSON.stringify(await story.app.result('audit')) + text).not.toMatch(/s3cret|k1/)
  })

  it('sends stored lines too when it is asked to', async () => {
    await story.sends(numbered(0, 3))
    await story.app.result(`forwards add ${address} --from-start`)
    await eventually(() => messages().length === 3, 'the stored lines')
    expect(messages()).toEqual(['line 0', 'line 1', 'line 2'])
  })

  it('tries again after failures, tells people after ten minutes, and sends everything afterwards', async () => {
    await story.app.result(`forwards add ${address} --name lake`)
    answers = Array.from({ length: 1_000 }, () => () => [503, 'no disk'] as [number, string])
    await story.sends(numbered(0, 2))
    await eventually(() => answers.length < 1_000, 'an attempt')
    await until(async () => (await listed()).failures > 0, 'the failure')
    expect(await listed()).toMatchObject({ error: 'The receiver answered with status 503: no disk.', is_behind: true })
    await eventually(
      () => story.app.titles().some(title => title.includes('Nothing gets through to the forward lake')),
      'the alert',
      '2m',
    )
    await story.sends(numbered(2, 1))
    answers = []
    await eventually(() => messages().length === 3, 'the lines', '1m')
    expect(messages()).toEqual(['line 0', 'line 1', 'line 2'])
    await story.app.passes('2m')
    expect(await story.app.result('alerts list')).toMatchObject({ alerts: [] })
  })

  it('leaves out the one line that the receiver refuses, and counts it', async () => {
    await story.app.result(`forwards add ${address} --name lake`)
    answers = Array.from(
      { length: 1_000 },
      () => (text: string) => (text.includes('line 5') ? [400, 'bad line'] : 204) as never,
    )
    await story.sends(numbered(0, 8))
    await eventually(() => messages().length === 7, 'the other lines')
    expect(messages()).toEqual([0, 1, 2, 3, 4, 6, 7].map(i => `line ${i}`))
    await until(async () => (await listed()).refused === 1, 'the count')
    expect(await listed()).toMatchObject({ sent: 7, failures: 0 })
  })

  it.each([
    [
      'loki+',
      '/loki/api/v1/push',
      (body: never) => (body as { streams: { stream: object; values: [string, string, object][] }[] }).streams[0],
    ],
    ['otlp+', '/v1/logs', (body: never) => (body as { resourceLogs: object[] }).resourceLogs[0]],
  ])('speaks the protocol of %s', async (kind, path, pick) => {
    await story.app.result(`forwards add ${kind}${address.replace('//', '//ann:pw@')} --name other`)
    await story.sends({
      message: 'no stock',
      level: 'error',
      source: 'cart',
      host: 'web-1',
      timestamp: '2026-11-29T10:00:01.123Z',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      order: 7,
    })
    await eventually(() => received.length === 2, 'the line')
    expect(received[1]).toMatchObject({
      path,
      headers: { authorization: `Basic ${Buffer.from('ann:pw').toString('base64')}` },
    })
    const body = pick(JSON.parse(received[1]!.text) as never)
    if (kind === 'loki+')
      expect(body).toMatchObject({
        stream: { service_name: 'cart', host: 'web-1', level: 'error', project: 'default' },
        values: [['1795946401123000000', 'no stock', { order: '7', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }]],
      })
    else
      expect(body).toMatchObject({
        resource: { attributes: expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'cart' } }]) },
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: '1795946401123000000',
                severityNumber: 17,
                body: { stringValue: 'no stock' },
                traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
                attributes: [{ key: 'order', value: { intValue: '7' } }],
              },
            ],
          },
        ],
      })
  })

  it('writes syslog that is read back as the same line', async () => {
    const frames: string[] = []
    const server = createTcpServer(socket => {
      let text = ''
      socket.on('data', piece => {
        text += piece
      })
      socket.on('end', () => frames.push(text))
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    await story.app.result(`forwards add syslog+tcp://127.0.0.1:${port} --name siem`)
    await story.sends({
      message: 'no "stock"\nat all',
      level: 'warn',
      source: 'cart',
      host: 'web-1',
      timestamp: '2026-11-29T10:00:01.123Z',
      quote: 'a"b]c\\',
    })
    await eventually(() => frames.length === 2, 'the frame')
    const [, length, frame] = /^(\d+) (.*)$/s.exec(frames[1]!)!
    expect(Buffer.byteLength(frame!)).toBe(Number(length))
    expect(frame).toBe(
      '<132>1 2026-11-29T10:00:01.123Z web-1 cart - - [vakt@32473 project="default" level="warn" quote="a\\"b\\]c\\\\"] no "stock"\nat all',
    )
    server.close()
  })
})

it('an Alertmanager gets open alerts every minute, and their end', async () => {
  await story.app.result('checks add nightly --every 1h --grace 5m')
  await story.app.result(`forwards add alertmanager+${address} --name am`)
  expect(received[0]).toMatchObject({ path: '/api/v2/alerts', text: '[]' })
  const { check } = await story.app.result<{ check: { ping_url: string } }>('checks show nightly')
  const ping = () => story.app.request(new URL(check.ping_url).pathname)
  await ping()
  await story.app.passes('2h')
  const sent = () => received.map(({ text }) => JSON.parse(text)[0]).filter(Boolean)
  await eventually(() => sent().length >= 2, 'two repeats', '30s')
  const [first] = sent()
  expect(first).toMatchObject({
    labels: {
      alertname: 'missed-beat',
      severity: expect.any(String),
      project: 'default',
      check: 'nightly',
      vakt_alert: '1',
    },
    annotations: { summary: expect.stringContaining('nightly'), state: 'firing' },
  })
  expect(Date.parse(sent().at(-1).endsAt)).toBeGreaterThan(story.app.clock.now())
  await ping()
  await eventually(() => sent().at(-1).annotations.state === 'resolved', 'the end')
  expect(sent().at(-1).labels).toEqual(first.labels)
  expect(Date.parse(sent().at(-1).endsAt)).toBeLessThanOrEqual(story.app.clock.now())
})

it.each([
  ['ftp://example.org', 'That is not an address to send to.'],
  ['http://169.254.169.254/latest', 'Vakt does not connect to that address'],
  ['http://127.0.0.1:8080/api/logs', 'the address of Vakt itself'],
  ['http://vakt.test/api/logs', 'the address of Vakt itself'],
  ['loki+http://127.0.0.1:1', 'nothing is set: The receiver cannot be reached'],
  ['http://127.0.0.1:1 --query "since:1h x"', 'must not name a time'],
  ['http://127.0.0.1:1 --header nonsense', '"Name: value"'],
])('forwards add %s is refused', async (words, says) => {
  const answer = await story.app.says(`forwards add ${words}`)
  expect(answer.ok ? '' : answer.problem.message).toContain(says)
  expect(await story.app.result('forwards list')).toEqual({ forwards: [] })
})

it('a forward is removed after a question, and its name is free again', async () => {
  await story.app.result(`forwards add ${address} --name lake`)
  expect((await story.app.says(`forwards add ${address} --name Lake`)).ok).toBe(false)
  const asked = await story.app.says('forwards remove lake', { interactive: true })
  expect(asked.ok && asked.card.title).toBe('Stop sending to lake?')
  await story.app.result('forwards remove lake')
  await story.app.result(`forwards add ${address} --name lake`)
  expect((await story.app.says('forwards remove nope')).ok).toBe(false)
})

it('a key of one project, even of an admin, sends nothing on', async () => {
  const { key } = await story.app.result<{ key: { secret: string } }>('keys create default --role admin')
  const answer = await story.app.request('/api/commands', {
    method: 'POST',
    headers: { 'x-api-key': key.secret, 'content-type': 'application/json' },
    body: JSON.stringify({ line: `forwards add ${address}` }),
  })
  expect(answer.status).toBe(403)
  expect(received).toEqual([])
})
