// What is handed to the mail server for a card, and the HTML of its parts.
import { expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { createMailbox } from './channel.ts'
import { email as definition } from './definition.ts'
import { cardHtml } from './html.ts'

type Mail = Record<string, unknown>
const down: Card = { title: 'db-1 is down', tone: 'critical' }

function open(from = 'Vakt <vakt@example.org>', name = '') {
  const mails: Mail[] = []
  const transport = { sendMail: async (mail: Mail) => void mails.push(mail) } as never
  const parts = { address: 'ops@example.org', name, capabilities: definition.capabilities, timeZone: 'UTC' }
  return { mails, mailbox: createMailbox({ transport, from, clock: createFakeClock(0), ...parts }) }
}

test('a mail asks for no automatic reply, reads no files, and is called by its nonce', async () => {
  const { mails, mailbox } = open()
  expect(await mailbox.post(down, 'n1')).toBe('<n1@example.org>')
  expect(mails).toMatchObject([
    {
      ...{
        from: 'Vakt <vakt@example.org>',
        to: { name: '', address: 'ops@example.org' },
        messageId: '<n1@example.org>',
      },
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      ...{ attachments: [], disableFileAccess: true, disableUrlAccess: true, subject: '🔴 db-1 is down' },
    },
  ])
  expect(mails[0]).not.toHaveProperty('inReplyTo')
  expect(await mailbox.find('n1', 0)).toBeNull()
  expect(await open('Vakt').mailbox.post(down, 'n1')).toBe('<n1@vakt.invalid>')
})

test('the end of an alert is one mail under the first, unless a reply has told it', async () => {
  const { mails, mailbox } = open()
  await mailbox.edit('<n1@example.org>', down)
  expect(mails).toEqual([])
  await mailbox.edit('<n1@example.org>', { ...down, tone: 'good' })
  const under = { inReplyTo: '<n1@example.org>', references: ['<n1@example.org>'] }
  expect(mails).toMatchObject([{ messageId: '<n1.end@example.org>', ...under }])
  expect(await mailbox.reply('<n1@example.org>', { ...down, tone: 'good' }, 'n2')).toBe('<n2@example.org>')
  expect(mails[1]).toMatchObject({ messageId: '<n2@example.org>', ...under })
  await mailbox.edit('<n1@example.org>', { ...down, tone: 'good' })
  expect(mails).toHaveLength(2)
  await mailbox.reply('<n1@example.org>', down, 'n3')
  await mailbox.edit('<n1@example.org>', { ...down, tone: 'good' })
  expect(mails).toHaveLength(4)
})

test('the picture stands in the mail, a file beside it', async () => {
  const { mails, mailbox } = open()
  const image = { name: 'c.png', alt: 'x', png: new Uint8Array([1]) }
  await mailbox.post({ ...down, image, file: { name: 'l.txt', content: Buffer.from('a') } }, 'n1')
  expect(mails[0]!.attachments).toEqual([
    { filename: 'c.png', content: Buffer.from([1]), cid: 'chart', contentType: 'image/png' },
    { filename: 'l.txt', content: Buffer.from('a') },
  ])
})

test('a mailbox is called by the name that people gave it, else by its address', () => {
  expect(open().mailbox).toMatchObject({ id: 'mailto:ops@example.org', name: 'ops@example.org' })
  expect(open(undefined, 'ops').mailbox.name).toBe('ops')
})

/** The tags without their styles. */
const htmlOf = (card: Partial<Card>) =>
  cardHtml({ title: 'T', tone: 'plain', ...card }, 'UTC')
    .replace(/ (style|role|scope)="[^"]*"/g, '')
    .replace(/^.*<\/h2>|<\/div><\/body><\/html>$/g, '')
const entry = { at: 0, level: 'error' as const, source: 'api', message: 'x' }
const LINE = '1970-01-01 00:00:00 UTC'
const ACTIONS = '<p>In a chat, or after <code>npx vakt</code>:</p>'

test.each<[string, Partial<Card>, string]>([
  ['nothing', {}, ''],
  ['a line', { lines: ['a < b'] }, '<p>a &lt; b</p>'],
  [
    'spans',
    { lines: [[{ bold: 'b' }, { code: 'c' }, { time: 0, style: 'moment' }]] },
    `<p><b>b</b><code>c</code>${LINE}</p>`,
  ],
  ['a link', { lines: [[{ link: 'https://x/?a&b', label: 'l' }]] }, '<p><a href="https://x/?a&amp;b">l</a></p>'],
  ['a link elsewhere', { lines: [[{ link: 'javascript:a', label: 'l' }]] }, '<p><a href="#">l</a></p>'],
  ['no link', { lines: [[{ link: 'x', label: 'l' }]] }, '<p><a href="#">l</a></p>'],
  ['a field', { fields: [{ name: 'n', value: 'v' }] }, '<table><tr><th>n</th><td>v</td></tr></table>'],
  ['code', { code: { text: '<a>' } }, '<div>&lt;a&gt;</div>'],
  ['empty code', { code: { text: ' ' } }, ''],
  ['a row', { rows: [{ name: '1', text: 'r' }] }, '<table><tr><td>r</td></tr></table>'],
  [
    'a row with a link',
    { rows: [{ name: '1', text: 'r', action: { label: 'l', line: '' } }] },
    '<table><tr><td>r</td></tr></table>',
  ],
  ['a footer', { footer: 'f' }, '<p>f</p>'],
  ['a link to press', { buttons: [{ label: 'l', line: '', url: 'https://x' }] }, '<p><a href="https://x">l</a></p>'],
  [
    'a link without a label',
    { buttons: [{ label: '', line: '', url: 'https://x' }] },
    '<p><a href="https://x">Open</a></p>',
  ],
  [
    'a button',
    { buttons: [{ label: 'l', line: 'ack 1' }] },
    `${ACTIONS}<table><tr><td>l</td><td><code>ack 1</code></td></tr></table>`,
  ],
  ['a button without a line', { buttons: [{ label: 'l', line: '' }] }, ''],
  [
    'a link with a line',
    { buttons: [{ label: 'l', line: 'a', url: 'https://x' }] },
    '<p><a href="https://x">l</a></p>',
  ],
  ['no lines of a log', { evidence: [{ kind: 'log', entries: [] }] }, ''],
  [
    'a log',
    { evidence: [{ kind: 'log', entries: [entry] }] },
    `<p><b>api</b></p><div><span>${LINE}</span> <b>ERROR</b> x</div>`,
  ],
  [
    'a log of several sources',
    {
      evidence: [
        {
          kind: 'log',
          entries: [entry, { ...entry, source: '', level: 'odd' as never, isTarget: true }, { ...entry, source: 'b' }],
        },
      ],
    },
    `<div><span>${LINE}</span> <b>ERROR</b> api x<br><b>&gt;</b> <span>${LINE}</span> <b>ODD  </b> x<br><span>${LINE}</span> <b>ERROR</b> b x</div>`,
  ],
  [
    'a match',
    { evidence: [{ kind: 'log', entries: [{ ...entry, message: ['a ', { bold: 'b' }, { code: 'c' }] }] }] },
    `<p><b>api</b></p><div><span>${LINE}</span> <b>ERROR</b> a <mark>b</mark><code>c</code></div>`,
  ],
  [
    'a table',
    { evidence: [{ kind: 'table', columns: [{ name: 'a' }], cells: [['1']] }] },
    '<table><tr><th>a</th></tr><tr><td>1</td></tr></table>',
  ],
  [
    'a table without a head',
    { evidence: [{ kind: 'table', name: 't', columns: [{ name: '' }], cells: [['1']] }] },
    '<p><b>t</b></p><table><tr><td>1</td></tr></table>',
  ],
  [
    'a table with half a head',
    { evidence: [{ kind: 'table', columns: [{ name: '' }, { name: 'b' }], cells: [] }] },
    '<table><tr><th></th><th>b</th></tr></table>',
  ],
  ['an output', { evidence: [{ kind: 'output', name: 'o', text: '<a>' }] }, '<p><b>o</b></p><div>&lt;a&gt;</div>'],
  ['an empty output', { evidence: [{ kind: 'output', name: 'o', text: ' ' }] }, ''],
])('%s', (_what, card, html) => expect(htmlOf(card)).toBe(html))

test('a mail in plain form has no HTML', async () => {
  const { mails, mailbox } = open()
  await mailbox.post({ ...down, form: 'plain' }, 'n1')
  expect(mails[0]).toMatchObject({ html: '', text: expect.stringContaining('db-1 is down') })
})

test('columns keep their side, and people are named in the title', () => {
  const table = {
    kind: 'table' as const,
    columns: [{ name: 'a' }, { name: 'b', align: 'right' as const }],
    cells: [['1', '2']],
  }
  const html = cardHtml({ ...down, evidence: [table], mention: [{ kind: 'person', id: '1', name: 'Ann' }] }, 'UTC')
  expect(html.match(/text-align:right/g)).toHaveLength(2)
  expect(html).toMatch(/text-align:right">b</)
  expect(html).toMatch(/text-align:right">2</)
  expect(html).toContain('@Ann 🔴 db-1 is down')
})
