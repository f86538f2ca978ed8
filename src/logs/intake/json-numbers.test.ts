// Numbers of JSON stay exact, and the look for long ones misses none.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findLongNumber, parseJson } from './json-numbers.ts'

describe('a number of JSON', () => {
  it.each([
    ['{"id":1150736271837286401}', { id: '1150736271837286401' }],
    ['{"id":1150736271837286401,"x":3.2e60}', { id: '1150736271837286401', x: 3.2e60 }],
    ['{"id":9007199254740993,"x":0.1}', { id: '9007199254740993', x: 0.1 }],
    ['{"id":-9223372036854775808}', { id: '-9223372036854775808' }],
    ['{"text":"1150736271837286401","n":1}', { text: '1150736271837286401', n: 1 }],
    ['{"a":', undefined],
  ])('%s is kept as it is', (text, value) => expect(parseJson(text)).toEqual(value))

  it.each(Array.from({ length: 40 }, (_, place) => place))(
    'of 16 digits, the shortest that is looked for, is found behind %s characters',
    place => {
      const text = `${' '.repeat(place)}1234567890123456,`
      expect(findLongNumber(text, 0)).toBe(place)
      expect(findLongNumber(`${' '.repeat(place)}123456789012345,`, 0)).toBe(-1)
    },
  )

  it('of more digits than JavaScript keeps is found wherever it stands', () => {
    const filler = fc.stringMatching(/^[a-z ,:]{0,40}$/)
    fc.assert(
      fc.property(
        filler,
        fc.constantFrom(':', ',', '[', ' ', '-', '.'),
        fc.bigInt({ min: 10n ** 15n, max: 10n ** 20n }),
        filler,
        (before, sign, number, after) => {
          const text = `${before}${sign}${number}${after}`
          expect(findLongNumber(text, 0)).toBe(before.length + 1)
          expect(findLongNumber(text, Math.min(before.length, 3))).toBe(before.length + 1)
          expect(findLongNumber(`${before}x${number}${after}`, 0)).toBe(-1)
        },
      ),
    )
  })
})
