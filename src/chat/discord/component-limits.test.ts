// Components of Discord at the edges of what a message holds, and parts that a card may or may not have.
import { describe, expect, it } from 'vitest'
import type { Button, Card } from '../../card.ts'
import { buttonRows, menuRow, readInstance, readPress } from './buttons.ts'
import { markId, renderComponents } from './components.ts'
import { attach, fileName, isSmallEnough, mentionsOf } from './render-parts.ts'

type Part = { type: number; content?: string; components?: Part[]; accessory?: Part; [field: string]: unknown }
const card = (more: Partial<Card>): Card => ({ title: 'Title', tone: 'plain', ...more })
const containerOf = (more: Partial<Card>, ...rest: [string?, string?, string?]) =>
  (renderComponents(card(more), ...rest).body.components as unknown as Part[])[0]!
const partsOf = (more: Partial<Card>) => containerOf(more).components!
const textsOf = (more: Partial<Card>) => partsOf(more).flatMap(({ content }) => content ?? [])
const typesOf = (more: Partial<Card>) => partsOf(more).map(({ type }) => type)
const all = (part: Part): Part[] => [
  part,
  ...(part.components ?? []).flatMap(all),
  ...(part.accessory ? all(part.accessory) : []),
]
const [ROW, MENU, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER] = [1, 3, 9, 10, 12, 13, 14, 17]
const press = (label: string, more: Partial<Button> = {}): Button => ({ label, line: `run ${label}`, ...more })
const rows = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ name: `r${i}`, text: `row ${i}`, action: press('Show'), ...more }))
const options = (count: number) => Array.from({ length: count }, (_, i) => press(`option ${i}`))

describe('a card', () => {
  it('is a container in the colour of its tone, with a heading', () => {
    expect(containerOf({ tone: 'critical' })).toMatchObject({ type: CONTAINER, accent_color: 0xe74c3c })
    expect(textsOf({ tone: 'critical', title: ' two \n words ' })).toEqual(['### 🔴 two words'])
    expect(textsOf({ title: '' })).toEqual([])
    expect(textsOf({ title: '', tone: 'good' })).toEqual([expect.stringMatching(/^### \S+ …$/)])
    expect(Object.keys(containerOf({}))).not.toContain('id')
    expect(containerOf({}, 'i', 'UTC', 'mark').id).toBe(markId('mark'))
    expect(renderComponents(card({})).body).toMatchObject({ content: null, embeds: null, flags: 1 << 15 })
  })

  it('is found again by a number that Discord does not give itself', () => {
    const ids = ['a', 'b', 'c', 'd'].map(markId)
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) {
      expect(id).toBeGreaterThanOrEqual(0x4000_0000)
      expect(id).toBeLessThanOrEqual(0x7fff_ffff)
    }
  })

  it('has its parts in order: mentions, heading, lines, fields, code, rows, progress, and the small print', () => {
    const texts = textsOf({
      mention: [{ kind: 'here', id: null, name: 'here' }],
      lines: ['a line', ''],
      fields: [{ name: 'Owner', value: ['Ann'] }],
      code: { text: 'x = 1', language: 'js' },
      rows: [{ name: 'r', text: 'a row' }],
      progress: { done: 1, total: 2 },
      facts: [{ name: 'took', value: '2 s' }],
      footer: 'the\n  end',
    })
    expect(texts.join('\n').split('\n')).toEqual([
      ...['@here', '### Title', 'a line', '**Owner**: Ann', '```js', 'x = 1', '```'],
      ...['a row', '▰▰▰▰▰▱▱▱▱▱ 1 of 2', '-# took 2 s · the end'],
    ])
    expect(textsOf({ code: { text: ' \n' } })).toEqual(['### Title'])
  })

  it('has a line between what is read and what is pressed, where there is something to press', () => {
    expect(typesOf({ buttons: [press('A')] })).toEqual([TEXT, SEPARATOR, ROW])
    expect(typesOf({})).toEqual([TEXT])
    expect(typesOf({ footer: 'f', buttons: [press('A')] })).toEqual([TEXT, SEPARATOR, ROW, TEXT])
  })

  it('has its picture and its file, unless they are too large', () => {
    const png = new Uint8Array(3)
    const image = { name: 'load chart.png', alt: ' the load ', png }
    const file = { name: 'a.txt', content: png }
    expect(typesOf({ image, file })).toEqual([TEXT, GALLERY, FILE])
    const [, gallery] = partsOf({ image, file })
    expect(gallery!.items).toEqual([{ media: { url: 'attachment://load_chart.png' }, description: ' the load ' }])
    const [, untold] = partsOf({ image: { ...image, alt: ' ' } })
    expect(untold!.items).toEqual([{ media: { url: 'attachment://load_chart.png' } }])
    const large = new Uint8Array(10 * 1024 * 1024 + 1)
    expect([isSmallEnough(large), isSmallEnough(large.subarray(1))]).toEqual([false, true])
    expect(typesOf({ image: { ...image, png: large }, file: { ...file, content: large } })).toEqual([TEXT])
    expect(textsOf({ image: { ...image, png: large } })[0]).toContain('load_chart.png is too large to attach here')
    expect(attach(card({ image, file: { ...file, content: large } }))).toMatchObject({
      files: [{ name: 'load_chart.png' }],
      attachments: [{ id: '0', filename: 'load_chart.png', description: ' the load '.trim() && expect.any(String) }],
      notes: ['a.txt is too large to attach here (over 10 MiB).'],
    })
    expect(attach(card({ file })).attachments).toEqual([{ id: '0', filename: 'a.txt' }])
    expect([fileName('a/b c.png'), fileName('///'), fileName('x'.repeat(101)).length]).toEqual(['a_b_c.png', '_', 100])
  })
})

describe('rows', () => {
  it('have a button each while a message has room for all, and a menu of them otherwise', () => {
    // 3 for each section, and 3 for the container and the texts around them: 40 in all.
    expect(typesOf({ rows: rows(12) })).toEqual([TEXT, ...Array(12).fill(SECTION)])
    expect(typesOf({ rows: rows(13) })).toEqual([TEXT, TEXT, SEPARATOR, ROW])
    // With buttons of the card there is room for two sections less.
    expect(typesOf({ rows: rows(11), buttons: [press('A')] }).filter(type => type === SECTION).length).toBe(11)
    expect(typesOf({ rows: rows(12), buttons: [press('A')] }).filter(type => type === SECTION).length).toBe(0)
    for (const count of [11, 12, 13, 25]) {
      const parts = all(containerOf({ rows: rows(count), buttons: [press('A')], footer: 'f' }))
      expect(parts.length).toBeLessThanOrEqual(40)
    }
  })

  it('without an action are text, also among others', () => {
    const mixed = [...rows(1), { name: 'x', text: 'plain' }, ...rows(1)]
    expect(typesOf({ rows: mixed })).toEqual([TEXT, SECTION, TEXT, SECTION])
    // They need no room for a section.
    expect(typesOf({ rows: [...rows(12), { name: 'x', text: 'plain' }] }).filter(type => type === SECTION).length).toBe(
      12,
    )
  })

  it('have their further actions in a menu where there is room for it', () => {
    const withMore = { more: [press('Pause')] }
    const menus = (count: number) =>
      all(containerOf({ rows: rows(count, withMore) })).filter(({ type }) => type === MENU)
    expect(menus(10)[0] as unknown as { options: unknown[]; placeholder: string }).toMatchObject({
      placeholder: 'More …',
    })
    // With twelve sections there is none, and the buttons stay.
    expect(menus(12)).toEqual([])
    expect(typesOf({ rows: rows(12, withMore) }).filter(type => type === SECTION).length).toBe(12)
    expect(menus(13)[0]).toMatchObject({ placeholder: 'Choose …' })
  })

  it('of an empty text are counted as missing', () => {
    expect(textsOf({ rows: [{ name: 'r', text: ' ', action: press('Show') }] }).at(-1)).toBe('-# … 1 more')
    expect(textsOf({ rows: [{ name: 'r', text: ' ' }] })).toEqual(['### Title'])
  })

  it('are cut at 300 code points', () => {
    const [, row] = textsOf({ rows: [{ name: 'r', text: 'x'.repeat(400) }] })
    expect(row!.length).toBeLessThanOrEqual(300)
    const [, section] = partsOf({ rows: [{ name: 'r', text: 'x'.repeat(400), action: press('Show') }] })
    expect(section!.components![0]!.content!.length).toBeLessThanOrEqual(300)
  })
})

describe('what does not fit', () => {
  it('is counted at the end, and the message stays within its limit', () => {
    const lines = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(90)}`)
    const texts = textsOf({ lines })
    const shown = texts.join('\n').split('\n')
    const missing = Number(/^-# … (\d+) more$/.exec(shown.at(-1)!)![1])
    expect(missing).toBeGreaterThan(50)
    // One line may be there in part.
    expect(shown.length - 2 + missing).toBe(100)
    expect(texts.join('').length).toBeLessThanOrEqual(3_900)
    // What comes after something missing is missing, too.
    expect(textsOf({ lines: ['x'.repeat(5_000), 'short'] }).join('\n')).not.toContain('short')
    expect(textsOf({ lines: ['x'.repeat(3_000), 'short'] }).join('\n')).toContain('short')
  })

  it('leaves room for the small print', () => {
    const footer = 'f'.repeat(400)
    const texts = textsOf({ lines: ['x'.repeat(5_000)], footer })
    expect(texts.join('').length).toBeLessThanOrEqual(3_900)
    expect(texts.at(-1)).toBe(`-# ${footer}`)
    expect(textsOf({ footer: 'f'.repeat(600) }).at(-1)!.length).toBeLessThanOrEqual(503)
  })
})

describe('evidence', () => {
  const at = Date.parse('2026-11-21T14:02:11Z')
  const entry = (message: string, more: object = {}) => ({
    at,
    level: 'error' as const,
    source: 'api',
    message,
    ...more,
  })

  it('of a log has the times of its first and last line above it, and no source where it is not shared', () => {
    const [text] = textsOf({
      evidence: [{ kind: 'log', entries: [entry('b', { at: at + 60_000 }), entry('a', { source: 'web' })] }],
    })
    expect(text).toContain(`<t:${at / 1000}:f> to <t:${at / 1000 + 60}:f> · below in UTC`)
    expect(text).not.toContain('**')
    expect(textsOf({ evidence: [{ kind: 'log', entries: [] }] })).toEqual(['### Title'])
    const [one] = textsOf({ evidence: [{ kind: 'log', entries: [entry('a')] }] })
    expect(one).toContain(`**api** · <t:${at / 1000}:f> · below in UTC`)
  })

  it('of a log is coloured where somebody asks for that, and it fits', () => {
    const [text] = textsOf({ evidence: [{ kind: 'log', entries: [entry('a')], isColoured: true }] })
    expect(text).toContain('```ansi')
    const many = Array.from({ length: 200 }, () => entry('a long message of a line'))
    expect(textsOf({ evidence: [{ kind: 'log', entries: many, isColoured: true }] })[0]).not.toContain('```ansi')
    expect(textsOf({ evidence: [{ kind: 'log', entries: [entry('a')] }] })[0]).not.toContain('```ansi')
  })

  it('of an output has its name and its language', () => {
    const output = { kind: 'output' as const, text: '{}', name: 'stdout', language: 'json' }
    expect(textsOf({ evidence: [output] })).toEqual(['### Title\n**stdout**\n```json\n{}\n```'])
    expect(textsOf({ evidence: [{ kind: 'output', text: ' ' }] })).toEqual(['### Title'])
    expect(textsOf({ evidence: [{ kind: 'output', text: 'a' }] })).toEqual(['### Title\n```\na\n```'])
  })

  it('that is a short row of numbers stands in a line, a long one in a block', () => {
    expect(textsOf({ evidence: [{ kind: 'chart', name: 'load', values: [1, 2] }] })).toEqual([
      '### Title\n`Load ▄█ at most 2`',
    ])
    const long = { kind: 'chart' as const, name: 'a long name of numbers', values: [1, 2], threshold: 30 }
    expect(textsOf({ evidence: [long] })[0]).toContain('```\n')
  })
})

describe('menus', () => {
  it('of up to three choices are buttons, others menus, three of them at most', () => {
    const menu = (count: number) => ({ label: 'Choose', options: options(count) })
    const of = (...menus: ReturnType<typeof menu>[]) => all(containerOf({ menus }))
    expect(of(menu(3)).filter(({ type }) => type === MENU)).toEqual([])
    expect(of(menu(3)).filter(({ type }) => type === 2).length).toBe(3)
    expect(of(menu(4)).filter(({ type }) => type === MENU).length).toBe(1)
    expect(of(menu(4), menu(5), menu(6), menu(7)).filter(({ type }) => type === MENU).length).toBe(3)
  })

  it('have 25 choices at most, and are none without any', () => {
    expect(menuRow({ label: 'x', options: [] }, 'm')).toBeNull()
    expect(menuRow({ label: ' ', options: options(26) }, 'm')!.components[0]).toMatchObject({
      ...{ custom_id: 'menu|m', placeholder: 'Choose …' },
      options: expect.objectContaining({ length: 25 }),
    })
    expect(menuRow({ label: 'x', options: [press(' ')] }, 'm', 'abc')!.components[0]).toMatchObject({
      ...{ custom_id: 'menu|m.abc', placeholder: 'x', options: [{ label: '…', value: 'o0.abc||run  ' }] },
    })
  })
})

describe('buttons', () => {
  it('stand five in a row, in five rows at most, dangerous ones after all others', () => {
    const shape = (buttons: readonly Button[]) => buttonRows(buttons).map(({ components }) => components.length)
    expect([shape(options(5)), shape(options(6)), shape(options(30)), shape([])]).toEqual([
      [5],
      [5, 1],
      [5, 5, 5, 5, 5],
      [],
    ])
    const mixed = buttonRows([press('A', { tone: 'danger' }), press('B'), press('C', { tone: 'primary' })])
    expect(mixed.map(({ components }) => components.map(one => [(one as { label: string }).label, one.style]))).toEqual(
      [
        [
          ['B', 2],
          ['C', 1],
        ],
        [['A', 4]],
      ],
    )
  })

  it('that are links go to addresses of the web only, of 512 characters at most', () => {
    const link = (url: string) => buttonRows([press('A', { url })]).flatMap(({ components }) => components)
    expect(link('https://example.org/')).toEqual([{ type: 2, style: 5, label: 'A', url: 'https://example.org/' }])
    expect([link('javascript:alert(1)'), link('nonsense')]).toEqual([[], []])
    const long = (length: number) => `https://example.org/`.padEnd(length, 'x')
    expect([link(long(512)).length, link(long(513)).length]).toEqual([1, 0])
  })

  it('run their line when they are pressed, however long it is, and ask for arguments', () => {
    const idOf = (button: Button, instance?: string) =>
      (buttonRows([button], instance)[0]!.components[0] as { custom_id: string }).custom_id
    expect(idOf(press('A', { line: 'ack 1', ask: ['note', 'for'] }), 'abc')).toBe('0.abc|note,for|ack 1')
    expect(readPress('0.abc|note,for|ack 1')).toEqual({ line: 'ack 1', ask: ['note', 'for'] })
    expect(readPress(idOf({ label: 'A', line: 'ack 1' }))).toEqual({ line: 'ack 1', ask: [] })
    const exact = `x${'y'.repeat(96)}`
    expect(idOf({ label: 'A', line: exact })).toBe(`0||${exact}`)
    for (const line of [`${exact}z`, '~tilde']) {
      const id = idOf({ label: 'A', line, ask: ['note'] })
      expect(id).toMatch(/^0\|\|~/)
      expect(id.length).toBeLessThanOrEqual(100)
      expect(readPress(id)).toEqual({ line, ask: ['note'] })
    }
    expect(readPress('0||~unknown')).toBe('forgotten')
    expect([readPress('other'), readPress('menu|0')]).toEqual([null, null])
    expect([readInstance('r1.abc|x|y'), readInstance('o2.abc|x|y'), readInstance('0||y'), readInstance('x')]).toEqual([
      'abc',
      'abc',
      null,
      null,
    ])
  })
})

describe('mentions', () => {
  it('notify exactly those with an id, and everybody only where that is asked', () => {
    const mention = (kind: 'person' | 'group' | 'here', id: string | null = '123456', name = 'Ann') => ({
      kind,
      id,
      name,
    })
    expect(mentionsOf([mention('person'), mention('group', '654321'), mention('here', null)])).toEqual({
      words: ['<@123456>', '<@&654321>', '@here'],
      allowed: { parse: ['everyone'], users: ['123456'], roles: ['654321'] },
    })
    expect(mentionsOf([mention('person', null), mention('person', '1234'), mention('group', 'x', 'ops')])).toEqual({
      words: ['@Ann', '@Ann', '@ops'],
      allowed: { parse: [] },
    })
    const many = mentionsOf(Array.from({ length: 25 }, (_, i) => mention('person', `${100_000 + i}`)))
    expect([many.words.length, many.allowed.users!.length]).toEqual([20, 20])
  })
})
