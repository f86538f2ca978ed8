// Cards as plain text, and texts cut to fit: what is shown of each part, in which order, and how what is missing is counted.
import { describe, expect, it } from 'vitest'
import type { Card, Text } from '../card.ts'
import { cardText, paintLogLine, type TextStyle } from './card-text.ts'
import { cleanText, fitText, type SpanWriter } from './fit-text.ts'

const AT = Date.parse('2026-11-21T14:02:11Z')
const text = (card: Partial<Card>, style: Partial<TextStyle> = {}) =>
  cardText({ title: 'Title', tone: 'plain', ...card }, { timeZone: 'UTC', now: AT + 60_000, ...style })
const painted: Partial<TextStyle> = { paint: (part, style) => `<${style} ${part}>` }

describe('a card as text', () => {
  it('has its parts in order', () => {
    const card: Partial<Card> = {
      mention: [{ kind: 'person', id: '1', name: 'ann' }],
      lines: ['a line', ['at ', { time: AT, style: 'clock' }, ', ', { time: AT, style: 'relative' }]],
      fields: [{ name: 'Owner', value: 'Ann' }],
      evidence: [{ kind: 'output', name: 'stderr', text: 'x\ny' }],
      code: { text: 'curl a\ncurl b' },
      rows: [{ name: 'r', text: 'a row' }],
      progress: { done: 1, total: 2 },
      image: { name: 'i.png', alt: 'a chart', png: new Uint8Array() },
      file: { name: 'a.txt', content: new Uint8Array(3) },
      footer: 'the end',
    }
    expect(text(card).split('\n')).toEqual([
      ...['@ann Title', 'a line', 'at 14:02:11, 1m ago', 'Owner: Ann', 'stderr', '    x', '    y'],
      ...['    curl a', '    curl b', 'a row', '▰▰▰▰▰▱▱▱▱▱ 1 of 2', '[a chart]', '[file a.txt, 3 bytes]', 'the end'],
    ])
    expect(text({ title: '', lines: ['only'] })).toBe('only')
  })

  it('has the source that all lines of a log share, and the lines at the edge', () => {
    const entry = (source: string) => ({ at: AT, level: 'error' as const, source, message: 'boom' })
    expect(text({ evidence: [{ kind: 'log', entries: [entry('api'), entry('api')] }] }).split('\n')).toEqual([
      ...['Title', 'From api:', '14:02:11 ERROR boom', '14:02:11 ERROR boom'],
    ])
    expect(text({ evidence: [{ kind: 'log', entries: [entry('api'), entry('web')] }] })).not.toContain('From')
    expect(text({ evidence: [{ kind: 'chart', name: 'load', values: [1] }] })).toBe('Title\nLoad █ at most 1')
  })

  it('is folded at a width, with room for the indent', () => {
    const entry = { at: AT, level: 'error' as const, source: '', message: 'x'.repeat(20) }
    const log = text({ evidence: [{ kind: 'log', entries: [entry] }] }, { width: 30 })
      .split('\n')
      .slice(1)
    expect(log.map(line => line.length)).toEqual([30, 7])
    const columns = [{ name: '' }, { name: '' }]
    const table = text({ evidence: [{ kind: 'table', columns, cells: [['k', 'v'.repeat(40)]] }] }, { width: 30 })
    expect(table.split('\n')[1]!.length).toBe(30)
  })

  it('is painted: the title, names, small print and levels', () => {
    const card: Partial<Card> = {
      lines: [['a ', { bold: 'name' }, { bold: ' ' }], 'plain'],
      fields: [{ name: 'Owner', value: [{ bold: 'Ann' }] }],
      footer: 'end',
    }
    expect(text(card, painted).split('\n')).toEqual([
      ...['<title Title>', 'a <bold name><bold  >', 'plain', '<bold Owner:> <bold Ann>', '<dim end>'],
    ])
  })

  it('shows buttons where it is told how, of a list those of the first row', () => {
    const button = (label: string) => ({ label, line: `run ${label}` })
    const card: Partial<Card> = {
      rows: [
        { name: '1', text: 'x' },
        { name: '2', text: 'y', action: button('Show') },
        { name: '3', text: 'z', action: button('Other') },
      ],
      page: { previous: button('Previous'), next: button('Next') },
      buttons: [
        { ...button('Remove'), tone: 'danger' },
        { ...button('Open'), url: 'https://example.org' },
      ],
    }
    const shown = text(card, { button: (label, line) => `${label} → ${line}` })
      .split('\n')
      .slice(4)
    expect(shown).toEqual([
      ...['Show → run Show', 'Previous → run Previous', 'Next → run Next', 'Open: https://example.org'],
      'Remove → run Remove',
    ])
    expect(text(card).split('\n').length).toBe(4)
  })

  it.each([
    ['14:02:11 ERROR boom', '<dim 14:02:11> <error ERROR> boom'],
    ['14:02:11 FATAL boom', '<dim 14:02:11> <error FATAL> boom'],
    ['14:02:11 WARN  boom', '<dim 14:02:11> <warn WARN>  boom'],
    ['14:02:11 INFO  boom', '<dim 14:02:11> <info INFO>  boom'],
    ['14:02:11 DEBUG boom', '<dim 14:02:11> <dim DEBUG> boom'],
    ['14:02:11 ODD boom', '<dim 14:02:11> <dim ODD> boom'],
    ['> 14:02:11 ERROR boom', '> <dim 14:02:11> <error ERROR><bold  boom>'],
    ['> 14:02:11 ERROR', '> <dim 14:02:11> <error ERROR>'],
    ['  14:02:11 ERROR boom', '  <dim 14:02:11> <error ERROR> boom'],
    ['   ^^^ ^', '<match    ^^^ ^>'],
    ['   ', '   '],
    ['  folded text', '  folded text'],
    ['-- 2026-11-21 --', '-- 2026-11-21 --'],
  ])('a line of a log "%s" is painted', (line, expected) => {
    expect(paintLogLine(line, (part, style) => `<${style} ${part}>`)).toBe(expected)
  })
})

describe('a text that is fitted', () => {
  /** A little markup, counted in UTF-16 units. */
  const writer: SpanWriter = {
    write(span) {
      if (typeof span === 'string') return span
      if ('bold' in span) return span.bold === '' ? '' : `**${span.bold}**`
      if ('code' in span) return `\`${span.code}\``
      return 'time' in span ? '<time>' : `[${span.label}]`
    },
    size: written => written.length,
  }
  const fitted = (given: Text, max: number) => fitText(given, max, writer)

  it.each<[Text, number]>([
    ['hello', 5],
    [['ab', { bold: 'cd' }], 8],
    ['', 5],
  ])('%j stays whole in %i', (given, max) => {
    expect(fitted(given, max)).toBe(fitted(given, 100))
  })

  it('counts exactly what is not shown, and fills its room', () => {
    for (let max = 12; max < 40; max++) {
      const written = fitted('x'.repeat(40), max)
      const [, shown, missing] = /^(x*)… (\d+) more$/.exec(written)!
      expect(shown!.length + Number(missing)).toBe(40)
      expect(written.length).toBe(max)
    }
    expect(fitted('x'.repeat(40), 40)).toBe('x'.repeat(40))
  })

  it('never cuts a time or a link, and leaves nothing open', () => {
    const given: Text = ['see ', { link: 'https://example.org', label: 'the page' }, ' now, all of it']
    expect(fitted(given, 20)).toBe('see … 23 more')
    expect(fitted(['at ', { time: 0, style: 'moment' }, ' and some more text'], 15)).toBe('at … 25 more')
    expect(fitted([{ code: 'a'.repeat(30) }], 20)).toMatch(/^`a+`… \d+ more$/)
    expect(fitted([{ bold: 'b'.repeat(30) }], 20)).toMatch(/^\*\*b+\*\*… \d+ more$/)
    // Nothing of what comes after a cut is shown.
    expect(fitted(['x'.repeat(30), 'y'], 20)).not.toContain('y')
  })

  it('is no longer than its room where not even the count fits, and leaves no code open', () => {
    expect(fitted('x'.repeat(40), 5).length).toBeLessThanOrEqual(5)
    expect(fitted([{ code: 'x'.repeat(40) }], 5)).not.toContain('`')
  })

  it('counts characters as readers see them', () => {
    const written = fitted('🔴'.repeat(20), 20)
    const [, shown, missing] = /^(.*)… (\d+) more$/u.exec(written)!
    expect(Array.from(shown!).length + Number(missing)).toBe(20)
    expect(written).not.toContain('\ufffd')
    expect(cleanText('a\r\nb\ud800c')).toBe('a\nb\ufffdc')
  })
})
