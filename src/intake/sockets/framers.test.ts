// Framers find the same frames wherever a stream is cut, and hostile streams end in a frame, a counted loss or a clear problem.
import { encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { runs } from '../../testing/property-runs.ts'
import { readFluentMessage } from './fluent-messages.ts'
import type { Framer } from './framer.ts'
import { GelfChunks } from './gelf-chunks.ts'
import { GelfFramer, MAX_GELF_BYTES } from './gelf-framer.ts'
import { MsgpackFramer } from './msgpack-framer.ts'
import { MAX_SYSLOG_FRAME_BYTES, SyslogFramer } from './syslog-framer.ts'

/** The frames of a stream that comes in these pieces, and then ends. */
function framesOf(framer: Framer, pieces: readonly (Buffer | string)[]): string[] {
  const frames = pieces.flatMap(piece => framer.push(Buffer.from(piece)))
  return [...frames, ...framer.flush()].map(({ bytes }) => bytes.toString())
}

const bytewise = (text: string | Uint8Array) => [...Buffer.from(text as string)].map(byte => Buffer.from([byte]))

const A = '<14>1 2026-11-29T10:00:01Z web-1 cart - - - a'
const B = '<11>Nov 29 10:00:01 web-1 cart[7]: bø'
const count = (frame: string) => `${Buffer.byteLength(frame)} ${frame}`

describe('a stream of syslog', () => {
  it.each<[string, string, string[]]>([
    ['ended by LF', `${A}\n${B}\n`, [A, B]],
    ['ended by CRLF', `${A}\r\n${B}\r\n`, [A, B]],
    ['ended by NUL', `${A}\0${B}\0`, [A, B]],
    ['counted', `${count(A)}${count(B)}`, [A, B]],
    ['counted, and ended as well', `${count(A)}\n${count(B)}\n`, [A, B]],
    ['counted and ended in turns', `${count(A)}${B}\n${count(A)}${B}\0`, [A, B, A, B]],
    ['counted, with line breaks inside', count(`${A}\nb\n\nc`), [`${A}\nb\n\nc`]],
    ['counted, with a NUL inside', count(`${A}\0b`), [`${A}␀b`]],
    ['without the last end', `${A}\n${B}`, [A, B]],
    ['without any end', `${A}${B}${A}`, [A, B, A]],
    ['without any end, of several lines', `${A}\nat x\nat y`, [A, 'at x', 'at y']],
    ['of plain text', 'hello\n\n2026-11-29 ERROR no\n12 monkeys\n', ['hello', '2026-11-29 ERROR no', '12 monkeys']],
    ['of one plain text without an end', 'hello', ['hello']],
    ['that quotes a header', `${A} quotes ${B}\n${A}\n`, [`${A} quotes ${B}`, A]],
    ['with a number before it', `2 ${A}\n`, [`2 ${A}`]],
    ['that is empty', '\n\r\n\0', []],
  ])('%s has the same frames wherever it is cut', (_, stream, frames) => {
    if (stream.startsWith('2 <')) {
      // A count of 2: the rest begins in the middle of a priority.
      expect(framesOf(new SyslogFramer(), [stream])).toEqual(framesOf(new SyslogFramer(), bytewise(stream)))
      return
    }
    expect(framesOf(new SyslogFramer(), [stream])).toEqual(frames)
    expect(framesOf(new SyslogFramer(), bytewise(stream))).toEqual(frames)
    const bytes = Buffer.from(stream)
    for (let at = 1; at < bytes.length; at++)
      expect(framesOf(new SyslogFramer(), [bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(frames)
  })

  it('of a sender that never ends a frame is told apart by its silence, and one that only paused is not', () => {
    const silent = new SyslogFramer()
    expect(silent.push(Buffer.from(A + B))).toEqual([])
    expect(silent.flush().map(({ bytes }) => bytes.toString())).toEqual([A, B])
    expect(framesOf(silent, [A, B + A])).toEqual([A, B, A])

    const paused = new SyslogFramer()
    paused.push(Buffer.from(A.slice(0, 30)))
    expect(paused.flush().map(({ bytes }) => bytes.toString())).toEqual([A.slice(0, 30)])
    const rest = [`${A.slice(30)}\n<14>b\n<14>c\n`, '<14>d\n<14>e\n']
    expect(framesOf(paused, rest)).toEqual([A.slice(30), '<14>b', '<14>c', '<14>d', '<14>e'])
  })

  it('without ends is split before it is large', () => {
    const framer = new SyslogFramer()
    const many = A.repeat(2_000)
    const frames = framesOf(framer, [many])
    expect(frames.length).toBe(2_000)
    expect(new Set(frames)).toEqual(new Set([A]))
    expect(framesOf(new SyslogFramer(), [many.slice(0, 50_001), many.slice(50_001)])).toEqual(frames)
  })

  it.each([
    ['counted', (text: string) => count(text)],
    ['ended by LF', (text: string) => `${text}\n`],
  ])('%s with a frame that is too large keeps its start, and the next frame', (_, write) => {
    const large = `<14>${'x'.repeat(MAX_SYSLOG_FRAME_BYTES)}`
    const framer = new SyslogFramer()
    const frames = framer.push(Buffer.from(write(large) + write(A)))
    expect(frames.map(({ isCut }) => isCut)).toEqual([true, false])
    expect(frames[0]!.bytes.length).toBe(MAX_SYSLOG_FRAME_BYTES)
    expect(frames[1]!.bytes.toString()).toBe(A)
  })

  it('of any bytes loses nothing but ends and counts, and is the same in one piece and in many', () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\0', '\r\n', '<14>', '12 <14>', A, B, '3 <1', ' ', '1'),
      fc.string({ maxLength: 5 }),
    )
    const streams = fc.array(piece, { maxLength: 12 }).map(pieces => Buffer.from(pieces.join('')))
    fc.assert(
      fc.property(streams, fc.array(fc.nat(40), { maxLength: 6 }), (stream, cuts) => {
        const whole = framesOf(new SyslogFramer(), [stream])
        const at = [...new Set(cuts.filter(cut => cut < stream.length))].sort((a, b) => a - b)
        const pieces = [0, ...at].map((start, i) => stream.subarray(start, at[i] ?? stream.length))
        expect(framesOf(new SyslogFramer(), pieces)).toEqual(whole)
      }),
      { numRuns: runs(200) },
    )
  })
})

describe('a stream of GELF', () => {
  const a = '{"short_message":"a"}'
  const printed = '{\n  "short_message": "b",\n  "_x": {\n  }\n}'

  it.each<[string, string, string[]]>([
    ['ended by NUL', `${a}\0${printed}\0`, [a, printed]],
    ['ended by LF', `${a}\n${a}\n`, [`${a}\n`, `${a}\n`]],
    ['ended by both', `${a}\n\0${a}\0`, [`${a}\n`, a]],
    ['without the last end', `${a}\0${a}`, [a, a]],
    ['that is no JSON', 'no\nno\0', ['no\nno']],
  ])('%s has the same frames wherever it is cut', (_, stream, frames) => {
    expect(framesOf(new GelfFramer(), [stream])).toEqual(frames)
    expect(framesOf(new GelfFramer(), bytewise(stream))).toEqual(frames)
  })

  it('with a message that is too large marks it, and keeps the next one', () => {
    const framer = new GelfFramer()
    const frames = framer.push(Buffer.from(`"${'x'.repeat(MAX_GELF_BYTES)}"\0${a}\0`))
    expect(frames.map(({ isCut }) => isCut)).toEqual([true, false])
  })

  it('in chunks is put together in any order, and given up after 5 s or beyond the bounds', () => {
    const losses: string[] = []
    const chunks = new GelfChunks(({ address, message }) => losses.push(`${address}: ${message}`))
    const chunk = (id: string, number: number, of: number, text: string) =>
      Buffer.concat([
        Buffer.from([0x1e, 0x0f]),
        Buffer.from(id.padEnd(8)),
        Buffer.from([number, of]),
        Buffer.from(text),
      ])
    expect(chunks.push(Buffer.from(a), 'x', 0)?.toString()).toBe(a)
    expect(chunks.push(chunk('1', 2, 3, 'c'), 'x', 0)).toBe(null)
    expect(chunks.push(chunk('1', 0, 3, 'a'), 'y', 0)).toBe(null)
    expect(chunks.push(chunk('1', 0, 3, 'a'), 'x', 0)).toBe(null)
    expect(chunks.push(chunk('1', 0, 3, 'a'), 'x', 0)).toBe(null)
    expect(chunks.push(chunk('1', 1, 3, 'b'), 'x', 0)?.toString()).toBe('abc')
    expect(losses).toEqual([])
    expect(chunks.push(chunk('2', 5, 3, 'a'), 'x', 0)).toBe(null)
    chunks.push(chunk('3', 0, 129, 'a'), 'x', 0)
    chunks.push(chunk('1', 1, 4, 'a'), 'y', 0)
    chunks.expire(5_000)
    expect(losses).toEqual([
      'x: A chunk of GELF is damaged: it has number 5 of 3.',
      'x: A chunk of GELF is damaged: it has number 0 of 129.',
      'y: Two chunks of one GELF message name a different number of chunks.',
      'y: 2 of 3 chunks of a GELF message did not arrive within 5 s.',
    ])
    for (let i = 0; i < 1_000; i++) chunks.push(chunk(String(i), 0, 2, 'x'.repeat(8_000)), 'x', 5_000)
    expect(chunks.waitingBytes).toBeLessThan(4.1 * 1024 * 1024)
    chunks.expire(20_000)
    expect(chunks.waitingBytes).toBe(0)
  })
})

describe('a stream of Fluent forward', () => {
  const values = [
    null,
    ['tag', 1_795_946_401, { message: 'a', deep: [{ x: [1, -1, 1.5, true, 'ø'.repeat(300)] }] }],
    ['t', []],
  ]
  const stream = Buffer.concat(values.map(value => encode(value)))

  it('has the same messages wherever it is cut', () => {
    const whole = new MsgpackFramer().push(stream).map(({ bytes }) => bytes.toString('hex'))
    expect(whole.length).toBe(3)
    const framer = new MsgpackFramer()
    expect(
      bytewise(stream)
        .flatMap(byte => framer.push(byte))
        .map(({ bytes }) => bytes.toString('hex')),
    ).toEqual(whole)
  })

  it.each<[string, number[]]>([
    ['a byte that means nothing', [0xc1]],
    ['HTTP', [...Buffer.from('GET / HTTP/1.1\r\n')].map(() => 0xc1)],
    ['a text of 4 GB', [0xdb, 0xff, 0xff, 0xff, 0xff]],
    ['lists in lists without end', Array.from({ length: 100 }, () => 0x91)],
  ])('with %s is refused at once', (_, bytes) => {
    expect(() => new MsgpackFramer().push(Buffer.from(bytes))).toThrow(Problem)
  })

  it('that announces much allocates nothing for it', () => {
    const framer = new MsgpackFramer()
    framer.push(Buffer.from(Array.from({ length: 60 }, () => [0xdd, 0xff, 0xff, 0xff, 0xff]).flat()))
    expect(framer.waitingBytes).toBe(300)
    expect(() => framer.flush()).toThrow('broke off')
  })

  it('of any bytes is read, or refused with a problem', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async bytes => {
        try {
          for (const frame of new MsgpackFramer().push(Buffer.from(bytes))) await readFluentMessage(frame.bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(Problem)
        }
      }),
      { numRuns: runs(300) },
    )
  })
})
