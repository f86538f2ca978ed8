// Names, groups and tags at their edges.
import { describe, expect, it } from 'vitest'
import { cleanDefaults, nameText, readGroup, readTags } from './names.ts'

describe('a name', () => {
  it.each<[unknown, string]>([
    ['web-1', 'web-1'],
    ['', ''],
    ['~', '~'],
    [' web-1', 'web-1'],
    ['web-1 ', 'web-1'],
    ['web 1', 'web 1'],
    ['web\u001f1', 'web\u001f1'],
    ['\u001b[31mweb', 'web'],
    ['web\u0000', 'web␀'],
    ['\tweb', 'web'],
    ['wéb', 'wéb'],
    ['x'.repeat(66), 'x'.repeat(66)],
    ['x'.repeat(200), 'x'.repeat(200)],
    [7, '7'],
    [0, '0'],
    [false, 'false'],
    [null, ''],
    [undefined, ''],
    [['web'], ''],
    [{ name: 'web', id: 'x' }, 'web'],
    [{ id: 'x' }, 'x'],
    [{ name: null, id: 'x' }, 'x'],
    [{ name: 7 }, ''],
    [{ name: { name: 'x' } }, ''],
    [{}, ''],
  ])('of %j is "%s"', (value, expected) => expect(nameText(value)).toBe(expected))

  it('is cut at 200 bytes', () => {
    expect(nameText('x'.repeat(201))).toMatch(/^x+… \[cut, 201 bytes in all\]$/)
    expect(nameText('é'.repeat(100))).toBe('é'.repeat(100))
    expect(nameText('é'.repeat(101))).toMatch(/^é+… \[cut, 202 bytes in all\]$/)
    expect(nameText('漢'.repeat(67))).toMatch(/^漢+… \[cut, 201 bytes in all\]$/)
  })
})

it.each([
  ['prod', 'prod'],
  ['prod/api', 'prod/api'],
  ['/prod', 'prod'],
  ['prod/', 'prod'],
  ['prod//api', 'prod/api'],
  ['prod / api', 'prod/api'],
  ['prod/ ', 'prod'],
  ['//', ''],
  ['prod/a b', 'prod/a b'],
  ['~/~', '~/~'],
  ['pröd/\u00a0api', 'pröd/api'],
  ['', ''],
])('the group "%s" is "%s"', (text, expected) => expect(readGroup(text)).toBe(expected))

describe('tags', () => {
  it.each<[unknown, string[] | null]>([
    ['a, b,,a', ['a', 'b']],
    ['', []],
    ['a', ['a']],
    [7, ['7']],
    [
      ['a', 'b', 'a', '', null],
      ['a', 'b'],
    ],
    [['a'], ['a']],
    [[''], []],
    [[], []],
    [
      [{ name: 'a' }, 7],
      ['a', '7'],
    ],
    [{ a: 1 }, null],
    [null, null],
    [true, null],
  ])('of %j are %j', (value, expected) => expect(readTags(value)).toEqual(expected))

  it('are fifty at most', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`)
    expect(readTags(many(50))).toEqual(many(50))
    expect(readTags(many(51))).toEqual(many(50))
  })
})

it('what a request says is as clean as what a line says, and nothing is added', () => {
  expect(cleanDefaults({})).toEqual({})
  const given = { source: ' s', host: 'h ', group: ' g', level: 'warn' as const, tags: ['a', 'a', ' b'] }
  expect(cleanDefaults(given)).toEqual({ source: 's', host: 'h', group: 'g', level: 'warn', tags: ['a', 'b'] })
})
