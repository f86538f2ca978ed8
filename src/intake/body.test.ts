import { describe, expect, it } from 'vitest'
import { readWhole } from './body.ts'

const MEBIBYTE = 1024 * 1024
const LIMIT = 4 * MEBIBYTE
const PIECE_BYTES = 64 * 1024

/** A request whose body comes in pieces; it may announce another length, and break off. */
function requestOf(body: Buffer, announced: number | null, isBroken = false): Request {
  let at = 0
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < body.length) controller.enqueue(Uint8Array.from(body.subarray(at, at + PIECE_BYTES)))
      else if (isBroken) controller.error(new Error('aborted'))
      else controller.close()
      at += PIECE_BYTES
    },
  })
  const headers: Record<string, string> = announced === null ? {} : { 'content-length': String(announced) }
  return new Request('http://vakt.test/', { method: 'POST', body: stream, headers, duplex: 'half' } as RequestInit)
}

describe('a whole body', () => {
  const body = Buffer.from(Array.from({ length: 2 * MEBIBYTE + 3 }, (_, at) => at % 251))

  it.each([
    ['as announced', body.length],
    ['without a length', null],
    ['longer than announced', body.length - PIECE_BYTES - 1],
    ['much longer than announced', MEBIBYTE],
    ['shorter than announced', LIMIT],
    ['with a length that is no number', Number.NaN],
  ])('is read: %s', async (_, announced) => {
    expect(body.equals((await readWhole(requestOf(body, announced), LIMIT))!)).toBe(true)
  })

  it('counts as what came of it when it breaks off', async () => {
    expect(body.equals((await readWhole(requestOf(body, LIMIT, true), LIMIT))!)).toBe(true)
  })

  it('has memory of its own, which a worker can take over', async () => {
    const read = (await readWhole(requestOf(body, body.length), LIMIT))!
    expect(read.buffer.byteLength).toBe(body.length)
  })

  it.each([
    ['announced', body.length],
    ['not announced', null],
    ['announced shorter', MEBIBYTE],
  ])('that is too long is refused: %s', async (_, announced) => {
    expect(await readWhole(requestOf(body, announced), body.length - 1)).toBe(null)
  })
})
