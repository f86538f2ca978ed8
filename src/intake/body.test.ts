import { describe, expect, it } from 'vitest'
import { joinPieces, readWhole } from './body.ts'

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
