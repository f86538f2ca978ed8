// The spools of live tails: small ones as text, large ones in parts, a limit, and their end.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { HOUR } from '../../time.ts'
import { createTailSpools } from './tail-spool.ts'

const folder = join(mkdtempSync(join(tmpdir(), 'vakt-spools-')), 'tails')
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('a small one is read as text; it is gone an hour after its end, and others stay', async () => {
  const clock = createFakeClock(0)
  const spools = createTailSpools(folder, clock)
  const [first, other] = [spools.open(), spools.open()]
  spools.register(1, first.spool)
  spools.register(2, other.spool)
  expect(first.spool.read(1)).toEqual({ text: Buffer.alloc(0) })
  first.spool.write(['one', 'two'])
  first.spool.write(['three'])
  other.spool.write(['x'])
  expect([first.spool.lines, first.spool.parts, first.spool.omittedLines]).toEqual([3, 1, 0])
  expect(spools.find(1).read(1)).toEqual({ text: Buffer.from('one\ntwo\nthree\n') })
  other.spool.read(1)
  first.end()
  await clock.advance(HOUR - 1)
  expect(spools.find(1)).toBe(first.spool)
  await clock.advance(1)
  expect(() => spools.find(1)).toThrow('There is no export of tail 1.')
  expect(spools.find(2)).toBe(other.spool)
  expect(readdirSync(folder)).toEqual(['2.1.gz'])
  spools.close()
  expect(existsSync(folder)).toBe(false)
})

it('files of an earlier process are deleted', () => {
  createTailSpools(folder, createFakeClock(0)).open().spool.write(['x'])
  writeFileSync(join(folder, 'old.gz'), 'x')
  createTailSpools(folder, createFakeClock(0))
  expect(existsSync(join(folder, 'old.gz'))).toBe(false)
})

it('a large one is read in parts of at most 7 MiB, and nothing is lost', () => {
  const { spool } = createTailSpools(folder, createFakeClock(0)).open()
  // Random text, which hardly gets smaller.
  const line = randomBytes(190_000).toString('base64')
  for (let i = 0; i < 60; i++) spool.write([`${i} ${line}`])
  expect(spool.parts).toBe(2)
  const texts = [1, 2].map(part => {
    const read = spool.read(part)
    if ('text' in read) throw new Error('a large spool is no text')
    expect(read.gzip.length).toBeLessThanOrEqual(7 * 1_048_576)
    return gunzipSync(read.gzip).toString()
  })
  expect(
    texts
      .join('')
      .split('\n')
      .filter(Boolean)
      .map(text => Number(text.split(' ')[0])),
  ).toEqual(Array.from({ length: 60 }, (_, i) => i))
})

it.each([
  [2_446_676, 'text'],
  [2_446_677, 'gzip'],
])('a line of %i characters, with its end a third of a part or more, is read as %s', (length, kind) => {
  const { spool } = createTailSpools(folder, createFakeClock(0)).open()
  spool.write(['x'.repeat(length)])
  expect(Object.keys(spool.read(1))).toEqual([kind])
  expect([spool.lines, spool.parts]).toEqual([1, 1])
})
