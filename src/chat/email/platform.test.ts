// E-mail on the wire: what a mail server receives for a card, how an alert stays one thread, what each failure means.
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Card, Text } from '../../card.ts'
import { systemClock } from '../../clock.ts'
import { silentLogger } from '../../logger.ts'
import type { DeliveryError } from '../channel.ts'
import { email as definition } from './definition.ts'
import { createEmail } from './platform.ts'
import { renderMail } from './render.ts'

type Mail = { to: string[]; from: string; raw: string }
let mails: Mail[]
let refusal: { at: 'rcpt' | 'data'; code: number } | null
let server: SMTPServer
let port: number

beforeEach(async () => {
  mails = []
  refusal = null
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_to, _session, done) => done(refusal?.at === 'rcpt' ? failed(refusal.code) : null),
    onData(stream, { envelope }, done) {
      let raw = ''
      stream.on('data', chunk => {
        raw += chunk
      })
      stream.on('end', () => {
        if (refusal?.at === 'data') return done(failed(refusal.code))
        mails.push({
          to: envelope.rcptTo.map(one => one.address),
          from: String((envelope.mailFrom as { address: string }).address),
          raw,
        })
        done()
      })
    },
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  port = (server.server.address() as AddressInfo).port
})
afterEach(() => new Promise<void>(done => server.close(done)))

const failed = (responseCode: number) => Object.assign(new Error('no'), { responseCode })
const open = () =>
  createEmail({
    settings: { url: `smtp://127.0.0.1:${port}`, from: 'Vakt <vakt@example.org>', to: ['ops@example.org'] },
    capabilities: definition.capabilities,
    ...{ timeZone: 'UTC', clock: systemClock, logger: silentLogger, timeoutMs: 2_000 },
  })
const header = ({ raw }: Mail, name: string) =>
  new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(raw.split(/\r?\n\r?\n/)[0]!)?.[1]?.replace(/\s+/g, ' ')
const down: Card = {
  title: 'db-1 is down\r\nBcc: evil@example.org',
  tone: 'critical',
  lines: ['<script>alert(1)</script>'],
  buttons: [{ label: 'Acknowledge', line: 'ack 1' }],
}
const failure = (attempt: Promise<unknown>): Promise<DeliveryError> =>
  attempt.then(
    () => Promise.reject(new Error('it was delivered')),
    error => error,
  )

test('a card becomes a mail with the same content as text and HTML, and data in it does nothing', async () => {
  const [channel] = open().channels
  await channel!.post(down, 'n1')
  const [mail] = mails
  expect([mail!.to, mail!.from]).toEqual([['ops@example.org'], 'vakt@example.org'])
  expect(header(mail!, 'Message-ID')).toBe('<n1@example.org>')
  expect(header(mail!, 'Auto-Submitted')).toBe('auto-generated')
  expect(header(mail!, 'Bcc')).toBeUndefined()
  expect(mail!.raw).toContain('multipart/alternative')
  expect(mail!.raw).toContain('ack 1')
  expect(mail!.raw).toContain('&lt;script&gt;')
  expect(mail!.raw).not.toMatch(/<p[^>]*><script>/)
})

test('an instant stands once in each part, never as a distance from now', async () => {
  const since = Date.parse('2026-03-02T09:00:00Z')
  const value: Text = [{ time: since, style: 'moment' }, ' (', { time: since, style: 'relative' }, ')']
  const { text, html } = renderMail(
    { title: 'Down', tone: 'critical', fields: [{ name: 'Since', value }] },
    'UTC',
    since,
  )
  for (const part of [text, html]) {
    expect(part.match(/2026-03-02 09:00:00/g)).toHaveLength(1)
    expect(part).not.toMatch(/ago|now/)
  }
})

test('the HTML has true tables, marked matches, rows with their line, and the picture in place', async () => {
  const card: Card = {
    title: 'api',
    tone: 'warning',
    evidence: [
      {
        kind: 'log',
        entries: [{ at: 0, level: 'error', source: 'api', message: [{ bold: '<timeout>' }, ' of db'] }],
      },
      { kind: 'table', columns: [{ name: 'Name' }, { name: 'CPU', align: 'right' }], cells: [['nginx', '3 %']] },
    ],
    rows: [{ name: '1', text: 'row', action: { label: 'Show', line: 'alerts show 1' } }],
    image: { name: 'c.png', alt: 'Errors', png: new Uint8Array([1]) },
  }
  const { html } = renderMail(card, 'UTC', 0)
  for (const part of [
    />ERROR<\/b> <mark[^>]*>&lt;timeout&gt;<\/mark> of db/,
    /<th[^>]*text-align:right[^>]*>CPU<\/th>/,
    /row<br><code[^>]*>alerts show 1<\/code>/,
    /<img src="cid:chart" alt="Errors"/,
  ])
    expect(html).toMatch(part)
  await open().channels[0]!.post(card, 'n1')
  expect(mails[0]!.raw).toMatch(/multipart\/related/)
  expect(mails[0]!.raw).toMatch(/Content-ID: <chart>/i)
})

test('an alert is one thread: its escalation and its end, but not every count', async () => {
  const [channel] = open().channels
  const ref = await channel!.post(down, 'n1')
  await channel!.edit(ref, { ...down, lines: ['seen 2 times'] })
  await channel!.reply(ref, { title: 'Escalated', tone: 'critical' }, 'n2')
  await channel!.edit(ref, { title: 'Resolved', tone: 'good' })
  expect(mails).toHaveLength(3)
  expect(mails.slice(1).map(mail => [header(mail, 'In-Reply-To'), header(mail, 'References')])).toEqual([
    ['<n1@example.org>', '<n1@example.org>'],
    ['<n1@example.org>', '<n1@example.org>'],
  ])
})

test('an end that a recovery already reported is not sent twice', async () => {
  const [channel] = open().channels
  const ref = await channel!.post(down, 'n1')
  await channel!.reply(ref, { title: 'Recovered after 5m', tone: 'good' }, 'n2')
  await channel!.edit(ref, { title: 'Resolved', tone: 'good' })
  expect(mails).toHaveLength(2)
})

test.each([
  ['rcpt', 550, 'refused'],
  ['rcpt', 451, 'unreachable'],
  ['data', 452, 'unreachable'],
  ['data', 554, 'refused'],
] as const)('%s answered with %i means %s', async (at, code, expected) => {
  refusal = { at, code }
  expect((await failure(open().channels[0]!.post(down, 'n1'))).code).toBe(expected)
})

test('a server that is not there is unreachable, and only addresses are opened', async () => {
  const email = open()
  expect(email.open!({ id: 'mailto:ann@example.org', name: 'ann', address: null, secret: null })?.id).toBe(
    'mailto:ann@example.org',
  )
  for (const id of ['mailto:a@b,c@d', 'mailto:ops@example.org'])
    expect(email.open!({ id, name: '', address: null, secret: null })).toBeNull()
  port = 1
  expect((await failure(open().channels[0]!.post(down, 'n1'))).code).toBe('unreachable')
})
