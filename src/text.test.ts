// Text for people: cutting, counting, messages of errors.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { errorMessage, fileName, firstLine, plural, truncate } from './text.ts'

it('cuts between graphemes, never inside one', () => {
  expect(truncate('short', 5)).toBe('short')
  expect(truncate('longer', 5)).toBe('long…')
  expect(truncate('ab👩‍👩‍👧‍👦cd', 5)).toBe('ab…')
  expect(truncate('e\u0301e\u0301e\u0301', 4)).toBe('e\u0301…')
  expect(truncate('anything', 0)).toBe('')
})

it('cuts any text to its limit, between graphemes, and keeps its beginning', () => {
  const unit = fc.oneof(
    fc.constantFrom('\r\n', '\r', '\n', 'a', 'é', '\u0301'),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 200 }), fc.nat(150), (text, max) => {
      const cut = truncate(text, max)
      const starts = [...new Intl.Segmenter().segment(text)].map(({ index }) => index)
      if (cut !== text && max > 0) expect(starts).toContain(cut.length - 1)
      expect(cut.length).toBeLessThanOrEqual(max)
      expect(cut.isWellFormed()).toBe(true)
      expect(text.startsWith(cut.replace(/…$/, ''))).toBe(true)
    }),
  )
})

it('counts with a noun, takes the first line, and reads the message of anything thrown', () => {
  expect([plural(1, 'check'), plural(1_200, 'check'), plural(0, 'alert'), plural(2, 'match', 'matches')]).toEqual([
    '1 check',
    '1,200 checks',
    '0 alerts',
    '2 matches',
  ])
  expect(firstLine('one\r\ntwo')).toBe('one')
  expect([errorMessage(new Error('no route')), errorMessage('text'), errorMessage(undefined)]).toEqual([
    'no route',
    'text',
    'undefined',
  ])
})

it('names a file after its subject and its local time, as one word of a shell', () => {
  const at = Date.parse('2026-11-29T11:03:59Z')
  expect(fileName('graph web-1/api cpu', at, 'Europe/Berlin', 'png')).toBe('graph-web-1-api-cpu-2026-11-29T1203.png')
  expect(fileName('logs level>=error "a b"', at, 'UTC', 'csv')).toBe('logs-level-error-a-b-2026-11-29T1103.csv')
  expect(fileName('../../etc', at, 'UTC', 'txt')).toBe('etc-2026-11-29T1103.txt')
  expect(fileName(`report ${'x'.repeat(200)}`, at, 'UTC', 'png').length).toBeLessThan(100)
})
