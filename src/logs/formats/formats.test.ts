// Every format is tested by its own examples, on the path of every line: as text, line by line, and through any door.
import { describe, expect, it } from 'vitest'
import { textLines } from '../intake/batches.testing.ts'
import { clean } from '../intake/clean.ts'
import { leadingTime } from '../times/timestamps.ts'
import type { Example } from './format.ts'
import { FORMATS } from './formats.ts'

const RECEIVED = Date.parse('2026-11-29T10:00:30Z')

const examples = FORMATS.flatMap(format =>
  format.examples.map((example): [string, Example] => [
    `${format.name}: ${example.text.split('\n')[0]!.slice(0, 100)}`,
    example,
  ]),
)

describe('a line of', () => {
  it.each(examples)('%s', (_, example) => {
    const { text, level, time, message, source, host, stack, attributes } = example
    const [line] = textLines(text, { receivedAt: RECEIVED })
    expect({ level: line!.level, time: new Date(line!.timestamp).toISOString(), message: line!.message }).toEqual({
      level,
      time: new Date(time ?? RECEIVED).toISOString(),
      message,
    })
    if (source !== undefined) expect(line!.source).toBe(source)
    if (host !== undefined) expect(line!.host).toBe(host)
    if (stack !== undefined) expect(line!.stack.slice(0, stack.length)).toBe(stack)
    if (attributes !== undefined) expect(line!.attributes).toMatchObject(attributes)
  })
})

it('a line that has two formats is read by the first of them, whatever the line before it was', () => {
  const context = { receivedAt: RECEIVED, timeZone: 'UTC' }
  const texts = FORMATS.filter(format => format.kind === 'text')
  const overlaps = texts.flatMap(format =>
    format.examples.flatMap(example => {
      const head = clean(example.text).split('\n')[0]!
      const text = format.after === 'start' ? head : leadingTime(head, context)?.rest
      if (!text) return []
      const fitting = texts.filter(
        other =>
          other.after === format.after &&
          !other.isPrefix === !format.isPrefix &&
          new RegExp(`^[${other.first.replaceAll('[', '\\[')}]`).test(text) &&
          (other.has === undefined || text.includes(other.has)) &&
          other.pattern.exec(text),
      )
      return fitting.slice(1).flatMap(other => (other.isGeneral ? [] : [`${fitting[0]!.name}, ${other.name}: ${text}`]))
    }),
  )
  expect(overlaps).toEqual([])
})

it('every format has a name of its own and examples', () => {
  const names = FORMATS.map(format => format.name)
  expect(new Set(names).size).toBe(names.length)
  expect(FORMATS.filter(format => format.examples.length === 0)).toEqual([])
})

it('every pattern is linear: no text takes long', () => {
  for (const format of FORMATS) {
    if (format.kind !== 'text') continue
    const head = format.examples[0]!.text.split('\n')[0]!
    for (const piece of [' ', 'a', '1 ', '[a] ', 'a.', '"', '{"', ' in ', 'a=1 ', ': '])
      for (const start of ['', head]) format.pattern.exec(start + piece.repeat(50_000 / piece.length))
  }
})
