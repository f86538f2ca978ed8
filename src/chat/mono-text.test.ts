// Evidence in a fixed-width font: aligned, folded at a width, with matches marked and nothing of the data lost.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Evidence, LogEntry } from '../card.ts'
import { columnsOf, monoText, PHONE_WIDTH, progressText } from './mono-text.ts'

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
