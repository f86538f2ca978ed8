// Snappy: blocks and frames are decompressed up to the limit, and nothing that is cut or forged is.
import { snappyCompress } from 'hysnappy'
import { describe, expect, it } from 'vitest'
import { decompressSnappy, decompressSnappyFrames } from './snappy.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const block = (content: string) => Buffer.from(snappyCompress(Buffer.from(content)))
const HEAD = Buffer.from('ff060000734e61507059', 'hex')
const frame = (type: number, content: Uint8Array) => {
  const { length } = content
  return Buffer.concat([Buffer.from([type, length & 255, (length >> 8) & 255, length >> 16]), content])
}
/** A checksum, which nobody compares. */
const SUM = Buffer.alloc(4)
const data = (type: number, content: Uint8Array) => frame(type, Buffer.concat([SUM, content]))
const frames = (...parts: Uint8Array[]) => Buffer.concat([HEAD, ...parts])

describe('a block of snappy', () => {
  it('is decompressed when it is as long as the limit, and not when it is longer', () => {
    const whole = block('abc'.repeat(100))
    expect(text(decompressSnappy(whole, 300))).toBe('abc'.repeat(100))
    expect(() => decompressSnappy(whole, 299)).toThrow(expect.objectContaining({ code: 'too_large' }))
  })

  it('of nothing is empty; one without a whole length, or that is cut, is none', () => {
    expect(decompressSnappy(Buffer.from([0]), 0)).toHaveLength(0)
    const invalid = expect.objectContaining({ code: 'invalid' })
    for (const bytes of [[], [0x80], [0xff, 0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 1], [5, 16, 65]])
      expect(() => decompressSnappy(Buffer.from(bytes), 1e12)).toThrow(invalid)
    // A wrong one spoils nothing for the next.
    expect(text(decompressSnappy(block('next'), 10))).toBe('next')
  })

  it('of megabytes is decompressed beside small ones', () => {
    const large = 'x'.repeat(3 * 1024 * 1024)
    expect(decompressSnappy(block(large), large.length)).toHaveLength(large.length)
    expect(text(decompressSnappy(block('small'), 10))).toBe('small')
  })
})

describe('frames of snappy', () => {
  it('are put together, with those that may be skipped left out', () => {
    const all = frames(data(0, block('ab')), frame(0x80, Buffer.from('padding')), data(1, Buffer.from('cd')), HEAD)
    expect(text(decompressSnappyFrames(all, 4))).toBe('abcd')
    expect(text(decompressSnappyFrames(frames(), 0))).toBe('')
    expect(text(decompressSnappyFrames(block('one block'), 9))).toBe('one block')
  })

  it('of more than 64 KiB are read by their length of three bytes', () => {
    const large = Buffer.alloc(70_000, 'y')
    expect(decompressSnappyFrames(frames(data(1, large), data(1, Buffer.from('z'))), 70_001)).toHaveLength(70_001)
  })

  it('are too large together, however they are written', () => {
    const tooLarge = expect.objectContaining({ code: 'too_large' })
    for (const second of [data(0, block('cd')), data(1, Buffer.from('cd'))])
      expect(() => decompressSnappyFrames(frames(data(1, Buffer.from('ab')), second), 3)).toThrow(tooLarge)
  })

  it('that are cut, or of a type that nobody may skip, are none', () => {
    const invalid = expect.objectContaining({ code: 'invalid' })
    const whole = frames(data(1, Buffer.from('ab')))
    for (const cut of [1, 2, 3, 4, 5, 6, 9])
      expect(() => decompressSnappyFrames(whole.subarray(0, HEAD.length + cut), 99)).toThrow(invalid)
    for (const type of [2, 0x7f])
      expect(() => decompressSnappyFrames(frames(frame(type, Buffer.from('x'))), 99)).toThrow(invalid)
  })
})
