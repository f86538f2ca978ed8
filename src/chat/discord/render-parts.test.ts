// The embeds of a message on Discord, at the edges of what one holds, and each mark of its markdown.
import { describe, expect, it } from 'vitest'
import type { Card, Span } from '../../card.ts'
import { ansiBlock, codeBlock, escapeMarkdown, markdown } from './markdown.ts'
import { render } from './render.ts'

const shown = (card: Partial<Card>, mark?: string) => render({ title: 'T', tone: 'plain', ...card }, mark).body
const embeds = (card: Partial<Card>, mark?: string) => shown(card, mark).embeds!
const fields = (count: number, value = 'v') => Array.from({ length: count }, (_, i) => ({ name: `f${i}`, value }))
const png = new Uint8Array([1])

describe('a card', () => {
  it.each<[Partial<Card>, string | undefined, string, object[]]>([
    [{}, undefined, '**T**', []],
    [{}, 'https://m', '', [{ description: '**T**', url: 'https://m' }]],
    [{ tone: 'critical' }, undefined, '🔴 **T**', []],
    [{ title: ' a\nb ' }, undefined, '**a b**', []],
    [{ title: ' ' }, undefined, '**…**', []],
    [{ title: 'see https://x.io' }, undefined, '**see <https://x.io>**', []],
    [{ lines: ['a', 'b'] }, undefined, '**T**', [{ description: 'a\nb' }]],
    [{ lines: ['a'] }, 'https://m', '**T**', [{ description: 'a', url: 'https://m' }]],
    [{ footer: 'f' }, undefined, '**T**', [{ footer: { text: 'f' } }]],
    [{ code: { text: 'x', language: 'js' } }, undefined, '**T**', [{ description: '```js\nx\n```' }]],
    [{ code: { text: ' ' } }, undefined, '**T**', []],
    [{ lines: ['a'], code: { text: 'x' } }, undefined, '**T**', [{ description: 'a\n```\nx\n```' }]],
    [{ image: { name: 'c.png', alt: 'c', png } }, undefined, '**T**', [{ image: { url: 'attachment://c.png' } }]],
    [
      { lines: ['a'], fields: fields(1), code: { text: 'x' }, footer: 'f', image: { name: 'c.png', alt: 'c', png } },
      'https://m',
      '**T**',
      [
        { description: 'a', url: 'https://m', fields: [{ name: 'f0', value: 'v', inline: false }] },
        { description: '```\nx\n```', footer: { text: 'f' }, image: { url: 'attachment://c.png' } },
      ],
    ],
    [{ fields: fields(1) }, undefined, '**T**', [{ fields: [{ name: 'f0', value: 'v', inline: false }] }]],
  ])('%j with the mark %s says %j and has %j', (card, mark, content, expected) => {
    const body = shown(card, mark)
    expect(body.content).toBe(content)
    expect(body.embeds).toHaveLength(expected.length)
    expect(body.embeds).toMatchObject(expected)
  })

  it('has its picture, its footer and its mark in one embed only', () => {
    const [first, second] = embeds({ fields: fields(1), code: { text: 'x' }, footer: 'f' }, 'https://m')
    expect(first).not.toHaveProperty('footer')
    expect(first).not.toHaveProperty('description')
    expect(second).not.toHaveProperty('url')
    expect(embeds({ lines: ['a'] })[0]).not.toHaveProperty('image')
  })

  it('without a mark has no address, and its reply to a message rings nobody', () => {
    expect(embeds({ lines: ['a'] })[0]).not.toHaveProperty('url')
    expect(shown({}).allowed_mentions).toEqual({ ...shown({}).allowed_mentions, replied_user: false })
    expect(embeds({ lines: [['a ', { bold: 'b' }], 'c'] })[0]!.description).toBe('a **b**\nc')
  })

  it('has as much of its code as fits into a description, and into 6,000 characters with everything else', () => {
    const code = { text: 'x'.repeat(9_000) }
    const length = (text: string | undefined) => text?.length ?? 0
    expect(length(embeds({ lines: ['l'.repeat(1_000)], code })[0]!.description)).toBe(4_096)
    const [first, second] = embeds({ fields: fields(1), code })
    expect(first!.fields).toHaveLength(1)
    expect(length(second!.description)).toBe(4_096)
    const wide = embeds({ lines: ['l'.repeat(1_000)], fields: fields(2, 'v'.repeat(1_000)), code })
    expect(length(wide[1]!.description)).toBe(6_000 - 1_000 - 2 * 1_002)
  })

  it('in plain form is content alone, and mentions whom it names', () => {
    const body = shown(
      { title: 'a *b* https://x.io', form: 'plain', mention: [{ kind: 'here', id: null, name: 'here' }] },
      'https://m',
    )
    expect([body.embeds, body.components, body.attachments]).toEqual([[], [], []])
    expect(body.content).toMatch(/^@here /)
    expect(body.content).toContain('<https://x.io>')
    expect(body.allowed_mentions).toMatchObject({ parse: ['everyone'], replied_user: false })
  })
})

describe('fields', () => {
  const names = (card: Partial<Card>) =>
    embeds(card)[0]!.fields!.map(({ name, value }) => (name === '…' ? value : name))
  it('are 25 at most; the last place counts the others', () => {
    expect(names({ fields: fields(25) })).toHaveLength(25)
    expect(names({ fields: fields(25) }).at(-1)).toBe('f24')
    expect(names({ fields: fields(26) })).toHaveLength(25)
    expect(names({ fields: fields(26) }).at(-1)).toBe('2 more')
  })

  it('fit into 6,000 characters with everything else', () => {
    // A field has its name of two characters and 998 of value.
    const wide = fields(7, 'x'.repeat(998))
    expect(names({ fields: wide })).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', '2 more'])
    expect(names({ fields: wide.slice(0, 6) })).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5'])
    expect(names({ fields: wide.slice(0, 6), footer: 'f' })).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', '1 more'])
    expect(names({ fields: wide.slice(0, 6), lines: ['l'] })).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', '1 more'])
  })

  it('have an invisible name or value where they have none, and stand side by side where they ask for it', () => {
    expect(embeds({ fields: [{ name: ' ', value: '', inline: true }] })[0]!.fields).toEqual([
      { name: '\u200b', value: '\u200b', inline: true },
    ])
  })
})

it('a footer is plain: no marks, dates without a zone of the reader, 512 characters', () => {
  const footer = (text: Card['footer']) => embeds({ footer: text! })[0]!.footer!.text
  expect(
    footer([
      { bold: 'a*' },
      ' ',
      { code: 'b' },
      ' ',
      { time: 0, style: 'relative' },
      ' ',
      { link: 'https://x', label: 'l' },
    ]),
  ).toBe('a* b 1970-01-01 00:00 UTC l')
  expect(footer('x'.repeat(512))).toBe('x'.repeat(512))
  expect(footer('x'.repeat(513))).not.toBe('x'.repeat(513))
})

it.each<[Span, string]>([
  ['a_b _c_ *d* ~e~ |f| [g] <h', 'a_b \\_c\\_ \\*d\\* \\~e\\~ \\|f\\| \\[g\\] \\<h'],
  ['# a\n  - b\n> c\n1. d\n+ e', '\\# a\n  \\- b\n\\> c\n1\\. d\n\\+ e'],
  ['@everyone @HERE @heron', '@\u200beveryone @\u200bHERE @heron'],
  ['see https://x.io/a_b_c *x*', 'see https://x.io/a_b_c \\*x\\*'],
  [{ bold: ' a*b ' }, '**a\\*b**'],
  [{ bold: ' ' }, ''],
  [{ code: 'a`b' }, '`` a`b ``'],
  [{ code: 'a\nb' }, '`a b`'],
  [{ code: ' ' }, ''],
  [{ time: 1_999, style: 'relative' }, '<t:1:R>'],
  [{ time: 1_999, style: 'moment' }, '<t:1:f>'],
  [{ time: 1_999, style: 'clock' }, '<t:1:T>'],
  [{ time: 8_640_000_000_000_000, style: 'clock' }, '<t:8640000000000:T>'],
  [{ time: 8_640_000_000_001_000, style: 'clock' }, 'an unknown time'],
  [{ time: Number.NaN, style: 'clock' }, 'an unknown time'],
  [{ link: 'https://x.io/(a)', label: 'l\n*' }, '[l \\*](<https://x.io/%28a%29>)'],
  [{ link: 'javascript:a', label: 'l' }, 'l (javascript:a)'],
  [{ link: 'none', label: 'l' }, 'l (none)'],
])('%j is %j in markdown', (span, text) => expect(markdown([span], 500)).toBe(text))

it('marks of data are escaped, its addresses are not', () => {
  expect(escapeMarkdown('*a* http://x/*b')).toBe('\\*a\\* http://x/\\*b')
})

it('a block of code is closed, has a language that is one, and is left out where no line fits', () => {
  expect(codeBlock('a```b\n\n', 'js', 100)).toBe('```js\na`\u200b``b\n```')
  expect(codeBlock('a', 'no language', 100)).toBe('```\na\n```')
  expect(codeBlock('a', undefined, 20)).toBe('```\na\n```')
  expect(codeBlock('a', undefined, 19)).toBe('')
  expect(ansiBlock('a``b\n')).toMatch(/^```ansi\n[\s\S]*a`\u200b`b[\s\S]*\n```$/)
})
