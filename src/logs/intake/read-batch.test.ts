// Bodies of every format become lines; what is wrong is told line by line.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { runs } from '../../testing/property-runs.ts'
import type { Batch } from '../store.ts'
import { aBatch, lineOf, linesOf } from './batches.testing.ts'
import { faultOf, mutantLine } from './mutants.testing.ts'
import { readBatch } from './read-batch.ts'

const a = { message: 'a' }
const b = { message: 'b' }

function messages(body: unknown, changes?: Partial<Batch>): string[] {
  return linesOf(body, changes).map(line => line.message)
}

function problemOf(body: unknown, changes?: Partial<Batch>): Problem {
  try {
    readBatch(aBatch(body, changes))
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('was read')
}

describe('a body', () => {
  it.each<[string, unknown, Partial<Batch>?]>([
    ['of an array', [a, b]],
    ['of logs', { logs: [a, b] }],
    ['of events', { events: [a, b] }],
    ["of Seq's events", { Events: [a, b] }],
    ['with a byte order mark', `\ufeff${JSON.stringify([a, b])}`],
    ['of NDJSON', '{"message":"a"}\n{"message":"b"}', { format: 'ndjson' }],
    ['of NDJSON with blank lines and CRLF', '\r\n{"message":"a"}\r\n\r\n {"message":"b"}\r\n', { format: 'ndjson' }],
    ['of one array as NDJSON', '[{"message":"a"},{"message":"b"}]', { format: 'ndjson' }],
    ['of printed JSON as NDJSON', '[\n{"message":"a"},\n{"message":"b"}\n]', { format: 'ndjson' }],
    ['of text', 'a\nb\n', { format: 'text' }],
    ['of frames', 'a\0b\0', { format: 'frames' }],
  ])('%s is read', (_, body, changes) => expect(messages(body, changes)).toEqual(['a', 'b']))

  it('of one object is one line', () => expect(messages(a)).toEqual(['a']))
  it('of nothing is no line', () => {
    for (const [body, format] of [
      ['[]', 'json'],
      ['{"logs":[]}', 'json'],
      ['', 'ndjson'],
      ['\n', 'text'],
    ] as const)
      expect(messages(body, { format })).toEqual([])
  })

  it('with bad lines stores the good ones and reports the others by index and field', () => {
    const { lines, rejected } = readBatch(
      aBatch([a, { level: 'info' }, 5, null, ['x'], 'text', {}, { ...a, timestamp: 'banana' }, { ...a, time: {} }, b]),
    )
    expect(lines.map(line => line.message)).toEqual(['a', 'level=info', 'text', 'a', 'a', 'b'])
    expect(lines[3]!.attributes).toMatchObject({ timestamp: 'banana' })
    expect(rejected.map(({ index, field }) => [index, field])).toEqual([
      ...[
        [2, ''],
        [3, ''],
        [4, ''],
        [6, ''],
      ],
    ])
    expect(rejected[0]!.message).toBe('The line is a number; it holds nothing to store.')
  })

  it.each([
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['1e400', '1e400'],
    ['1e21', 1e21],
    ['-1.5E+300', -1.5e300],
    ['1152921504606846976', '1152921504606846976'],
    ['10000000000000000', 1e16],
    ['5e-324', 5e-324],
  ])('beside a long number keeps the number %s as it was written', (written, read) => {
    const body = `[{"message":"a","number":${written},"id":1150736271837286401}]`
    expect(readBatch(aBatch(body)).lines[0]!.attributes).toEqual({ number: read, id: '1150736271837286401' })
  })

  it.each<[string, string, Batch['format'], string]>([
    ['an attribute', '{"message":"a","number":-1e400}', 'ndjson', '-1e400'],
    ['a list', '[{"message":"a","number":[1E+999]}]', 'json', '1E+999'],
    ['a record in a text', 'kept {"x":1\n{"message":"a","number":1.5e4000}', 'text', '1.5e4000'],
    ['a record in a record', '{"message":"{\\"message\\":\\"a\\",\\"number\\":2e308}"}', 'ndjson', '2e308'],
    ['a message', '{"message":7e777,"number":1}', 'ndjson', '7e777'],
  ])('keeps a number beyond what JavaScript holds in %s as it was written', (_, body, format, written) => {
    const { lines } = readBatch(aBatch(`${body}${format === 'json' ? '' : '\n{"message":"b","number":2}'}`, { format }))
    expect(JSON.stringify(lines)).toContain(`"${written}"`)
    expect(JSON.stringify(lines)).not.toContain('Infinity')
    if (format !== 'json') expect(lines.at(-1)!.attributes).toEqual({ number: 2 })
  })

  it('of NDJSON with a broken line keeps it as text', () => {
    const { lines, rejected } = readBatch(aBatch('{"message":"a"}\nnot json\n{"message":"b"}', { format: 'ndjson' }))
    expect(lines.map(line => line.message)).toEqual(['a', 'not json', 'b'])
    expect(rejected).toEqual([])
  })

  it.each<[string, unknown, Partial<Batch>?]>([
    ['broken JSON', '{"message":'],
    ['nothing', ''],
    ['text as JSON', 'hello'],
    ['text as NDJSON', 'hello\nworld', { format: 'ndjson' }],
  ])('of %s is refused as unreadable', (_, body, changes) => {
    const problem = problemOf(body, changes)
    expect(problem.code).toBe('invalid')
    expect(Object.keys(problem.fields!)).toEqual(['body'])
  })

  it.each([['5'], ['"text"'], ['true'], ['null'], ['{}']])('of %s is rejected because it is not a log', body => {
    const problem = problemOf(body)
    expect(problem.code).toBe('invalid')
    expect(Object.keys(problem.fields!)).toEqual(['log'])
  })

  it('with more lines than allowed is rejected as a whole', () => {
    const limits = { lines: 2, messageBytes: 100 }
    expect(messages([a, b], { limits })).toHaveLength(2)
    for (const [body, format] of [
      [[a, b, a], 'json'],
      ['{}\n{}\n{}', 'ndjson'],
      ['a\nb\nc', 'text'],
    ] as const)
      expect(problemOf(body, { limits, format }).code).toBe('too_large')
  })

  it('with bytes that are no UTF-8 is read with signs in their place', () => {
    const body = new Uint8Array([0x61, 0xff, 0x62]).buffer
    expect(readBatch({ ...aBatch('', { format: 'text' }), body }).lines[0]!.message).toBe('a\ufffdb')
  })

  it('with words of a megabyte is read like any other', () => {
    const huge = 'x'.repeat(1_000_000)
    for (const message of [
      huge,
      `${huge}=${huge}`,
      '"'.repeat(1e6),
      '['.repeat(1e6),
      ' '.repeat(1e6) + huge,
      '@'.repeat(1e6),
    ])
      expect(Buffer.byteLength(lineOf({ message, [huge]: huge }).message)).toBeLessThanOrEqual(65_536)
    for (const text of [huge, '{'.repeat(1e6), 'a='.repeat(5e5), '<1>'.repeat(3e5), '('.repeat(1e6), '\n '.repeat(3e5)])
      expect(readBatch(aBatch(`panic: x\n${text}`, { format: 'text' })).lines.length).toBeGreaterThan(0)
  })
})

it('a line of any text becomes one line through every door', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true })), numbers => {
      const text = mutantLine(() => numbers.next().value as number)
      expect([faultOf(text), text]).toEqual([null, text])
    }),
    { numRuns: runs(200) },
  )
})

describe('a frame', () => {
  const read = (...frames: string[]) => linesOf(frames.join('\0'), { format: 'frames' })

  it.each([
    ['keeps its line breaks', ['<11>1 2026-11-29T10:00:01Z web-1 cart - - - first\nsecond'], ['first\nsecond']],
    ['may be JSON over several lines', ['<11>1 2026-11-29T10:00:01Z web-1 cart - - - {"msg":\n"x"}'], ['x']],
    [
      'without a text shows its fields',
      ['<11>1 2026-11-29T10:00:01Z - - - - [a@1 b="c"]'],
      [expect.stringContaining('a@1=')],
    ],
    ['with nothing in it is none', ['', 'x'], ['x']],
    ['of prose never joins the one before it', ['ERROR one', ' two', 'three'], ['ERROR one', ' two', 'three']],
  ])('%s', (_, frames, expected) => expect(read(...frames).map(({ message }) => message)).toEqual(expected))

  it('joins the trace that its program sent before it, or has its own', () => {
    const head = '<11>Nov 29 10:00:01 web-1 cart[7]: '
    const frame = '\tat com.shop.Cart.pay(Cart.java:42)'
    const other = '<11>Nov 29 10:00:01 web-1 api: ready'
    expect(read(`${head}Error: no stock`, other, head + frame)).toMatchObject([
      { message: 'Error: no stock', source: 'cart', stack: frame },
      { message: 'ready', source: 'api' },
    ])
    expect(read(`${head}Error: no stock\n${frame}\n`)).toMatchObject([{ message: 'Error: no stock', stack: frame }])
  })

  it.each([
    ['[a@1 b="c" d=""][e f="g\\"h\\]\\\\"]', { 'a@1': { b: 'c', d: '' }, e: { f: 'g"h]\\' } }],
    ['[a]', { a: {} }],
    ['[a b=c]', { structured_data: '[a b=c]' }],
  ])('has the structured data %s as attributes', (data, expected) => {
    const [line] = read(`<11>1 2026-11-29T10:00:01Z web-1 cart - - ${data} x`)
    expect(line?.attributes).toEqual({ ...expected, facility: 'user' })
  })
})

it('a record is read the same, whatever was read before', () => {
  const name = fc.constantFrom(
    ...['message', 'msg', 'level', 'severity', 'time', '@timestamp', 'service', 'name', 'pid', 'host', 'group', 'tags'],
    ...['error', 'stack', 'attributes', 'log', 'status', 'method', 'stream', '@mt', 'password', '__proto__', 'x', 'y'],
  )
  const value = fc.constantFrom<unknown>(
    ...['', null, 'info', 'ERROR', '2026-11-29T10:00:00Z', 'prod//api', ' a ', 'a,b', 7, 503, true, 'failed 42 times'],
    ...[
      { name: 'x' },
      { level: 'warn' },
      { stack: 'E: x\n at y' },
      ['a', 'b'],
      ['a'],
      {},
      '{"msg":"inner"}',
      'paid with €',
    ],
  )
  const record = fc.dictionary(name, value, { minKeys: 1, maxKeys: 7 }).map(fields => ({ z: 1, ...fields }))
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), records => {
      const alone = records.toReversed().map(each => lineOf(each))
      expect(linesOf(records)).toEqual(alone.toReversed())
    }),
    { numRuns: runs(300) },
  )
})
