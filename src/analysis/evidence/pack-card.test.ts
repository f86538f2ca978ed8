// The card of an evidence pack: what it shows first, how many of each, and what it says when there is little or nothing.
import { describe, expect, it } from 'vitest'
import { plainText } from '../../card.ts'
import { DAY, HOUR } from '../../time.ts'
import type { Pack, PackLine, PackPattern } from './pack.ts'
import { isEmpty, writeCoverage } from './pack.ts'
import { evidenceLine, hasNoBaseline, packCard, patternLine, windowFooter, writeHeadline } from './pack-card.ts'

const AT = Date.UTC(2026, 10, 21, 12)
const pattern = (id: string, more: Partial<PackPattern> = {}): PackPattern => ({
  ...{ id, change: 'new', level: 'error', template: `failure ${id}`, count: 2, before: 0, estimated: false },
  ...{ known: false, first: AT, last: AT, from: [], over: [1, 1], ...more },
})
const line = (id: string, more: Partial<PackLine> = {}): PackLine => ({
  ...{ id, line: `line-${id}`, at: AT - 1, level: 'info', from: '', message: `said ${id}`, pattern: null, ...more },
})
const pack = (more: Partial<Pack> = {}, coverage: Partial<Pack['coverage']> = {}): Pack => ({
  ...{ subject: 'it', where: null, from: AT - HOUR, until: AT + HOUR, comparedFrom: AT - 3 * HOUR },
  ...{ patterns: [], lines: [], timeline: [], measurements: [] },
  coverage: {
    ...{ lines: 100, atLeast: false, linesRead: 100, linesShown: 1, linesBefore: 5, patterns: 1, patternsShown: 1 },
    ...coverage,
  },
  ...more,
})
const lines = (own: Pack, reason: string | null = null) =>
  packCard(own, reason).lines!.map(text => plainText(text, String))
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

describe('the headline', () => {
  it.each<[Partial<PackPattern>[], string]>([
    [[], 'Nothing stands out'],
    [[{}, {}], '2 new errors'],
    [[{ change: 'surging' }, { change: 'rare' }], '1 surging error, 1 rare error'],
    [[{ level: 'warn' }, { level: 'warn', change: 'surging' }], '1 new warning, 1 surging warning'],
    [[{ level: 'info', change: 'silent' }], '1 pattern gone silent'],
    [[{ level: 'info', change: 'silent' }, { change: 'silent' }], '2 patterns gone silent'],
    [[{ level: 'info' }, { level: 'warn', change: 'rare' }, { change: 'steady' }], 'Nothing stands out'],
    [[{}, { change: 'surging' }, { change: 'rare' }, { level: 'warn' }], '1 new error, 1 surging error, 1 rare error'],
  ])('of %j is "%s"', (patterns, expected) => {
    expect(writeHeadline(pack({ patterns: patterns.map((more, i) => pattern(`T${i}`, more)) }))).toBe(expected)
  })

  it('of nothing says so', () => {
    const event = { id: 'E1', at: AT, text: 'x', command: null }
    const nothing = { lines: 0, patterns: 0 }
    expect(writeHeadline(pack({}, nothing))).toBe('No data')
    expect(writeHeadline(pack({ timeline: [event] }, nothing))).toBe('No log lines')
    expect(writeHeadline(pack({ measurements: [{ id: 'M1', at: AT, text: 'x' }] }, nothing))).toBe('Nothing stands out')
    expect(writeHeadline(pack({ patterns: [pattern('T1', { change: 'silent' })] }, { lines: 0 }))).toBe('No data')
    expect(isEmpty(pack({}, { lines: 1 }))).toBe(false)
  })
})

describe('the card', () => {
  it('shows six severe patterns, and that there are more', () => {
    const of = (count: number) => lines(pack({ patterns: ids('T', count).map(id => pattern(id)) }))
    expect(of(6)).toHaveLength(6)
    expect(of(8).slice(5)).toEqual([expect.stringContaining('failure T6'), '… 2 more'])
  })

  it('is a warning where there is an error, and says why no model answered', () => {
    const of = (level: 'warn' | 'error') => packCard(pack({ patterns: [pattern('T1', { level })] }), null).tone
    expect([of('error'), of('warn')]).toEqual(['warning', 'info'])
    expect(lines(pack(), 'No model is set.')).toEqual(['No model is set.'])
    expect(packCard(pack(), null).title).toBe('Nothing stands out — it')
  })

  it('says what is missing, and how to find names', () => {
    const names = expect.stringContaining('Check the name:')
    const empty = 'There are no log lines and no other events in this period. Choose a longer one.'
    const host = { kind: 'field', field: 'host', value: 'x' } as const
    const project = { kind: 'field', field: 'project', value: 'x' } as const
    const of = (where: Pack['where'], more: Partial<Pack> = {}) => lines(pack({ where, ...more }, { lines: 0 }))
    expect(of(null)).toEqual([empty])
    expect(of(project)).toEqual([empty])
    expect(of(host)).toEqual([empty, names])
    expect(of({ kind: 'field', field: 'source', value: 'x' })).toEqual([empty, names])
    expect(of({ kind: 'and', parts: [project, host] })).toEqual([empty, names])
    expect(of({ kind: 'or', parts: [project, project] })).toEqual([empty])
    const timeline = [{ id: 'E1', at: AT, text: 'x', command: null }]
    expect(of(null, { timeline })[0]).toBe('There are no log lines in this period, so its state is unknown.')
    expect(lines(pack({ where: host }))).toEqual([])
  })

  it('says that everything is new where there was nothing before, and then shows no lines before the start', () => {
    const patterns = [pattern('T1'), pattern('T2', { level: 'info' })]
    const own = { patterns, lines: [line('L1', { pattern: 'T2' })] }
    const text = 'The period before has no log lines, so everything counts as new.'
    expect(lines(pack(own, { linesBefore: 0 }))[0]).toBe(text)
    expect(lines(pack(own, { linesBefore: 0 }))).toHaveLength(2)
    expect(lines(pack(own, { linesBefore: 1 }))).toEqual([
      expect.stringContaining('failure T1'),
      'Unusual right before the start',
      expect.stringContaining('said L1'),
    ])
    expect(hasNoBaseline(pack({}, { lines: 0, linesBefore: 0 }))).toBe(false)
  })

  it('shows the last four new lines below error before the first severe pattern', () => {
    const patterns = [
      pattern('T1', { first: AT }),
      pattern('T2', { first: AT + 5, change: 'rare' }),
      pattern('T3', { level: 'info' }),
      pattern('T4', { level: 'info', change: 'steady' }),
      pattern('T5', { first: AT - 9, change: 'steady' }),
    ]
    const before = [
      ...ids('L', 5).map(id => line(id, { pattern: 'T3', at: AT })),
      line('late', { pattern: 'T3', at: AT + 1 }),
      line('none'),
      line('steady', { pattern: 'T4' }),
      line('error', { pattern: 'T1' }),
      line('severe', { pattern: 'T3', level: 'error' }),
    ]
    const shown = lines(pack({ patterns, lines: before }))
    expect(shown.slice(shown.indexOf('Unusual right before the start') + 1).map(text => text.split(' ')[0])).toEqual([
      ...['L2', 'L3', 'L4', 'L5'],
    ])
    expect(lines(pack({ patterns: patterns.slice(2), lines: before }))).toEqual([])
    expect(lines(pack({ patterns: [pattern('T1', { first: null }), patterns[2]!], lines: before }))).toHaveLength(1)
  })

  it('shows three silent patterns, and eight events and measurements each', () => {
    const silent = ids('T', 4).map(id => pattern(id, { change: 'silent', level: 'info' }))
    const timeline = ids('E', 9).map(id => ({ id, at: AT, text: `event ${id}`, command: null }))
    const measurements = ids('M', 9).map(id => ({ id, at: AT, text: `measured ${id}` }))
    const shown = lines(pack({ patterns: silent, timeline, measurements }))
    expect(shown.slice(0, 4)).toEqual([
      'No longer logged',
      ...['T1', 'T2', 'T3'].map(id => expect.stringContaining(`failure ${id}`)),
    ])
    expect(shown[4]).toBe('Other events')
    expect(shown.slice(5).map(text => text.split(' ').at(-1))).toEqual([...ids('E', 8), ...ids('M', 8)])
  })

  it('has buttons for the first lines of three patterns and the last line before', () => {
    const patterns = [...ids('T', 4).map(id => pattern(id)), pattern('T9', { level: 'info' })]
    const own = [
      line('L9', { pattern: 'T9' }),
      ...ids('L', 4).map((id, i) => line(id, { pattern: `T${i + 1}`, at: AT + 1 })),
      line('L5', { pattern: 'T1', at: AT + 2 }),
    ]
    const more = { label: 'More', line: 'more' }
    expect(packCard(pack({ patterns, lines: own }), null, [more]).buttons).toEqual([
      ...['L1', 'L2', 'L3', 'L9'].map(id => ({ label: `Line ${id}`, line: `logs show line-${id}` })),
      more,
    ])
  })
})

describe('a pattern on a card', () => {
  const text = (more: Partial<PackPattern>, how = {}) => plainText(patternLine(pattern('T1', more), how), String)
  it.each<[Partial<PackPattern>, object, string]>([
    [{}, {}, `🔴 new · 2×, before 0× · failure T1 T1 · first ${AT}`],
    [{}, { cited: false }, `🔴 new · 2×, before 0× · failure T1 · first ${AT}`],
    [{ first: null }, {}, '🔴 new · 2×, before 0× · failure T1 T1'],
    [{ known: true, first: null }, {}, '🔴 new (also seen the day before) · 2×, before 0× · failure T1 T1'],
    [{ known: true, change: 'rare', first: null }, {}, '🔴 rare · 2×, before 0× · failure T1 T1'],
    [
      { estimated: true, count: 1_200, before: 3_400, first: null },
      {},
      '🔴 new · about 1,200×, before 3,400× · failure T1 T1 ██',
    ],
    [{ from: ['api@web-1', 'x'], first: null }, {}, '🔴 new · 2×, before 0× · failure T1 T1 · api@web-1, x'],
    [
      { count: 3, over: [1, 2], first: null, level: 'warn', change: 'steady' },
      {},
      '🔸 as before · 3×, before 0× · failure T1 T1 ▄█',
    ],
  ])('%j %j', (more, how, expected) => {
    expect(text(more, how)).toBe(expected)
  })

  it('has the date of its first line where that is asked for', () => {
    const style = (dated: boolean) =>
      (patternLine(pattern('T1'), { dated }) as unknown as { style?: string }[]).find(span => span.style !== undefined)!
        .style
    expect([style(true), style(false)]).toEqual(['moment', 'clock'])
  })
})

it('a line on a card is one line, with its origin where it has one', () => {
  const text = (more: Partial<PackLine>) => plainText(evidenceLine(line('L1', more)), String)
  expect(text({ message: 'a \n b', level: 'warn' })).toBe(`L1 ${AT - 1} 🔸: a ⏎ b`)
  expect(text({ from: 'api@web-1', message: 'x'.repeat(181) })).toBe(`L1 ${AT - 1} 🔹 api@web-1: ${'x'.repeat(179)}…`)
})

it('the footer names the end by its date when the window is longer than half a day', () => {
  const style = (ms: number) =>
    (windowFooter(pack({ from: AT, until: AT + ms })) as unknown as { style: string }[])[2]!.style
  expect([style(DAY / 2), style(DAY / 2 + 1)]).toEqual(['clock', 'moment'])
})

it.each<[Partial<Pack['coverage']>, string]>([
  [{}, '1 of 100 lines, 1 of 1 patterns'],
  [{ lines: 12_410, atLeast: true, linesRead: 9_000 }, '1 of 12,410+ lines (9,000 read), 1 of 1 patterns'],
  [{ linesBefore: 0 }, '1 of 100 lines, 1 of 1 patterns; no lines before to compare with'],
  [{ lines: 0, linesRead: 0, linesBefore: 0 }, '1 of 0 lines, 1 of 1 patterns'],
])('the coverage %j is "%s"', (coverage, expected) => {
  expect(writeCoverage(pack({}, coverage).coverage)).toBe(expected)
})
