// How much of values and texts a line keeps, at the edges.
import { describe, expect, it } from 'vitest'
import { createRedactor } from '../redact/redact.ts'
import { clean, safeText, truncateBytes } from './clean.ts'
import {
  createLineBudget,
  limitField,
  limitValue,
  MAX_DEPTH,
  MAX_TEXT_LENGTH,
  MAX_TOTAL_LENGTH,
  MAX_VALUES,
  safeName,
} from './limits.ts'

const redactor = createRedactor({}, null)
const budget = () => createLineBudget(redactor)

describe('a value', () => {
  it.each<[unknown, unknown]>([
    [5, 5],
    [true, true],
    [null, null],
    ['text', 'text'],
    [undefined, undefined],
    [() => {}, undefined],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [
      [1, [2]],
      [1, [2]],
    ],
    [{ a: { b: 1 } }, { a: { b: 1 } }],
    [[1, undefined, 2], [1]],
    [{ a: 1, b: undefined, c: 2 }, { a: 1 }],
  ])('%j is kept as %j', (value, expected) => expect(limitValue(value, budget())).toEqual(expected))

  it('is kept to a depth of eight', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
    expect(limitValue(nested(MAX_DEPTH), budget())).toEqual(nested(MAX_DEPTH))
    expect(JSON.stringify(limitValue(nested(MAX_DEPTH + 1), budget()))).toContain('"…"')
    const lists = (depth: number): unknown => (depth === 0 ? 1 : [lists(depth - 1)])
    expect(limitValue(lists(MAX_DEPTH), budget())).toEqual(lists(MAX_DEPTH))
    expect(JSON.stringify(limitValue(lists(MAX_DEPTH + 1), budget()))).toContain('"…"')
  })

  it('is left out beyond as many values as a line holds', () => {
    const list = (length: number) => limitValue(Array(length).fill(1), budget()) as number[]
    expect(list(MAX_VALUES - 1)).toHaveLength(MAX_VALUES - 1)
    expect(list(MAX_VALUES)).toHaveLength(MAX_VALUES - 1)
    const own = budget()
    own.values = 1
    expect(limitValue(7, own)).toBe(7)
    expect(limitValue(7, own)).toBe(undefined)
  })

  it('is left out once texts fill the line', () => {
    const own = budget()
    const texts = Array.from({ length: MAX_TOTAL_LENGTH / MAX_TEXT_LENGTH }, () => 'x'.repeat(MAX_TEXT_LENGTH))
    for (const text of texts) expect(limitValue(text, own)).toBe(text)
    expect(own.length).toBe(0)
    expect(limitValue('x', own)).toBe(undefined)
    expect(limitValue(7, own)).toBe(undefined)
    own.length = 1
    expect(limitValue('xy', own)).toBe('xy')
  })

  it('of a secret name is masked, whatever it is', () => {
    const field = (name: string, value: unknown) => limitField(name, value, budget())
    expect([field('password', 'a'), field('password', 5), field('password', { a: 1 })]).toEqual([
      ...['[hidden:secret]', '[hidden:secret]', '[hidden:secret]'],
    ])
    expect([field('password', ''), field('password', null), field('password', false), field('user', 'a')]).toEqual([
      ...['', null, false, 'a'],
    ])
  })

  it('behind an option of a command line, or beside a name, is masked as if it had that name', () => {
    const kept = (value: unknown) => limitValue(value, budget())
    expect(kept(['mysql', '--password', 'a', 'b'])).toEqual(['mysql', '--password', '[hidden:secret]', 'b'])
    expect(kept(['--user', 'a', '-password', 'b'])).toEqual(['--user', 'a', '-password', '[hidden:secret]'])
    expect(kept(['--', 'a'])).toEqual(['--', 'a'])
    const pair = (name: string, value: string) => kept({ [name]: 'password', [value]: 'a' })
    expect(pair('name', 'value')).toEqual({ name: 'password', value: '[hidden:secret]' })
    expect(pair('Key', 'Value')).toEqual({ Key: 'password', Value: '[hidden:secret]' })
    expect(pair('key', 'value')).toEqual({ key: 'password', value: '[hidden:secret]' })
    expect(pair('Name', 'Value')).toEqual({ Name: 'password', Value: '[hidden:secret]' })
    expect(pair('name', 'text')).toEqual({ name: 'password', text: 'a' })
    expect(kept({ name: 7, value: 'a' })).toEqual({ name: 7, value: 'a' })
    expect(kept({ name: 'user', value: 'a' })).toEqual({ name: 'user', value: 'a' })
  })
})

describe('the name of an attribute', () => {
  it.each([
    ['user', 'user'],
    ['__proto__', '_proto_'],
    ['a\u0000b', 'a␀b'],
    ['a\ud800', 'a\ufffd'],
    ['x'.repeat(200), 'x'.repeat(200)],
    ['token=ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1', 'token=[hidden:github token]'],
  ])('%s is %s', (name, expected) => {
    expect(safeName(name, redactor)).toBe(expected)
    // The second time it is known.
    expect(safeName(name, redactor)).toBe(expected)
  })

  it('is cut when it is longer', () => {
    expect(safeName('x'.repeat(201), redactor)).toMatch(/^x+… \[cut, 201 bytes in all\]$/)
  })

  it('is redacted as the project wants', () => {
    const masking = createRedactor({ email: 'mask' }, null)
    expect(safeName('ann@shop.example', masking)).not.toContain('ann')
    expect(safeName('ann@shop.example', redactor)).toBe('ann@shop.example')
  })
})

describe('a text', () => {
  it.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['a\u0000', 'a␀'],
    ['\ud800', '\ufffd'],
    ['\u009b1mx', 'x'],
  ])('%j is clean as %j', (text, expected) => {
    expect(clean(text)).toBe(expected)
    expect(safeText(text, 100, redactor)).toBe(expected)
  })

  it.each([
    ['x'.repeat(100), 100, 'x'.repeat(100)],
    ['é'.repeat(50), 100, 'é'.repeat(50)],
    ['x'.repeat(101), 100, `${'x'.repeat(73)}… [cut, 101 bytes in all]`],
    ['é'.repeat(51), 100, `${'é'.repeat(36)}… [cut, 102 bytes in all]`],
    ['漢'.repeat(40), 100, `${'漢'.repeat(24)}… [cut, 120 bytes in all]`],
    ['😀'.repeat(40), 100, `${'😀'.repeat(18)}… [cut, 160 bytes in all]`],
    ['x'.repeat(50), 10, '… [cut, 50 bytes in all]'],
  ])('is cut between characters: %s', (text, limit, expected) => expect(truncateBytes(text, limit)).toBe(expected))

  it('that is cut says how long it was before', () => {
    expect(truncateBytes('x'.repeat(101), 100, 5_000)).toContain('[cut, 5000 bytes in all]')
    expect(truncateBytes('x'.repeat(100), 100, 5_000)).toBe('x'.repeat(100))
  })

  const SECRET = 'ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'
  it.each([0, 5_000, 8_000, 20_000])('is redacted where it is cut, with %i characters behind', length => {
    for (const head of ['x '.repeat(45), '\u001b[1m'.padEnd(90, 'x ')]) {
      const text = safeText(`${head}${SECRET} ${'y'.repeat(length)}`, 110, redactor)
      expect(text).not.toContain('ghp_a1')
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(110)
    }
    const whole = safeText(`${'y'.repeat(length)}`, 110, redactor)
    if (length > 0) expect(whole).toMatch(new RegExp(`… \\[cut, ${length} bytes in all\\]$`))
  })
})
