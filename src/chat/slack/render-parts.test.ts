// The parts of a message on Slack: how lines, fields, evidence, rows and actions are put together, and what is left out.
import { describe, expect, it } from 'vitest'
import type { Card, Evidence } from '../../card.ts'
import { evidenceCaption, evidenceText, preformatted, tableBlock } from './evidence.ts'
import { toFences, toMrkdwn, unescapeTyped } from './mrkdwn.ts'
import type { NewerKind } from './newer-kinds.ts'
import { type RenderOptions, renderCard } from './render.ts'

type Block = {
  type: string
  text?: { text: string }
  fields?: { text: string }[]
  elements?: object[]
  rows?: object[]
  accessory?: object
  alt_text?: string
}
const message = (card: Partial<Card>, options: Partial<RenderOptions> = {}) =>
  renderCard({ title: 'T', tone: 'plain', ...card }, { timeZone: 'UTC', ...options })
const blocks = (card: Partial<Card>, options: Partial<RenderOptions> = {}) =>
  message(card, options).blocks as unknown as Block[]
/** The text of each block after the title, or its type. */
const texts = (card: Partial<Card>, options: Partial<RenderOptions> = {}) =>
  blocks(card, options)
    .slice(1)
    .map(({ type, text, fields }) => text?.text ?? fields?.map(field => field.text) ?? type)
const refused = (...kinds: NewerKind[]) => new Set<NewerKind>(kinds)
const field = (name: string, inline = false) => ({ name, value: 'v', ...(inline && { inline }) })
const table = (rows: number, columns = 2): Evidence => ({
  ...{ kind: 'table', columns: Array.from({ length: columns }, (_, i) => ({ name: `c${i}` })) },
  cells: Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => `${r}.${c}`)),
})

describe('a card', () => {
  it.each<[Partial<Card>, unknown[]]>([
    [{ lines: ['a', 'b'] }, ['a\nb']],
    [{ lines: ['a', '', 'b'] }, ['a\n\nb']],
    [{ lines: [' ', ''] }, []],
    [{ lines: ['x'.repeat(1_500), 'y'.repeat(1_499)] }, [`${'x'.repeat(1_500)}\n${'y'.repeat(1_499)}`]],
    [{ lines: ['x'.repeat(1_500), 'y'.repeat(1_500)] }, ['x'.repeat(1_500), 'y'.repeat(1_500)]],
    [{ fields: [field('a', true), field('b', true)] }, [['*a*\nv', '*b*\nv']]],
    [{ fields: [field('a', true), field('b'), field('c', true)] }, [['*a*\nv'], '*b*\nv', ['*c*\nv']]],
    [{ code: { text: ' ' } }, []],
    [{ code: { text: 'x' } }, ['rich_text']],
    [
      {
        rows: [
          { name: 'r', text: 'x' },
          { name: 's', text: ' ' },
        ],
      },
      ['x'],
    ],
    [{ footer: 'f' }, ['context']],
  ])('%j has the blocks %j', (card, expected) => expect(texts(card)).toEqual(expected))

  it('has ten inline fields in a block', () => {
    const many = texts({ fields: Array.from({ length: 11 }, (_, i) => field(`f${i}`, true)) })
    expect(many.map(one => one.length)).toEqual([10, 1])
  })

  it('stands beside a bar where it has a tone and more than a title', () => {
    expect(message({ tone: 'good', lines: ['x'] })).toMatchObject({
      blocks: { length: 1 },
      attachments: [{ color: '#2EB67D', blocks: { length: 1 } }],
    })
    expect(message({ tone: 'good' })).toMatchObject({ blocks: { length: 1 }, attachments: [] })
    expect(message({ lines: ['x'] })).toMatchObject({ blocks: { length: 2 }, attachments: [] })
  })

  it.each<[Partial<Card>, string]>([
    [{ lines: ['first', 'second'] }, 'T – first'],
    [{}, 'T'],
    [{ title: ' a\n b ', tone: 'critical' }, '🔴 a b'],
    [{ title: '' }, 'Vakt'],
    [{ lines: [[{ time: 0, style: 'relative' }]] }, 'T – 1970-01-01 00:00:00 UTC'],
  ])('%j is announced as %j', (card, text) => expect(message(card).text).toBe(text))

  it('mentions twenty at most; whom Slack does not know are only named', () => {
    const people = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ kind: 'person' as const, id: `U${i}`, name: 'x' }))
    const mention = [
      ...people(19),
      { kind: 'group' as const, id: 'S1', name: 'g' },
      { kind: 'here' as const, id: null, name: 'here' },
    ]
    expect(message({ mention }).text).toContain('<@U18> <!subteam^S1> T')
    expect(message({ mention }).text).not.toContain('<!here>')
    expect(message({ mention: mention.slice(-1) }).text).toBe('<!here> T')
    const unknown = [
      { kind: 'person' as const, id: 'u<1', name: 'a<b' },
      { kind: 'person' as const, id: null, name: 'c' },
    ]
    expect(message({ mention: unknown }).text).toBe('@a&lt;b @c T')
  })

  it('in plain form is text alone', () => {
    const plain = message({ title: 'a < b :ab:', form: 'plain', mention: [{ kind: 'here', id: null, name: 'here' }] })
    expect([plain.blocks, plain.attachments]).toEqual([[], []])
    expect(plain.text).toMatch(/^<!here> a &lt; b :\u2060ab:/)
  })

  it('shows its picture where that was uploaded', () => {
    const image = { name: 'c.png', alt: ' ', png: new Uint8Array([1]) }
    expect(texts({ image })).toEqual([])
    expect(blocks({ image }, { pictureId: 'F1' })[1]).toMatchObject({
      type: 'image',
      slack_file: { id: 'F1' },
      alt_text: 'c.png',
    })
    expect(blocks({ image: { ...image, alt: 'Errors' } }, { pictureId: 'F1' })[1]).toMatchObject({ alt_text: 'Errors' })
    expect(texts({}, { pictureId: 'F1' })).toEqual([])
  })

  it('has its menus above its buttons; a menu of few choices is buttons, after the pages', () => {
    const button = (label: string) => ({ label, line: label })
    const page = { previous: button('back'), next: button('next') } as Card['page']
    const menus = [
      { label: 'M', options: ['a', 'b', 'c', 'd'].map(button) },
      { label: 'N', options: ['e', 'f'].map(button) },
    ]
    const [select, buttons] = blocks({ menus, buttons: [button('own')], ...(page && { page }) }).slice(-2)
    expect(select!.elements).toMatchObject([{ type: 'static_select', action_id: 'menu:0' }])
    const lines = (buttons!.elements as { value: string }[]).map(({ value }) => value)
    expect([...lines].sort()).toEqual(['back', 'e', 'f', 'next', 'own'])
  })

  it('counts what it has no room for, lines, fields and rows alike, and adds nothing after that', () => {
    const wide = 'x'.repeat(2_900)
    const last = (card: Partial<Card>) => (blocks(card).at(-1)!.elements as { text: string }[])[0]!.text
    const lines = Array.from({ length: 20 }, () => wide)
    expect(last({ lines, fields: [field('a'), field('b', true)], rows: [{ name: 'r', text: 'x' }] })).toBe('… 20 more')
    expect(last({ fields: lines.map((value, i) => ({ ...field(`f${i}`), value })) })).toBe('… 17 more')
    const rows = Array.from({ length: 60 }, (_, i) => ({ name: `${i}`, text: `row ${i}` }))
    expect(
      texts({ rows }).filter(text => String(text).startsWith('row')).length + Number(/\d+/.exec(last({ rows }))![0]),
    ).toBe(60)
  })
})

describe('evidence', () => {
  const log: Evidence = { kind: 'log', entries: [{ at: 0, level: 'error', source: 'api', message: 'x' }] }
  it('has a caption: the source that its lines share, or its name', () => {
    expect(evidenceCaption(log)).toBe('api')
    expect(evidenceCaption({ ...log, entries: [...log.entries, { ...log.entries[0]!, source: 'b' }] })).toBe('')
    expect(texts({ evidence: [{ kind: 'output', name: 'Output', text: 'x' }] })).toEqual(['*Output*', 'rich_text'])
    expect(
      texts({ evidence: [{ kind: 'output', name: 'Output', text: 'x' }] }, { refused: refused('rich_text') }),
    ).toEqual(['*Output*', '```\nx\n```'])
  })

  it('is a table once in a message; a second one, or one that is refused, is text', () => {
    expect(texts({ evidence: [table(1), table(1)] })).toEqual(['table', 'rich_text'])
    expect(texts({ evidence: [table(1)] }, { refused: refused('table') })).toEqual(['rich_text'])
  })

  const block = (evidence: Evidence) => tableBlock(evidence, { refused: refused(), hasTable: false, timeZone: 'UTC' })
  it('is a table of 100 rows with its head and 20 columns at most, with a head, and of 6,000 characters', () => {
    expect(block(table(99))!.rows).toHaveLength(100)
    expect(block(table(100))).toBeNull()
    expect(block(table(1, 20))).not.toBeNull()
    expect(block(table(1, 21))).toBeNull()
    expect(block({ ...table(1), columns: [{ name: ' ' }, { name: '' }] } as Evidence)).toBeNull()
    expect(block({ ...table(1), columns: [{ name: '' }, { name: 'b' }] } as Evidence)).not.toBeNull()
    const long = (lengths: number[]): Evidence => ({
      kind: 'table',
      columns: [{ name: 'n' }],
      cells: lengths.map(length => ['x'.repeat(length)]),
    })
    const full = [...Array.from({ length: 19 }, () => 300), 299]
    expect(block(long(full))).not.toBeNull()
    expect(block(long([...full, 1]))).toBeNull()
    expect(block(log)).toBeNull()
  })

  it('has cells on one line, cut at 300 characters, a dash for none, and the side of each column', () => {
    const cells = [['a\n b', 'x'.repeat(301)], ['y'.repeat(300)]]
    const shown = block({ kind: 'table', columns: [{ name: 'a' }, { name: 'b', align: 'right' }], cells })!
    const words = shown.rows.map(row => row.map(cell => (cell as { text: string }).text))
    expect(words).toEqual([
      ['a', 'b'],
      ['a b', `${'x'.repeat(299)}…`],
      ['y'.repeat(300), '–'],
    ])
    expect(shown.column_settings).toEqual([
      { align: 'left', is_wrapped: true },
      { align: 'right', is_wrapped: true },
    ])
  })

  it('of an output that is too long is its end, from the start of a line', () => {
    const output = (text: string): Evidence => ({ kind: 'output', name: 'o', text })
    expect(evidenceText(output('x'.repeat(100)), 'UTC', 100)).toBe('x'.repeat(100))
    const lines = Array.from({ length: 30 }, (_, i) => `line ${String(i).padStart(2, '0')}`)
    const cut = evidenceText(output(lines.join('\n')), 'UTC', 100)
    expect(cut).toBe(`… 184 characters more above\n${lines.slice(-7).join('\n')}`)
  })

  it('in a fixed width is none where that is refused or empty', () => {
    expect(preformatted('x', refused('rich_text'))).toBeNull()
    expect(preformatted(' ', refused())).toBeNull()
    expect(preformatted('x', refused('table'))).toMatchObject({ type: 'rich_text' })
  })
})

it.each<[Parameters<typeof toMrkdwn>[0], string]>([
  [[{ link: 'https://x', label: '' }], '<https://x|link>'],
  [[{ link: 'mailto:a@x', label: 'a' }], '<mailto:a@x|a>'],
  [[{ bold: '' }], ''],
  [[{ bold: 'a*b_c' }], '*a∗bˍc*'],
  [[{ code: 'a`b :ab: _c_' }], '`aˋb :ab: _c_`'],
  [[{ bold: ':ab:' }], '*:\u2060ab:*'],
])('%j is written %j', (text, written) => expect(toMrkdwn(text, 500, 'UTC')).toBe(written))

it.each([
  ['<@U1|> x', '@U1 x'],
  ['<!subteam^S1> <!channel|>', '@S1 @channel'],
  ['<https://x> <tel:1|call>', 'https://x call'],
  ['  ROLES set <@U1|ann>', '  ROLES set <@U1|ann>'],
  ['the roles of <@U1|ann>', 'the roles of @ann'],
])('typed %j is read as %j', (typed, read) => expect(unescapeTyped(typed)).toBe(read))

it('fenced text ends without empty lines, and one line that is left out is one', () => {
  expect(toFences('a\n\n', 100, 500)).toEqual(['```\na\n```'])
  expect(toFences('', 100, 500)).toEqual([])
  expect(toFences('a', 100, 0)).toEqual([])
  const line = 'x'.repeat(60)
  expect(toFences(`${line}\n${line}`, 200, 127)).toEqual([`\`\`\`\n${line}\n… 1 more line\n\`\`\``])
  expect(toFences(`${line}\n${line}\n${line}`, 200, 127)[0]).toContain('… 2 more lines')
})
