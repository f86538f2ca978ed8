// Evidence in a fixed-width font: aligned, folded at a width, with matches marked and nothing of the data lost.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Evidence, LogEntry } from '../card.ts'
import { chartText, columnsOf, evidenceName, monoText, PHONE_WIDTH, progressText, sharedSource } from './mono-text.ts'

const at = Date.parse('2026-11-21T14:02:11Z')
const entry = (message: LogEntry['message'], more: Partial<LogEntry> = {}): LogEntry => ({
  at,
  level: 'error',
  source: 'api',
  message,
  ...more,
})
const log = (entries: readonly LogEntry[], width = PHONE_WIDTH, timeZone = 'UTC') =>
  monoText({ kind: 'log', entries }, { timeZone, width }).split('\n')
const table = (evidence: Omit<Extract<Evidence, { kind: 'table' }>, 'kind'>, width = PHONE_WIDTH) =>
  monoText({ kind: 'table', ...evidence }, { timeZone: 'UTC', width }).split('\n')

it('a source that all lines share is left out; different ones stand after the level', () => {
  expect(log([entry('boom'), entry('bang', { level: 'warn' })])).toEqual(['14:02:11 ERROR boom', '14:02:11 WARN  bang'])
  expect(log([entry('boom'), entry('bang', { source: '' })])).toEqual([
    '14:02:11 ERROR api boom',
    '14:02:11 ERROR bang',
  ])
})

it('a long line is folded at spaces, and its end is indented', () => {
  expect(log([entry('connection refused to db-1:5432 after 3 tries')])).toEqual([
    '14:02:11 ERROR connection refused',
    '  to db-1:5432 after 3 tries',
  ])
  expect(log([entry('message', { source: 'a-very-long-service-name@host' }), entry('x', { source: 'b' })])).toEqual([
    '14:02:11 ERROR a-very-long-service-name@host',
    '  message',
    '14:02:11 ERROR b x',
  ])
})

it('matches are marked below, also where they are folded', () => {
  expect(log([entry(['a ', { bold: 'timeout' }, ' of db'])])).toEqual([
    '14:02:11 ERROR a timeout of db',
    '                 ^^^^^^^',
  ])
  expect(log([entry([{ bold: '超时' }, ' db'])])).toEqual(['14:02:11 ERROR 超时 db', '               ^^^^'])
})

it('the target has a mark, and the others stand under it', () => {
  expect(log([entry('before'), entry('it', { isTarget: true })])).toEqual([
    '  14:02:11 ERROR before',
    '> 14:02:11 ERROR it',
  ])
})

it('a day that changes has a line of its own, in the time zone of the times', () => {
  const lines = log(
    [entry('a', { at: at + 9 * 3_600_000 }), entry('b', { at: at + 11 * 3_600_000 })],
    60,
    'Europe/Oslo',
  )
  expect(lines).toEqual(['00:02:11 ERROR a', '02:02:11 ERROR b'])
  expect(log([entry('a'), entry('b', { at: at + 86_400_000 })]).filter(line => line.startsWith('--'))).toEqual([
    '-- 2026-11-21 --',
    '-- 2026-11-22 --',
  ])
})

it('a table is aligned, folds its last column, and stands row by row where it is too wide', () => {
  const columns = [{ name: 'Name' }, { name: 'CPU', align: 'right' as const }]
  expect(
    table({
      columns,
      cells: [
        ['api', '3 %'],
        ['worker', '12 %'],
      ],
    }),
  ).toEqual(['Name     CPU', 'api      3 %', 'worker  12 %'])
  const labels = { columns: [{ name: '' }, { name: '' }], cells: [['job', 'a value that is longer than the line is']] }
  expect(table(labels)).toEqual(['job  a value that is longer than', '     the line is'])
  const long = {
    columns: [{ name: 'Name' }, { name: 'Image' }],
    cells: [
      ['api', 'x'],
      ['b', `${'y'.repeat(50)}`],
    ],
  }
  expect(table(long).slice(0, 2)).toEqual(['Name  Image', 'api   x'])
  const wide = Array.from({ length: 4 }, (_, i) => ({ name: `column ${i}` }))
  expect(table({ columns: wide, cells: [['a'.repeat(15), 'b', '', 'd']] })).toEqual([
    `column 0: ${'a'.repeat(15)}`,
    'column 1: b',
    'column 3: d',
  ])
})

it('numbers over time are a row of blocks with their unit and threshold', () => {
  const chart = { kind: 'chart', name: 'errors', values: [0, 2, null, 8], unit: '%', threshold: 5 } as const
  expect(monoText(chart, { timeZone: 'UTC', width: 40 })).toBe('Errors ▁▂·█ at most 8%, threshold 5%')
  expect(progressText({ done: 1_500, total: 6_000, unit: 'lines' })).toBe('▰▰▱▱▱▱▱▱▱▱ 1,500 of 6,000 lines')
  expect(progressText({ done: 1, total: 0 })).toBe('▱▱▱▱▱▱▱▱▱▱ 1 of 0')
})

it('an output keeps its line breaks, and control characters are seen and do nothing', () => {
  const output = (text: string) => monoText({ kind: 'output', text }, { timeZone: 'UTC', width: 40 })
  expect(output('a\r\nb\u001b[2J\n\n')).toBe('a\nb␛[2J')
})

it('a message begins on the next line where less than twelve columns are left for it', () => {
  expect(log([entry('hello world. x')], 27)).toEqual(['14:02:11 ERROR hello world.', '   x'])
  expect(log([entry('hello world. x')], 26)).toEqual(['14:02:11 ERROR', '  hello world. x'])
  expect(log([entry('')], 20)).toEqual(['14:02:11 ERROR'])
  // A match stands under itself on that line, too.
  expect(log([entry(['a ', { bold: 'b' }])], 20)).toEqual(['14:02:11 ERROR', '  a b', '    ^'])
})

it('a word is kept whole unless it fills half of the line', () => {
  const words = (text: string) => log([entry(text)], 35)
  expect(words(`${'a'.repeat(10)} ${'b'.repeat(12)}`)).toEqual([`14:02:11 ERROR aaaaaaaaaa bbbbbbbbb`, '  bbb'])
  expect(words(`${'a'.repeat(11)} ${'b'.repeat(12)}`)).toEqual(['14:02:11 ERROR aaaaaaaaaaa', `  ${'b'.repeat(12)}`])
  expect(words('a'.repeat(20))).toEqual([`14:02:11 ERROR ${'a'.repeat(20)}`])
  expect(words('a'.repeat(21))).toEqual([`14:02:11 ERROR ${'a'.repeat(20)}`, '  a'])
})

it('a source stands beside each line where only one has it, and lines of one day have no day', () => {
  expect(sharedSource([])).toBeNull()
  expect(sharedSource([entry('a', { source: '' }), entry('b', { source: '' })])).toBeNull()
  expect(sharedSource([entry('a'), entry('b', { source: 'b' })])).toBeNull()
  expect(sharedSource([entry('a'), entry('b')])).toBe('api')
  const later = at + 86_400_000
  expect(log([entry('a'), entry('b', { at: later }), entry('c', { at: later })])).toEqual([
    ...['-- 2026-11-21 --', '14:02:11 ERROR a'],
    ...['-- 2026-11-22 --', '14:02:11 ERROR b', '14:02:11 ERROR c'],
  ])
})

it('a table without heads has none, and its rows stand below each other where they do not fit', () => {
  const columns = [{ name: '' }, { name: '' }]
  expect(table({ columns, cells: [['a', 'b'], ['ccc', 'd'], ['e']] })).toEqual(['a    b', 'ccc  d', 'e'])
  const wide = { columns: [{ name: '' }, { name: '' }, { name: '' }], cells: [['first', 'x'.repeat(30), 'third']] }
  expect(table(wide, 30)).toEqual(['first', `  ${'x'.repeat(30)}`, '  third'])
  expect(table({ columns, cells: [] })).toEqual([''])
  expect(table({ columns: [{ name: 'only' }], cells: [[' ']] }, 3)).toEqual([''])
})

it('a table is as wide as its cells and its last column need, at most twelve of it', () => {
  const columns = [{ name: 'Name' }, { name: 'What' }]
  const cells = [['n'.repeat(10), 'w'.repeat(30)]]
  // 10, 2 between them, and 12.
  expect(table({ columns, cells }, 24)[1]).toBe(`${'n'.repeat(10)}  ${'w'.repeat(12)}`)
  expect(table({ columns, cells }, 23)[0]).toBe(`Name: ${'n'.repeat(10)}`)
  const short = [['n'.repeat(10), 'w']]
  expect(table({ columns, cells: short }, 16)[0]).toBe('Name        What')
  expect(table({ columns, cells: short }, 15)[0]).toBe(`Name: ${'n'.repeat(10)}`)
})

it('a cell of more than thirty columns is cut, and the last column is aligned where it asks for that', () => {
  const columns = [{ name: 'A' }, { name: 'B', align: 'right' as const }]
  expect(table({ columns, cells: [['a'.repeat(31), '1']] }, 60)[1]).toBe(`${'a'.repeat(29)}…  1`)
  expect(
    table(
      {
        columns,
        cells: [
          ['a'.repeat(30), '10'],
          ['b', '1'],
        ],
      },
      60,
    ),
  ).toEqual([`A${' '.repeat(29)}   B`, `${'a'.repeat(30)}  10`, `b${' '.repeat(29)}   1`])
  const wide = [{ name: 'A', align: 'right' as const }, { name: 'B' }]
  const cells = [
    ['超'.repeat(16), 'x'],
    ['1', 'y'],
  ]
  expect(table({ columns: wide, cells }, 60).slice(1)).toEqual([` ${'超'.repeat(14)}…  x`, `${' '.repeat(29)}1  y`])
})

it('numbers over time say what they know, and stand on two lines where they do not fit', () => {
  const chart = (more: object, width?: number) =>
    chartText({ kind: 'chart', name: 'load', values: [1, 2], ...more }, width)
  expect(chart({})).toBe('Load ▄█ at most 2')
  expect(chart({ unit: 'ms', threshold: 3 })).toBe('Load ▄█ at most 2 ms, threshold 3 ms')
  expect(chart({ values: [null], threshold: 3 })).toBe('Load · threshold 3')
  expect(chart({ values: [] })).toBe('Load ')
  expect(chart({}, 17)).toBe('Load ▄█ at most 2')
  expect(chart({}, 16)).toBe('Load ▄█\nat most 2')
  const many = (count: number) => chart({ values: Array.from({ length: count }, (_, i) => (i === 3 ? 9 : 0)) })
  expect(many(24)).toBe(`Load ▁▁▁█${'▁'.repeat(20)} at most 9`)
  expect(many(25)).toBe(`Load ▁█${'▁'.repeat(11)} at most 9`)
  expect(chart({ values: [...Array(30).fill(null), ...Array(20).fill(1)] })).toBe(
    `Load ${'·'.repeat(10)}${'█'.repeat(7)} at most 1`,
  )
})

it('progress is never more than all, and full only when it is done', () => {
  expect(progressText({ done: 99, total: 100 })).toMatch(/^▰{9}▱ /)
  expect(progressText({ done: 100, total: 100 })).toMatch(/^▰{10} /)
  expect(progressText({ done: 150, total: 100 })).toMatch(/^▰{10} 150 of 100$/)
  expect(progressText({ done: -1, total: 100 })).toMatch(/^▱{10} /)
})

it('outputs and tables have their name above them, logs and charts show it', () => {
  expect(evidenceName({ kind: 'output', name: 'stderr', text: '' })).toBe('stderr')
  expect(evidenceName({ kind: 'output', text: '' })).toBe('')
  expect(evidenceName({ kind: 'chart', name: 'load', values: [] })).toBe('')
  expect(evidenceName({ kind: 'log', entries: [] })).toBe('')
})

it('East Asian writing and emoji take two columns, what joins a character none', () => {
  expect(['a', 'ä', '\u02ff', 'e\u0301', '超', '🔴', '\u200b', '\u0391'].map(columnsOf)).toEqual([
    1, 1, 1, 1, 2, 2, 0, 1,
  ])
})

it('no line is wider than a telephone, and no character of a message is lost', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 120 })
  fc.assert(
    fc.property(fc.array(fc.record({ message: text, source: fc.string({ maxLength: 9 }) }), { maxLength: 4 }), list => {
      const entries = list.map(({ message, source }) => entry(message, { source }))
      const lines = log(entries)
      for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(PHONE_WIDTH)
      const shown = lines.join('').replace(/\s/g, '')
      for (const { message } of entries) {
        const kept = Array.from(String(message).replace(/\s/g, '')).filter(point => /[\p{L}\p{N}]/u.test(point))
        for (const point of kept) expect(shown).toContain(point)
      }
    }),
    { numRuns: 100 },
  )
})
