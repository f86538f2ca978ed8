// Framers find the same frames wherever a stream is cut, and hostile streams end in a frame, a counted loss or a clear problem.
import { encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { runs } from '../../testing/property-runs.ts'
import { MINUTE, SECOND } from '../../time.ts'
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

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
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

  it('waits a minute for the end of a frame, a second while nobody knows, and half of one where there is none', () => {
    const framer = new SyslogFramer()
    expect(framer.patienceMs).toBe(MINUTE)
    framer.push(Buffer.from('<14>a'))
    expect(framer.patienceMs).toBe(SECOND)
    framer.push(Buffer.from('b\n<14>c'))
    expect(framer.patienceMs).toBe(MINUTE)
    const counted = new SyslogFramer()
    counted.push(Buffer.from('40 <14>a'))
    expect(counted.patienceMs).toBe(MINUTE)
    const unended = new SyslogFramer()
    unended.push(Buffer.from(A + B))
    unended.flush()
    unended.push(Buffer.from(A))
    expect(unended.patienceMs).toBe(SECOND / 2)
    const plain = new SyslogFramer()
    plain.push(Buffer.from('plain text'))
    plain.flush()
    plain.push(Buffer.from('more'))
    expect(plain.patienceMs).toBe(MINUTE)
  })

  it('with a frame of exactly the limit keeps all of it', () => {
    const exact = `<14>${'x'.repeat(MAX_SYSLOG_FRAME_BYTES - 4)}`
    for (const stream of [`${exact}\n`, count(exact)]) {
      const framer = new SyslogFramer()
      expect(framer.push(Buffer.from(stream)).map(({ isCut, bytes }) => [isCut, bytes.length])).toEqual([
        [false, MAX_SYSLOG_FRAME_BYTES],
      ])
      expect(framer.waitingBytes).toBe(0)
    }
    const growing = new SyslogFramer()
    growing.push(Buffer.from('<14>a\n'))
    growing.push(Buffer.alloc(MAX_SYSLOG_FRAME_BYTES + 10, 'x'))
    expect(growing.waitingBytes).toBe(MAX_SYSLOG_FRAME_BYTES)
    expect(growing.flush()).toMatchObject([{ isCut: true }])
    // The next frame begins afresh.
    expect(growing.push(Buffer.from('<14>b\n'))).toMatchObject([{ isCut: false }])
  })

  it('of one long frame with an end later than 32 KiB is one frame, if it holds no second header', () => {
    const long = `<14>1 2026-11-29T10:00:01Z ${'x'.repeat(40_000)}`
    expect(framesOf(new SyslogFramer(), [`${long}\n${A}\n`])).toEqual([long, A])
    const text = 'x'.repeat(40_000)
    expect(framesOf(new SyslogFramer(), [`${text}\n${A}\n`])).toEqual([text, A])
  })

  it('of a sender without ends that sends one without a header at last is not kept for ever', () => {
    const framer = new SyslogFramer()
    framer.push(Buffer.from(A + B))
    framer.flush()
    const frames = framer.push(Buffer.from(`<14>1 2026-11-29T10:00:01Z ${'x'.repeat(32 * 1024)}`))
    expect([frames.length, framer.waitingBytes]).toEqual([1, 0])
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

  it('with a message of exactly the limit keeps all of it', () => {
    const exact = `"${'x'.repeat(MAX_GELF_BYTES - 2)}"`
    expect(new GelfFramer().push(Buffer.from(`${exact}\0`)).map(({ isCut }) => isCut)).toEqual([false])
    const framer = new GelfFramer()
    framer.push(Buffer.from(`${exact}x`))
    expect(framer.waitingBytes).toBe(MAX_GELF_BYTES)
    expect(framer.flush().map(({ isCut }) => isCut)).toEqual([true])
    expect([framer.waitingBytes, framer.flush()]).toEqual([0, []])
    expect(framer.push(Buffer.from(`${a}\n`)).map(({ isCut }) => isCut)).toEqual([false])
  })

  it('with printed JSON is tried at 16 line breaks that may end it, and then waits for a NUL', () => {
    const closing = (count: number) => `{"a": [${Array.from({ length: count }, () => '{}\n,{}').join(',')}]}`
    expect(new GelfFramer().push(Buffer.from(`${closing(15)}\n`)).length).toBe(1)
    const framer = new GelfFramer()
    expect(framer.push(Buffer.from(`${closing(16)}\n`))).toEqual([])
    expect(framer.push(Buffer.from('\0')).length).toBe(1)
    expect(framer.push(Buffer.from(`${a}\n`)).length).toBe(1)
  })

  it('of spaces and ends only has no frame', () => {
    expect(framesOf(new GelfFramer(), [' \n\t\0 \n'])).toEqual([])
    expect(framesOf(new GelfFramer(), ['!\0'])).toEqual(['!'])
  })

  it('in chunks has up to 128 of them, each within five seconds, and 4 MiB of a sender', () => {
    const losses: string[] = []
    const chunks = new GelfChunks(({ message }) => losses.push(message))
    const chunk = (number: number, of: number, bytes: Buffer | string, id = 'id') =>
      Buffer.concat([
        Buffer.from([0x1e, 0x0f]),
        Buffer.from(id.padEnd(8)),
        Buffer.from([number, of]),
        Buffer.from(bytes),
      ])
    for (let i = 0; i < 127; i++) expect(chunks.push(chunk(i, 128, 'x'), 'x', 0)).toBeNull()
    expect(chunks.push(chunk(127, 128, 'x'), 'x', 4_999)!.length).toBe(128)
    expect(chunks.waitingBytes).toBe(0)
    expect(chunks.push(chunk(0, 1, 'alone'), 'x', 0)?.toString()).toBe('alone')
    expect(losses).toEqual([])
    chunks.push(chunk(0, 1, ''), 'x', 0)
    chunks.push(chunk(0, 0, 'x'), 'x', 0)
    chunks.push(chunk(2, 2, 'x'), 'x', 0)
    chunks.push(Buffer.from([0x1e, 0x0f, 1]), 'x', 0)
    expect(losses.length).toBe(4)
    // Other datagrams that begin likewise are none of it.
    expect(chunks.push(Buffer.from([0x1e, 0x10, 1]), 'x', 0)!.length).toBe(3)
    chunks.push(chunk(0, 2, 'x', 'late'), 'x', 0)
    chunks.expire(4_999)
    expect(losses.length).toBe(4)
    expect(chunks.push(chunk(1, 2, 'y', 'late'), 'x', 5_000)).toBeNull()
    expect(losses.at(-1)).toBe('1 of 2 chunks of a GELF message did not arrive within 5 s.')
    chunks.expire(20_000)
    const room = 4 * 1024 * 1024
    const fills = (bytes: number) => {
      chunks.push(chunk(0, 3, Buffer.alloc(bytes - 24), 'big'), 'x', 30_000)
      return chunks.push(chunk(1, 3, 'y', 'big'), 'x', 30_000)
    }
    losses.length = 0
    fills(room - 1)
    expect([losses, chunks.waitingBytes]).toEqual([[], room])
    chunks.expire(40_000)
    losses.length = 0
    fills(room)
    expect([losses, chunks.waitingBytes]).toEqual([['Too many GELF messages in chunks are not whole yet.'], 0])
    // Others still have room.
    expect(chunks.push(chunk(0, 1, 'fine'), 'y', 40_000)?.toString()).toBe('fine')
  })

  it('in chunks has 16 MiB in all', () => {
    const losses: string[] = []
    const chunks = new GelfChunks(({ address, message }) => losses.push(`${address} ${message}`))
    const header = Buffer.from([0x1e, 0x0f, ...Buffer.from('12345678'), 0, 2])
    const quarter = Buffer.concat([header, Buffer.alloc(4 * 1024 * 1024 - 16)])
    for (const address of ['a', 'b', 'c', 'd']) chunks.push(quarter, address, 0)
    expect([losses, chunks.waitingBytes]).toEqual([[], 16 * 1024 * 1024])
    chunks.push(Buffer.concat([header, Buffer.from('x')]), 'e', 0)
    expect(losses).toEqual(['e Too many GELF messages in chunks are not whole yet.'])
    chunks.expire(5_000)
    expect(chunks.waitingBytes).toBe(0)
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

  it.each<[string, number[]]>([
    ['nil', [0xc0]],
    ['false', [0xc2]],
    ['true', [0xc3]],
    ['a small number', [0x7f]],
    ['a negative number', [0xe0]],
    ['a float', [0xca, 0, 0, 0, 0]],
    ['a double', [0xcb, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['unsigned numbers', [0xcc, 1]],
    ['unsigned numbers of 16 bits', [0xcd, 1, 1]],
    ['unsigned numbers of 32 bits', [0xce, 1, 1, 1, 1]],
    ['unsigned numbers of 64 bits', [0xcf, 1, 1, 1, 1, 1, 1, 1, 1]],
    ['signed numbers', [0xd0, 1]],
    ['signed numbers of 16 bits', [0xd1, 1, 1]],
    ['signed numbers of 32 bits', [0xd2, 1, 1, 1, 1]],
    ['signed numbers of 64 bits', [0xd3, 1, 1, 1, 1, 1, 1, 1, 1]],
    ['an extension of 1 byte', [0xd4, 0, 1]],
    ['an extension of 2 bytes', [0xd5, 0, 1, 1]],
    ['an extension of 4 bytes', [0xd6, 0, 1, 1, 1, 1]],
    ['an extension of 8 bytes', [0xd7, 0, ...Array(8).fill(1)]],
    ['an extension of 16 bytes', [0xd8, 0, ...Array(16).fill(1)]],
    ['an extension of any size', [0xc7, 3, 0, 1, 1, 1]],
    ['a larger extension', [0xc8, 0, 2, 0, 1, 1]],
    ['the largest extension', [0xc9, 0, 0, 0, 1, 0, 1]],
    ['a short text', [0xa2, 1, 1]],
    ['an empty text', [0xa0]],
    ['a text', [0xd9, 2, 1, 1]],
    ['a longer text', [0xda, 0, 2, 1, 1]],
    ['the longest text', [0xdb, 0, 0, 0, 2, 1, 1]],
    ['bytes', [0xc4, 2, 1, 1]],
    ['more bytes', [0xc5, 0, 2, 1, 1]],
    ['most bytes', [0xc6, 0, 0, 0, 2, 1, 1]],
    ['an empty list', [0x90]],
    ['a list', [0x92, 1, 0x91, 1]],
    ['a longer list', [0xdc, 0, 2, 1, 1]],
    ['the longest list', [0xdd, 0, 0, 0, 2, 1, 1]],
    ['a map', [0x81, 1, 0x81, 1, 1]],
    ['an empty map', [0x80]],
    ['a longer map', [0xde, 0, 1, 1, 1]],
    ['the longest map', [0xdf, 0, 0, 0, 1, 1, 1]],
    ['a list of 64 levels', [...Array(64).fill(0x91), 1]],
  ])('has %s as one value, however it is cut', (_, bytes) => {
    const twice = Buffer.from([...bytes, ...bytes])
    const lengths = (pieces: Buffer[], framer = new MsgpackFramer()) =>
      [...pieces.flatMap(piece => framer.push(piece)), ...framer.flush()].map(frame => frame.bytes.length)
    expect(lengths([twice])).toEqual([bytes.length, bytes.length])
    expect(lengths(bytewise(twice))).toEqual([bytes.length, bytes.length])
    const cut = new MsgpackFramer()
    cut.push(Buffer.from(bytes.slice(0, -1)))
    expect(cut.waitingBytes).toBe(bytes.length - 1)
    if (bytes.length > 1) expect(() => cut.flush()).toThrow('broke off')
    expect(cut.flush()).toEqual([])
  })

  it.each([0xc1, 0xdc + 0x24])('with the byte %i alone', byte => {
    const push = () => new MsgpackFramer().push(Buffer.from([byte & 0xff]))
    if (byte === 0xc1) expect(push).toThrow('not MessagePack')
    else expect(push()).toHaveLength(1)
  })

  it('is nested 64 levels deep at most, and has 16 MiB', () => {
    expect(() => new MsgpackFramer().push(Buffer.from(Array(64).fill(0x91)))).not.toThrow()
    expect(() => new MsgpackFramer().push(Buffer.from(Array(65).fill(0x91)))).toThrow('deeper than 64')
    const text = (bytes: number) => Buffer.concat([Buffer.from([0xdb]), uint32(bytes), Buffer.alloc(bytes)])
    const limit = 16 * 1024 * 1024
    expect(new MsgpackFramer().push(text(limit)).length).toBe(1)
    expect(() => new MsgpackFramer().push(text(limit + 1).subarray(0, 5))).toThrow(`a value of ${limit + 1} bytes`)
    const list = new MsgpackFramer()
    list.push(Buffer.from([0x92]))
    expect(() => list.push(text(limit).subarray(0, limit))).toThrow(`more than ${limit} bytes`)
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
