// The first characters of a text rule out only formats that do not match it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstCharacters, PLACES } from './first-characters.ts'
import { FORMATS } from './formats.ts'

const patterns = FORMATS.filter(format => format.kind === 'text').map(({ name, pattern }) => ({
  name,
  pattern,
  characters: firstCharacters(pattern),
}))
const lines = FORMATS.flatMap(({ examples }) => examples.flatMap(({ text }) => text.split('\n')))

/** Whether the characters may stand at the beginning of a text. */
function fits(characters: ReturnType<typeof firstCharacters>, text: string): boolean {
  for (let place = 0; place < PLACES && place < text.length; place++)
    if (characters[place]![Math.min(text.charCodeAt(place), 128)] === 0) return false
  return true
}

describe('the first characters of a format', () => {
  it('fit every text that it matches', () => {
    for (const line of lines)
      for (const { name, pattern, characters } of patterns)
        if (!fits(characters, line) && pattern.exec(line)) throw new Error(`${name}: ${line}`)
  })

  it('fit texts that are cut and changed', () => {
    const cut = fc.tuple(fc.constantFrom(...lines), fc.nat({ max: 60 }), fc.string({ maxLength: 6 }))
    fc.assert(
      fc.property(cut, ([line, at, other]) => {
        for (const text of [line.slice(at), line.slice(0, at % 12) + other + line.slice(at % 12)])
          for (const { name, pattern, characters } of patterns)
            if (!fits(characters, text) && pattern.exec(text)) throw new Error(`${name}: ${text}`)
      }),
    )
  })

  it('rule out most formats for most lines', () => {
    const left = lines.map(line => patterns.filter(({ characters }) => fits(characters, line)).length)
    expect(left.toSorted((a, b) => a - b)[Math.floor(lines.length / 2)]).toBeLessThan(patterns.length / 4)
  })
})

it.each<[RegExp, string, string[], string[]]>([
  [/^ab?c/, 'letters', ['abc', 'ac'], ['bc', 'add']],
  [/^(?:x|yz{2,3})-/, 'choices and counts', ['x-', 'yzz-', 'yzzz-'], ['xy', 'zz']],
  [/^[A-C\d_.-]{2}:/, 'lists', ['A9:', '_-:', '..:'], ['D9:', 'A9;']],
  [/^[^a\]]\s\w\S./, 'classes', ['b a! ', '\u00e9 a!\n'], ['a a! ', 'b-a! ']],
  [/^(?=x)x(?!y)(?<n>[\t])\x41\u0042/, 'groups and escapes', ['x\tAB'], ['x AB', 'y\tAB', 'x\tBB']],
  [/^level/i, 'case', ['LEVEL', 'level'], ['lexel']],
  [/^(a)\1b/, 'what a group found', ['aab', 'axyz'], ['b']],
  [/x/, 'no beginning', ['x', 'ab'], []],
])('%s is read with its %s', (pattern, _part, may, mayNot) => {
  const characters = firstCharacters(pattern)
  expect(characters).toHaveLength(PLACES)
  for (const text of may) expect(fits(characters, text), text).toBe(true)
  for (const text of mayNot) expect(fits(characters, text), text).toBe(false)
})
