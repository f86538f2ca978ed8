// What cards look like in Slack, checked by the simulator against Slack's limits.
import { describe, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { findMentions, readDraft } from '../../testing/slack/message-rules.ts'
import { PRESSED, readPress } from './buttons.ts'
import { escapeText, toFences, toMrkdwn, unescapeTyped } from './mrkdwn.ts'
import { type Rendered, renderCard } from './render.ts'

const render = (card: Partial<Card>) =>
  renderCard({ title: 'Backup is late', tone: 'critical', ...card }, { timeZone: 'Europe/Oslo' })
const accepted = (message: Rendered) => readDraft(message as never, 'edit').violations
const words = (message: Rendered) => JSON.stringify([message.blocks, message.attachments])
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))

describe('a card', () => {
  test('has its title on top and the rest beside a bar in the colour of its tone', () => {
    const message = render({
      lines: ['Expected a beat', [{ bold: 'Every' }, ' 1h, grace ', { code: '5m' }]],
      fields: [{ name: 'Owner', value: 'Kari', inline: true }],
      buttons: [{ label: 'Acknowledge', line: 'ack 7', tone: 'primary' }],
      footer: 'alert 7',
    })
    expect(message.text).toBe('🔴 Backup is late – Expected a beat')
    expect(message.blocks).toMatchObject([{ type: 'section', text: { text: '*🔴 Backup is late*', verbatim: true } }])
    expect(message.attachments).toMatchObject([
      {
        color: '#D72638',
        blocks: [
          { type: 'section', text: { text: 'Expected a beat\n*Every* 1h, grace `5m`' } },
          { type: 'section', fields: [{ text: '*Owner*\nKari' }] },
          { type: 'context', elements: [{ text: 'alert 7' }] },
          { type: 'actions', elements: [{ text: { text: 'Acknowledge' }, value: 'ack 7', style: 'primary' }] },
        ],
      },
    ])
    expect(accepted(message)).toEqual([])
  })

  test('has the button of a row beside it, and text for what Slack would take for an emoji', () => {
    const action = { label: 'Show :fire:', line: 'checks show job' }
    const { blocks } = render({ tone: 'plain', rows: [{ name: 'job', text: [{ bold: 'job' }, ' up'], action }] })
    expect(blocks.at(-1)).toMatchObject({
      type: 'section',
      text: { text: '*job* up' },
      accessory: { type: 'button', action_id: 'run:1000', value: 'checks show job', text: { emoji: false } },
    })
  })

  test('of a plain tone has no bar, and an edit removes an old one', () => {
    expect(render({ tone: 'plain', lines: ['x'] })).toMatchObject({ blocks: [{}, {}], attachments: [] })
  })

  test('with nothing but a title', () => {
    expect(accepted(render({}))).toEqual([])
    expect(accepted(render({ title: '' }))).toEqual([])
  })

  test('shows times in each reader’s zone, with a time for clients that cannot', () => {
    const at = Date.UTC(2026, 10, 21, 13, 5, 9)
    const text = (style: 'relative' | 'moment' | 'clock') => toMrkdwn([{ time: at, style }], 500, 'Europe/Oslo')
    expect(text('relative')).toBe(`<!date^${at / 1000}^{ago}|2026-11-21 14:05:09 CET>`)
    expect(text('moment')).toContain('^{date_short_pretty} at {time_secs}|')
    expect(text('clock')).toContain('^{time_secs}|')
  })
})

describe('data stays data', () => {
  test.each([
    ['a mention', '<!channel> <@U00KARI> @here', '&lt;!channel&gt; &lt;@U00KARI&gt; @here'],
    ['an emoji', '00:ab:cd at 10:30', '00:\u2060ab:cd at 10:30'],
    ['an emoji of digits, and a time', ':100: at 10:20:30', ':\u2060100: at 10:20:30'],
    ['an ampersand', 'a & b &amp; c', 'a &amp; b &amp;amp; c'],
    ['bold', '*big* deal', '∗big∗ deal'],
    ['a wildcard', '*.example.com', '∗.example.com'],
    ['a name with underscores', 'nightly_backup_job', 'nightly_backup_job'],
    ['a quote', '> said', '› said'],
    ['a fence', '```', 'ˋˋˋ'],
    ['control characters', 'a\u0000b\u001b[31m', 'a␀b␛[31m'],
    ['text that turns around', 'a\u202eb', 'a\ufffdb'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
  ])('%s', (_what, data, shown) => {
    expect(escapeText(data)).toBe(shown)
  })

  test('in every part of a card', () => {
    const evil = '<!channel> <@U00KARI> *x* `y` ```z``` <https://x|y> & |'
    const card: Card = {
      title: evil,
      tone: 'warning',
      lines: [evil, [{ bold: evil }, { code: evil }, { link: `https://x/?a=1&b=${evil}`, label: evil }]],
      fields: [
        { name: evil, value: evil, inline: true },
        { name: evil, value: evil },
      ],
      code: { text: evil },
      footer: evil,
      buttons: [{ label: evil, line: evil }],
    }
    const message = renderCard(card, { timeZone: 'UTC' })
    expect(accepted(message)).toEqual([])
    expect(findMentions(message.text, [message.blocks, message.attachments])).toEqual([])
  })

  test('a link that is no web address is shown as text', () => {
    expect(toMrkdwn([{ link: 'javascript:alert(1)', label: 'go' }], 100, 'UTC')).toBe('go')
    expect(toMrkdwn([{ link: 'https://x/a|b>c', label: 'a|b>c' }], 100, 'UTC')).toBe('<https://x/a%7Cb%3Ec|a¦b&gt;c>')
  })

  test('what people typed is read without Slack’s escapes', () => {
    expect(unescapeTyped('logs search "a &lt; b" <http://x.io|x.io> <mailto:a@x.io|a@x.io>')).toBe(
      'logs search "a < b" x.io a@x.io',
    )
    expect(unescapeTyped('ack 7 <@U00KARI|kari> and <@U00OLA> in <#C1|ops> tell <!subteam^S1|@web> <!here>')).toBe(
      'ack 7 @kari and @U00OLA in #ops tell @web @here',
    )
    expect(unescapeTyped('&amp;lt; &amp;amp;gt; &lt;&amp;&gt;')).toBe('&lt; &amp;gt; <&>')
    expect(unescapeTyped('roles set <@U00KARI|kari> viewer')).toBe('roles set <@U00KARI|kari> viewer')
  })
})

describe('limits', () => {
  test('a text is cut between characters, and the missing ones are counted', () => {
    expect(toMrkdwn('😀'.repeat(100), 60, 'UTC')).toMatch(/^(😀){25}… 75 more$/u)
    expect(toMrkdwn('&'.repeat(100), 60, 'UTC')).toMatch(/^(&amp;){10}… 90 more$/)
    expect(toMrkdwn([{ bold: 'b'.repeat(100) }, 'tail'], 60, 'UTC')).toMatch(/^\*b{48}\*… 56 more$/)
  })

  test('code is split at line ends with every fence closed', () => {
    const pieces = toFences(many(100, i => `line ${i}`).join('\n'), 200, 600)
    for (const piece of pieces) expect(piece).toMatch(/^```\n[^`]+\n```$/)
    expect(pieces.at(-1)).toMatch(/… \d+ more lines\n```$/)
    expect(pieces.join('').length).toBeLessThanOrEqual(600)
    const shown = pieces.join('\n').match(/line \d+/g)!.length
    expect(pieces.at(-1)).toContain(`… ${100 - shown} more`)
  })

  test('a fence inside the code does not end it', () => {
    expect(toFences('a\n```\nb', 200, 600)).toEqual(['```\na\nˋˋˋ\nb\n```'])
  })

  test('a very long line is broken, not lost', () => {
    const pieces = toFences('x'.repeat(500), 200, 2000)
    expect(pieces.join('').match(/x/g)).toHaveLength(500)
  })

  test.each<[string, Partial<Card>]>([
    ['a title of 10,000 characters', { title: 'x'.repeat(10_000) }],
    ['a title of emoji', { title: '😀'.repeat(1000) }],
    ['a line of 100,000 characters', { lines: ['&'.repeat(100_000)] }],
    ['a thousand lines', { lines: many(1000, i => `line ${i}`) }],
    ['a hundred long lines', { lines: many(100, () => '"'.repeat(2900)) }],
    ['a hundred fields', { fields: many(100, i => ({ name: `f${i}`, value: 'v', inline: true })) }],
    ['a hundred wide fields', { fields: many(100, i => ({ name: `f${i}`, value: 'v'.repeat(4000) })) }],
    ['a hundred narrow fields', { fields: many(100, () => ({ name: 'n', value: 'v' })) }],
    ['code of 100,000 characters', { code: { text: 'error "x"\\\n'.repeat(10_000) } }],
    ['code without lines', { code: { text: 'x'.repeat(100_000) } }],
    ['a hundred buttons', { buttons: many(100, i => ({ label: `b${i}`, line: `ack ${i}` })) }],
    ['buttons with long lines', { buttons: many(25, () => ({ label: 'x'.repeat(200), line: 'x'.repeat(2000) })) }],
    ['a button with a line too long', { buttons: [{ label: 'x', line: 'x'.repeat(2001) }] }],
    ['a footer of 10,000 characters', { footer: 'x'.repeat(10_000) }],
    ['empty parts', { lines: ['', ''], fields: [{ name: '', value: '' }], code: { text: '' }, footer: '' }],
    ['control characters', { lines: ['\u0001'.repeat(5000)], code: { text: '\u0001'.repeat(5000) } }],
  ])('%s', (_what, card) => {
    expect(accepted(render(card))).toEqual([])
  })

  test('what does not fit is counted', () => {
    const message = render({ lines: many(100, i => `${i} ${'x'.repeat(2000)}`) })
    const shown = words(message).match(/\d+ x{2000}/g)!.length
    expect(words(message)).toContain(`… ${100 - shown} more`)
  })
})

describe('buttons', () => {
  const pressOf = (card: Partial<Card>) => {
    const found = words(render(card)).match(/"action_id":"([^"]+)"/)![1]!
    return { id: found, press: readPress(found, card.buttons![0]!.line) }
  }

  test('carry their command line and the arguments to ask for', () => {
    expect(pressOf({ buttons: [{ label: 'Ack', line: 'ack 7' }] })).toEqual({
      id: 'run:0',
      press: { line: 'ack 7', ask: [] },
    })
    expect(pressOf({ buttons: [{ label: 'Note…', line: 'ack 7', ask: ['note', 'for'] }] })).toEqual({
      id: 'ask:0:note,for',
      press: { line: 'ack 7', ask: ['note', 'for'] },
    })
    expect(pressOf({ buttons: [{ label: 'Runbook', line: '', url: 'https://x' }] })).toEqual({
      id: 'url:0',
      press: null,
    })
    expect('ask:0:note').toMatch(PRESSED)
  })

  test('run at once when the card has already asked for confirmation', () => {
    const button = { label: 'Remove it', line: 'checks remove job --yes', tone: 'danger' as const }
    const actions = JSON.stringify(render({ tone: 'plain', buttons: [button] }))
    expect(actions).toContain('"style":"danger"')
    expect(actions).not.toContain('confirm')
  })

  test('ask for confirmation when they are dangerous', () => {
    const message = render({ tone: 'plain', buttons: [{ label: 'Purge', line: 'logs purge', tone: 'danger' }] })
    expect(message.blocks.at(-1)).toMatchObject({
      elements: [{ style: 'danger', confirm: { text: { text: 'This runs: logs purge' }, confirm: { text: 'Purge' } } }],
    })
  })
})
