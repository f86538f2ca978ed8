// What the spool remembers about shipping, and what is read of a file that is not whole.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { makeFolder } from '../embedded/store.testing.ts'
import { numberFor, readShipped, SHIPPED_FILE, type Shipped, writeShipped } from './shipped-file.ts'

const folder = makeFolder()
afterEach(() => folder.remove())

const SHIPPED: Shipped = { engine: 'e', shippedTo: 7, released: { position: 5, until: 4 }, starts: {}, refused: 0 }

it('is read as it was written, and not from a file that is not whole', async () => {
  expect(await readShipped(folder.path)).toBe(null)
  await writeShipped(folder.path, SHIPPED)
  expect(await readShipped(folder.path)).toEqual(SHIPPED)
  for (const text of [
    '',
    '{',
    JSON.stringify({ ...SHIPPED, shippedTo: '7' }),
    JSON.stringify({ ...SHIPPED, released: null }),
    JSON.stringify({ ...SHIPPED, starts: null }),
  ]) {
    writeFileSync(join(folder.path, SHIPPED_FILE), text)
    expect(await readShipped(folder.path)).toBe(null)
  }
})

it.each([
  [0, 0],
  [9, 0],
  [10, 1],
  [19, 1],
  [20, 4],
])('a line at position %i goes to the partition number %i', (position, number) => {
  const starts = [
    { number: 1, from: 10 },
    { number: 4, from: 20 },
  ]
  expect(numberFor(starts, position)).toBe(number)
  expect(numberFor(undefined, position)).toBe(0)
})
