// Counting records without parsing: the same numbers as parsing gives, and bodies with too many are never parsed.
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../../problem.ts'
import { aBatch } from './batches.testing.ts'
import { countElements, countLines } from './count-records.ts'
import { readBatch } from './read-batch.ts'

/** Any JSON value, with the marks of JSON in its texts and names. */
const value = fc.jsonValue({ stringUnit: fc.constantFrom('a', '"', '\\', '[', ']', '{', '}', ',', ':', 'ø', '\n') })
const spaces = fc.constantFrom(undefined, 1)

describe('counting', () => {
  it('the elements of a body gives what parsing it gives', () => {
    const list = fc.array(value)
    const wrapped = fc.tuple(fc.constantFrom('logs', 'events', 'Events'), list, fc.dictionary(fc.string(), value))
    fc.assert(
      fc.property(list, wrapped, spaces, (elements, [name, inner, rest], space) => {
        expect(countElements(JSON.stringify(elements, null, space))).toBe(elements.length)
        const { logs, events, Events, ...others } = rest
        expect(countElements(JSON.stringify({ ...others, [name]: inner }, null, space))).toBe(inner.length)
        expect(countElements(JSON.stringify(others, null, space))).toBe(1)
      }),
    )
  })

  it('the lines of a body leaves out empty ones', () => {
    expect(['', '\n', 'a', 'a\nb\r\n\r\n \t\nc'].map(text => countLines(text))).toEqual([0, 0, 1, 3])
  })

  it('stops beyond a limit', () => {
    expect([countLines('a\n'.repeat(100), 5), countElements(`[${'0,'.repeat(100)}0]`, 5)]).toEqual([6, 6])
  })
})

describe('a body with far more lines than the limit', () => {
  afterEach(() => void vi.restoreAllMocks())

  const many = 200_000
  it.each([
    ['open braces as text', '{\n'.repeat(many), 'text'],
    ['words as text', 'level=error msg=x\n'.repeat(many), 'text'],
    ['broken objects as text', '{}x}\n'.repeat(many), 'text'],
    ['open braces as NDJSON', '{\n'.repeat(many), 'ndjson'],
    ['objects as NDJSON', '{}\n'.repeat(many), 'ndjson'],
    ['broken objects as NDJSON', '{}x}\n'.repeat(many), 'ndjson'],
    ['a printed list as NDJSON', `[\n${'{},\n'.repeat(many)}{}]`, 'ndjson'],
    ['numbers as JSON', `[${'0,'.repeat(many)}0]`, 'json'],
    ['objects as JSON', `{"source":"[","logs":[${'{},'.repeat(many)}{}]}`, 'json'],
  ] as const)('(%s) is refused without being parsed', (_, body, format) => {
    const parse = vi.spyOn(JSON, 'parse')
    const refused = () => readBatch(aBatch(body, { format }))
    expect(refused).toThrow(
      new Problem('too_large', 'The request has more than 1000 lines, its limit. Send smaller batches.'),
    )
    expect(parse.mock.calls.length).toBeLessThanOrEqual(2)
  })

  it('is read when it is one printed value with few records', () => {
    const body = JSON.stringify([{ message: 'a', n: Array(2_000).fill(0) }], null, 1)
    expect(readBatch(aBatch(body, { format: 'ndjson' })).lines).toHaveLength(1)
  })

  it('is read when its lines are the stack traces of few records', () => {
    const body = `ERROR java.lang.Error: x\n${'    at a.b(C.java:1)\n'.repeat(2_000)}INFO y\n`
    expect(readBatch(aBatch(body, { format: 'text' })).lines).toHaveLength(2)
  })
})
