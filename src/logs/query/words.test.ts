// The words of a text are the tokens of the bundled SQLite: compared with SQLite itself.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sqliteTreatments, sqliteWords } from './word-table.testing.ts'
import { words } from './words.ts'

describe('words', () => {
  it('treats every character there is as SQLite does', () => {
    const all = Array.from({ length: 0x110000 }, (_, code) => code).filter(code => code < 0xd800 || code > 0xdfff)
    const differing = [...sqliteTreatments(all)].filter(([code, treatment]) => {
      const ours = words(`q${String.fromCodePoint(code)}z`)
      const theirs =
        treatment.kind === 'splits'
          ? ['q', 'z']
          : [treatment.kind === 'removed' ? 'qz' : `q${String.fromCodePoint(treatment.to)}z`]
      return ours.join(' ') !== theirs.join(' ')
    })
    expect(differing).toEqual([])
  })

  it('splits random and hostile text as SQLite does', () => {
    const hostile = fc.constantFrom(
      ...[
        'é',
        'E\u0301',
        '\u0301',
        '\u0000',
        '\ud800',
        '\udc00',
        '😀',
        'ß',
        'İ',
        'ﬁ',
        '漢字',
        '_',
        '-',
        "'",
        '"',
        '*',
        ' ',
      ],
      ...[
        '\ufffe',
        '\uffff',
        '\ufeff',
        '\u200b',
        '\u{10ffff}',
        '𝒜',
        'ﷺ',
        'a',
        'Z',
        '9',
        '²',
        '\r\n',
        '\u0000\u0301',
        'Ǆ',
      ],
    )
    const text = fc.oneof(
      fc.string({ unit: hostile, maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
    )
    const texts = fc.sample(text, { numRuns: 6000, seed: 11 })
    // A stray surrogate is not a character: it is stored as U+FFFD, and splits like it.
    expect(texts.map(words)).toEqual(sqliteWords(texts.map(text => text.toWellFormed())))
  })

  it('cuts enormous words where SQLite cuts them', () => {
    const texts = [`${'a'.repeat(40_000)} b`, 'é'.repeat(40_000), `x${'漢'.repeat(8_000)}`]
    expect(texts.map(words)).toEqual(sqliteWords(texts))
    expect(words('a'.repeat(1_000_000))).toEqual(['a'.repeat(32_768)])
  })

  it('does not change its own words', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        text => void expect(words(words(text).join(' '))).toEqual(words(text)),
      ),
    )
  })

  it('reads log lines as people would', () => {
    expect(words('GET /api/users?id=42 -> 500 in 12.5ms (user_id: Ünï)')).toEqual(
      'get api users id 42 500 in 12 5ms user id uni'.split(' '),
    )
  })
})
