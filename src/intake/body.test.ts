import { describe, expect, it } from 'vitest'
import { hasBody, joinPieces, NO_BODY, readEnds, readStart, readWhole } from './body.ts'

const PIECE_BYTES = 64 * 1024
const body = Buffer.from(Array.from({ length: 2 * 1024 * 1024 + 3 }, (_, at) => at % 251))

/** The pieces of the body; at the end they break off when told to. */
async function* piecesOf(pieces: Uint8Array[] = [], breaksOff = false): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    pieces.push(Uint8Array.from(body.subarray(at, at + PIECE_BYTES)))
    yield pieces.at(-1)!
  }
  if (breaksOff) throw new Error('aborted')
}

describe('pieces', () => {
  it.each([
    ['as announced', body.length],
    ['longer than announced', body.length - PIECE_BYTES - 1],
    ['much longer than announced', 1],
    ['shorter than announced', 2 * body.length],
  ])('become one body: %s', async (_, announced) => {
    expect(body.equals(await joinPieces(piecesOf(), announced))).toBe(true)
  })

  it('become a body with memory of its own, which a worker can take over', async () => {
    const read = await joinPieces(piecesOf(), body.length + 1)
    expect([read.byteOffset, read.buffer.byteLength]).toEqual([0, body.length])
  })

  it('give their memory back, but for those that share it', async () => {
    const pieces: Uint8Array[] = []
    await joinPieces(piecesOf(pieces), body.length)
    expect(pieces.map(({ length }) => length)).toEqual(pieces.map(() => 0))
    const shared = new Uint8Array(10)
    await joinPieces(
      (async function* () {
        yield shared.subarray(0, 4)
      })(),
      4,
    )
    expect(shared).toHaveLength(10)
  })

  it('that break off are no body', async () => {
    await expect(joinPieces(piecesOf([], true), body.length)).rejects.toThrow('aborted')
  })
})

it.each([
  ['announced', String(body.length)],
  ['not announced', null],
])('a whole body that is too long is refused: %s', async (_, announced) => {
  const headers: Record<string, string> = announced === null ? {} : { 'content-length': announced }
  const requestOf = () => new Request('http://vakt.test/', { method: 'POST', body, headers })
  expect(await readWhole(requestOf(), body.length - 1)).toBe(null)
  expect(body.equals((await readWhole(requestOf(), body.length))!)).toBe(true)
})

const post = (...pieces: (string | Uint8Array | Error)[]) => {
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) controller.close()
      else if (piece instanceof Error) controller.error(piece)
      else controller.enqueue(typeof piece === 'string' ? Buffer.from(piece) : piece)
    },
  })
  return new Request('http://vakt.test/', { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
}
const textOf = ({ kept }: { kept: Buffer }) => kept.toString()

describe('the start of a body', () => {
  it('is as long as is wanted, and the rest is counted', async () => {
    expect(await readStart(post('abc', 'def', 'ghi'), 5)).toMatchObject({ total: 9, broken: false })
    expect(textOf(await readStart(post('abc', 'def', 'ghi'), 5))).toBe('abcde')
    expect(textOf(await readStart(post('abc', 'def'), 6))).toBe('abcdef')
    expect(textOf(await readStart(post('abc', 'def'), 3))).toBe('abc')
    expect(textOf(await readStart(post('abc'), 9))).toBe('abc')
  })

  it('is what came of one that breaks off', async () => {
    const broken = await readStart(post('abc', new Error('reset')), 5)
    expect([textOf(broken), broken.total, broken.broken]).toEqual(['abc', 3, true])
    const ends = await readEnds(post('abc', new Error('reset')), 5)
    expect([textOf(ends), ends.total, ends.broken]).toEqual(['abc', 3, true])
  })

  it('is nothing of a request without one', async () => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const request = new Request('http://vakt.test/', { method })
      expect(hasBody(request)).toBe(false)
      expect(await readStart(request, 5)).toBe(NO_BODY)
      expect(await readEnds(request, 5)).toBe(NO_BODY)
    }
    expect(hasBody(post('a'))).toBe(true)
  })

  it('of which no end comes is not read for ever', async () => {
    const piece = new Uint8Array(1024 * 1024)
    let read = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read++
        controller.enqueue(piece)
      },
    })
    const request = () =>
      new Request('http://vakt.test/', { method: 'POST', body: endless, duplex: 'half' } as RequestInit)
    const { kept, total } = await readStart(request(), 10)
    expect([kept.length, total]).toEqual([10, 65 * 1024 * 1024])
    expect(read).toBeLessThan(70)
  })
})

describe('both ends of a body', () => {
  it('are all of it up to the limit', async () => {
    const exact = 'x'.repeat(1_000)
    expect(textOf(await readEnds(post(exact), 1_000))).toBe(exact)
    expect(textOf(await readEnds(post(exact.slice(1), 'x'), 1_000))).toBe(exact)
  })

  it('are its first fifth and its end, with what is left out in between', async () => {
    const text = Array.from({ length: 400 }, (_, i) => `line ${String(i).padStart(4, '0')}`).join('')
    for (const size of [7, 100, 5_000]) {
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'gs'))!
      const { kept, total } = await readEnds(post(...pieces), 1_000)
      const [head, note, tail] = kept.toString().split('\n')
      expect(total).toBe(text.length)
      expect(kept.length).toBeLessThanOrEqual(1_000)
      expect(head).toBe(text.slice(0, 200))
      expect(tail).toBe(text.slice(-(1_000 - 200 - 64)))
      expect(note).toBe(`… ${(text.length - head!.length - tail!.length).toLocaleString('en')} bytes left out …`)
    }
  })

  it('do not cut a character', async () => {
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const { kept } = await readEnds(post(shift + '🔴'.repeat(600)), 1_000)
      expect(kept.toString()).not.toContain('\ufffd')
    }
    // Bytes that are no text are kept as they are.
    const { kept } = await readEnds(post(new Uint8Array(2_000).fill(0x80)), 1_000)
    expect(kept.subarray(0, 200).every(byte => byte === 0x80)).toBe(true)
  })

  it('are the start alone where there is no room for a note', async () => {
    expect(textOf(await readEnds(post('x'.repeat(300)), 255))).toBe('x'.repeat(255))
    expect(textOf(await readEnds(post('x'.repeat(300)), 256))).toContain('bytes left out')
  })
})
