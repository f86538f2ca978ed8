// Sliced work lets the event loop turn, in its order and one slice at a time.

import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { mapInSlices, readInPages } from './slices.ts'

const numbers = Array.from({ length: 1_050 }, (_, i) => i)

test('all items are mapped in order, and the event loop turns between slices', async () => {
  let turns = 0
  let isDone = false
  const count = async () => {
    while (!isDone) {
      await setImmediate()
      turns++
    }
  }
  const counting = count()
  const doubled = await mapInSlices(numbers, i => 2 * i, 100)
  isDone = true
  await counting
  expect(doubled).toEqual(numbers.map(i => 2 * i))
  expect(turns).toBeGreaterThanOrEqual(10)
})

test('many at once take one slice a turn together', async () => {
  let inTurn = 0
  let most = 0
  let isDone = false
  const watch = async () => {
    while (!isDone) {
      await setImmediate()
      inTurn = 0
    }
  }
  const watching = watch()
  const map = (i: number) => {
    inTurn++
    most = Math.max(most, inTurn)
    return i
  }
  await Promise.all(Array.from({ length: 8 }, () => mapInSlices(numbers, map, 100)))
  isDone = true
  await watching
  expect(most).toBeLessThanOrEqual(200)
})

test('pages are read until one is not full', async () => {
  const asked: [number, number][] = []
  const rows = await readInPages((limit, offset) => {
    asked.push([limit, offset])
    return numbers.slice(offset, offset + limit)
  }, 500)
  expect(rows).toEqual(numbers)
  expect(asked).toEqual([
    [500, 0],
    [500, 500],
    [500, 1_000],
  ])
})
