// Every mode of Fluent forward becomes the same lines.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { decode, Encoder, ExtData } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { fluentAck, readFluentMessage } from './fluent-messages.ts'

const encoder = new Encoder({ useBigInt64: true })
const encode = (value: unknown) => Buffer.from(encoder.encode(value))
const read = async (value: unknown) => {
  const message = await readFluentMessage(encode(value))
  return message && { ...message, lines: message.lines.map(line => JSON.parse(line.toString())) }
}

const seconds = 1_795_946_401
const timestamp = '2026-11-29T10:00:01.000000000Z'
const a = { log: 'a' }
const b = { log: 'b' }
const lines = [
  { ...a, timestamp },
  { ...b, timestamp },
]
const packed = Buffer.concat([encode([seconds, a]), encode([seconds, b])])

describe('a message', () => {
  it.each<[string, unknown]>([
    [
      'forward',
      [
        'web',
        [
          [seconds, a],
          [seconds, b],
        ],
        { size: 2 },
      ],
    ],
    ['packed forward', ['web', packed, { size: 2 }]],
    ['compressed with gzip', ['web', gzipSync(packed), { compressed: 'gzip' }]],
    [
      'compressed with gzip in two parts',
      ['web', Buffer.concat([gzipSync(encode([seconds, a])), gzipSync(encode([seconds, b]))]), { compressed: 'gzip' }],
    ],
    ['compressed with zstd', ['web', zstdCompressSync(packed), { compressed: 'zstd' }]],
    [
      'of Fluent Bit, with metadata',
      [
        'web',
        [
          [[seconds, {}], a],
          [[seconds, {}], b],
        ],
      ],
    ],
  ])('in mode %s has its lines', async (_, value) => {
    expect(await read(value)).toEqual({ tag: 'web', lines, unreadable: 0, chunk: null })
  })

  it.each<[string, unknown, object]>([
    ['one event', ['web', seconds, a], { lines: [lines[0]] }],
    ['a chunk to acknowledge', ['web', seconds, a, { chunk: 'p8n9' }], { chunk: 'p8n9' }],
    ['a chunk of packed entries', ['web', packed, { chunk: 'p8n9' }], { chunk: 'p8n9', lines }],
    ['no entries', ['web', []], { lines: [] }],
    [
      'a time with nanoseconds',
      ['web', new ExtData(0, new Uint8Array([0x6b, 0x0b, 0xf7, 0xa1, 0x1d, 0xcd, 0x65, 0x01])), a],
      { lines: [{ ...a, timestamp: '2026-11-29T10:00:01.500000001Z' }] },
    ],
    [
      'a time of its own',
      ['web', seconds, { msg: 'x', time: '2026-11-29T09:59:59.123Z' }],
      { lines: [{ msg: 'x', time: '2026-11-29T09:59:59.123Z' }] },
    ],
    [
      'a time of its own without a zone',
      ['web', seconds, { msg: 'x', timestamp: '2026-11-29 11:00:01' }],
      { lines: [{ msg: 'x', timestamp }] },
    ],
    ['no time', ['web', 0, a], { lines: [a] }],
    ['bytes', ['web', 0, { log: Buffer.from('ø') }], { lines: [{ log: 'ø' }] }],
    [
      'the name that JavaScript reserves',
      ['web', 0, JSON.parse('{"__proto__":1,"log":"a"}')],
      { lines: [{ log: 'a', '_proto_._': 1 }] },
    ],
    [
      'an entry that is none',
      ['web', [[seconds, a], [seconds, 7], 'x', [seconds, {}]]],
      { lines: [lines[0], { timestamp }], unreadable: 2 },
    ],
    ['an entry that breaks off', ['web', packed.subarray(0, packed.length - 1)], { lines: [lines[0]], unreadable: 1 }],
  ])('with %s', async (_, value, expected) => expect(await read(value)).toMatchObject(expected))

  it.each<[string, unknown, object]>([
    ['a time of its own as a number', ['web', seconds, { ts: 100_000_001 }], { lines: [{ ts: 100_000_001 }] }],
    ['a small number for a time', ['web', seconds, { ts: 100_000_000 }], { lines: [{ ts: 100_000_000, timestamp }] }],
    ['a time of another type', ['web', seconds, { ts: true }], { lines: [{ ts: true, timestamp }] }],
    [
      'a fraction of a second',
      ['web', seconds + 0.5, a],
      { lines: [{ ...a, timestamp: '2026-11-29T10:00:01.500000000Z' }] },
    ],
    ['a time before 1970', ['web', -1, a], { lines: [a] }],
    ['a time after the year 9999', ['web', 253_402_300_800, a], { lines: [a] }],
    [
      'the last second of the year 9999',
      ['web', 253_402_300_799, a],
      { lines: [{ timestamp: '9999-12-31T23:59:59.000000000Z' }] },
    ],
    ['a time that is a text', ['web', [['1795946401', a]]], { lines: [a] }],
    ['a time as a large number', ['web', 1_795_946_401n, a], { lines: [lines[0]] }],
    ['a record that is nil', ['web', seconds, null], { lines: [], unreadable: 1 }],
    ['a record that is a list', ['web', seconds, [1]], { lines: [], unreadable: 1 }],
    ['a record of bytes', ['web', seconds, Buffer.from('x')], { lines: [], unreadable: 1 }],
    ['an empty record without a time', ['web', 0, {}], { lines: [], unreadable: 1 }],
    ['an option that is nil', ['web', seconds, a, null], { lines: [lines[0]], chunk: null }],
    ['a chunk that is a number', ['web', seconds, a, { chunk: 7 }], { chunk: null }],
    ['a chunk of bytes', ['web', seconds, a, { chunk: Buffer.from('c') }], { chunk: 'c' }],
    ['a tag of bytes', [Buffer.from('web'), [[seconds, a]]], { tag: 'web' }],
    ['an entry of one part', ['web', [[seconds, a], [seconds]]], { lines: [lines[0]], unreadable: 1 }],
    ['entries as a text', ['web', packed.toString('latin1').slice(0, 0), {}], { lines: [] }],
    ['the compression "text"', ['web', packed, { compressed: 'text' }], { lines }],
    ['a compression of nil', ['web', packed, { compressed: null }], { lines }],
    ['a chunk of no entries', ['web', [], { chunk: 'c' }], { lines: [], chunk: 'c' }],
  ])('with %s', async (_, value, expected) => expect(await read(value)).toMatchObject(expected))

  it.each([[['web', seconds]], [['web', seconds, a, {}, 1]], [{ web: 1 }]])('that is %j is refused', async value => {
    await expect(read(value)).rejects.toThrow('is not one of Fluent forward')
  })

  it('with a time inside of its record has it as text', async () => {
    const time = new ExtData(0, new Uint8Array([0x6b, 0x0b, 0xf7, 0xa1, 0, 0, 0, 0]))
    expect(await read(['web', 0, { at: time }])).toMatchObject({ lines: [{ at: timestamp }] })
    await expect(read(['web', 0, { at: new ExtData(0, new Uint8Array(4)) }])).rejects.toThrow('must have 8 bytes')
  })

  it('with many entries has them all, in order', async () => {
    const entries = Array.from({ length: 1_201 }, (_, i) => [0, { i }])
    const message = await read(['web', entries])
    expect(message!.lines.map(line => line.i)).toEqual(entries.map((_, i) => i))
  })

  it('keeps the digits of large numbers', async () => {
    const message = await readFluentMessage(encode(['web', 0, { id: 9_007_199_254_740_993n }]))
    expect(message!.lines.join()).toBe('{"id":9007199254740993}')
  })

  it('that is nil is a heartbeat', async () => expect(await read(null)).toBe(null))

  it.each<[string, unknown]>([
    ['a number', 7],
    ['a list of one', ['web']],
    ['a handshake', ['PING', 'host']],
    ['a bomb', ['web', gzipSync(Buffer.alloc(40_000_000)), { compressed: 'gzip' }]],
    ['damaged gzip', ['web', Buffer.from('x'), { compressed: 'gzip' }]],
    ['another compression', ['web', packed, { compressed: 'lzma' }]],
  ])('that is %s is refused', async (what, value) => {
    const result = await read(value).catch(error => error.code)
    if (what === 'a handshake') expect(result).toMatchObject({ lines: [] })
    else expect(result).toMatch(/invalid|too_large|unsupported/)
  })

  it('is acknowledged by its chunk', () => expect(decode(fluentAck('p8n9'))).toEqual({ ack: 'p8n9' }))
})
