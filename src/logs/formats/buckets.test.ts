// Which format a text is read by: the first that fits, by its first characters and its literal, whatever there are.
import { describe, expect, it } from 'vitest'
import { bucketOf, createBuckets } from './buckets.ts'
import { CHARACTERS, firstCharacters } from './first-characters.ts'
import type { RecordFormat, TextFormat } from './format.ts'
import { createFormatReader } from './format-reader.ts'

const format = (name: string, pattern: RegExp, changes: Partial<TextFormat> = {}): TextFormat => {
  return { kind: 'text', name, title: name, after: 'start', first: 'a-z', pattern, examples: [], ...changes }
}
const read = (formats: readonly TextFormat[], text: string, recent: TextFormat | null = null) =>
  bucketOf(createBuckets(formats), text)?.firstMatch(text, recent)?.format.name ?? null

describe('the format of a text', () => {
  const one = format('one', /^a(?<message>.*)$/)
  const two = format('two', /^ab(?<message>.*)$/)
  const dash = format('dash', /^(?<message>.*)$/, { has: '--' })

  it.each<[string, TextFormat | null, string | null]>([
    ['abc', null, 'one'],
    ['abc', two, 'two'],
    ['acc', two, 'one'],
    ['b', null, null],
    ['b--', null, 'dash'],
    ['a--', dash, 'dash'],
    ['a-', dash, 'one'],
    ['A', null, null],
    ['', null, null],
  ])('"%s" after %j', (text, recent, name) => expect(read([one, two, dash], text, recent)).toBe(name))

  it('has its literal among the first four hundred characters', () => {
    expect(read([dash], `b${'x'.repeat(397)}--`)).toBe('dash')
    expect(read([dash], `b${'x'.repeat(398)}--`)).toBe(null)
    expect(read([dash], `b${'x'.repeat(500)}`)).toBe(null)
  })

  it('shares its literal with others, and is looked for anew in each text', () => {
    const formats = [
      format('x', /^x/, { has: '--' }),
      format('y', /^y/, { has: '--' }),
      format('z', /^z/, { has: '==' }),
    ]
    const bucket = bucketOf(createBuckets(formats), 'x')!
    const names = ['x--', 'x', 'y--', 'y', 'z==', 'z--', 'z=='].map(text => bucket.firstMatch(text, null)?.format.name)
    expect(names).toEqual(['x', undefined, 'y', undefined, 'z', undefined, 'z'])
  })

  it.each([1, 31, 32, 33, 64, 65, 100])('is found among %i formats', count => {
    const name = (i: number) => `f${String(i).padStart(3, '0')}`
    const formats = Array.from({ length: count }, (_, i) => format(name(i), new RegExp(`^${name(i)} `)))
    const bucket = bucketOf(createBuckets(formats), 'f')!
    const nameOf = (text: string, recent: TextFormat | null = null) => bucket.firstMatch(text, recent)?.format.name
    for (const [i, own] of formats.entries())
      for (const recent of [null, own, formats[0]!]) expect(nameOf(`${name(i)} x`, recent)).toBe(name(i))
    expect(nameOf('fxxx x')).toBe(undefined)
    // The first of all that fit, unless the last line had another one.
    const same = Array.from({ length: count }, (_, i) => format(name(i), /^f/))
    expect(read(same, 'f')).toBe(name(0))
    expect(read(same, 'f', same.at(-1)!)).toBe(name(count - 1))
  })

  it('may begin beyond ASCII, and with any sign that has a meaning in lists', () => {
    const wide = format('wide', /^é/, { first: '\\u0080-\\uffff' })
    const bracket = format('bracket', /^\[/, { first: '[' })
    expect([read([wide, bracket], 'é'), read([wide, bracket], '['), read([wide, bracket], '\u007f')]).toEqual([
      'wide',
      'bracket',
      null,
    ])
    expect(read([format('last', /^\u007f/, { first: '\\u007f' })], '\u007f')).toBe('last')
  })

  it('is that of the last line first, unless it is general', () => {
    const general = format('general', /^ab/, { isGeneral: true })
    const reader = createFormatReader([one, two, general])
    const name = (text: string) => reader.readText(text, 'start')?.format.name
    expect([name('abc'), name('xbc'), name('abc')]).toEqual(['one', undefined, 'one'])
    const other = createFormatReader([format('x', /^x/), general, two])
    expect(['abc', 'abc'].map(text => other.readText(text, 'start')?.format.name)).toEqual(['general', 'general'])
    const special = createFormatReader([format('b', /^ab?c/), two])
    expect(['abd', 'abc', 'ac', 'abc'].map(text => special.readText(text, 'start')?.format.name)).toEqual([
      'two',
      'two',
      'b',
      'b',
    ])
  })

  it('depends on its place in the line', () => {
    const prefix = format('prefix', /^a/, { isPrefix: true })
    const bare = format('bare', /^a/)
    const timed = format('timed', /^a/, { after: 'time' })
    const reader = createFormatReader([timed, prefix, bare])
    const places = (['start', 'prefix', 'bare', 'time'] as const).map(place => reader.readText('a', place)?.format.name)
    expect(places).toEqual(['prefix', 'prefix', 'bare', 'timed'])
  })
})

describe('the format of a record', () => {
  const record = (name: string, names: RecordFormat['names'], isRead = true): RecordFormat => {
    return {
      kind: 'record',
      name,
      title: name,
      names,
      read: own => (isRead ? { ...own, by: name } : null),
      examples: [],
    }
  }
  const reader = createFormatReader([
    record('refuses', ['a'], false),
    record('ab', ['a', 'b']),
    record('a', ['a']),
    record('c', ['c']),
  ])
  const name = (fields: object, used: string[] = []) =>
    reader.readRecord(fields as never, new Set(used))?.format.name ?? null

  it.each<[object, string[], string | null]>([
    [{ a: 1 }, [], 'a'],
    [{ a: 1, b: 1 }, [], 'ab'],
    [{ b: 1, a: 1 }, [], 'ab'],
    [{ a: 1, b: 1 }, ['ab'], 'a'],
    [{ a: 1, b: 1 }, ['ab', 'a'], null],
    [{ c: 1, a: 1 }, [], 'c'],
    [{ b: 1 }, [], null],
    [{}, [], null],
  ])('%j without %j', (fields, used, expected) => {
    expect(name(fields, used)).toBe(expected)
    expect(name(fields, used)).toBe(expected)
  })
})

describe('the characters that a text may have', () => {
  /** Those at a place, as a text; `…` for all others. */
  const at = (pattern: RegExp, place: number) => {
    const found = firstCharacters(pattern)[place]!
    const codes = Array.from({ length: CHARACTERS }, (_, code) => code).filter(code => found[code] === 1)
    if (codes.length === CHARACTERS) return 'any'
    return codes.map(code => (code === 128 ? '…' : String.fromCharCode(code))).join('')
  }
  it.each<[RegExp, string[]]>([
    [/^ab/, ['a', 'b', 'any']],
    [/^a*b/, ['ab', 'any']],
    [/^a+b/, ['a', 'ab']],
    [/^a?b/, ['ab']],
    [/^a{2}b/, ['a', 'a', 'b', 'any']],
    [/^a{1,2}b/, ['a', 'ab', 'any']],
    [/^a{2,}b/, ['a', 'a', 'ab', 'any']],
    [/^a{0}b/, ['b', 'any']],
    [/^(?:ab|cd)e/, ['ac', 'bd', 'e', 'any']],
    [/^(ab|c)d/, ['ac', 'bd', 'any']],
    [/^(?<x>a)b/, ['a', 'b']],
    [/^(?=ab)a/, ['a', 'any']],
    [/^(?!ab)c/, ['c', 'any']],
    [/^a(?<=b)c/, ['a', 'c']],
    [/^a(?<!b)c/, ['a', 'c']],
    [/^[a-c]d/, ['abc', 'd']],
    [/^[a-]b/, ['-a', 'b']],
    [/^[a\]]b/, [']a', 'b']],
    [/^[\t\b]b/, ['\b\t', 'b']],
    [/^[y-\u0100]b/, ['yz{|}~\u007f…', 'b']],
    [/^[\u0100]b/, ['…', 'b']],
    [/^[é]b/, ['…', 'b']],
    [/^é/, ['…', 'any']],
    [/^\x41\u0042\u{43}/u, ['A', 'B', 'C']],
    [/^\ba\B/, ['a', 'any']],
    [/^a\.-/, ['a', '.', '-']],
    [/^a$/, ['a', 'any']],
    [/^a/i, ['Aa…', 'any']],
    [/^@[`{[]/i, ['@', '[`{']],
    [/^é/i, ['any']],
    [/^\p{L}a/u, ['any', 'a']],
    [/^\P{L}a/u, ['any', 'a']],
    [/^(a)\1/, ['a', 'any', 'any']],
    [/^(?<x>a)\k<x>b/, ['a', 'any']],
    [/a/, ['any']],
    [/^a|^b/, ['ab', 'any']],
    [/^.a/, ['any', 'a']],
    [/^\n\r\f\v\0/, ['\n', '\r', '\f', '\v', '\0']],
    [/^[^\s\S]?\d/, ['0123456789…']],
    [/^[\d.]x/, ['.0123456789', 'x']],
  ])('of %s', (pattern, places) => expect(places.map((_, place) => at(pattern, place))).toEqual(places))

  it.each([
    [/^a{11}bc/, 11, 'b'],
    [/^a{12}bc/, 11, 'a'],
    [/^a{13}bc/, 11, 'a'],
    [/^a{0,11}b/, 11, 'any'],
    [/^a{0,12}b/, 11, 'any'],
    [/^(?:ab){6}c/, 11, 'b'],
    [/^[ab]{12,}c/, 11, 'ab'],
  ])('of %s at place %i', (pattern, place, expected) => expect(at(pattern, place)).toBe(expected))
})
