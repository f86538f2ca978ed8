// What a reader keeps in memory: a few decoded blocks, however many partitions it has open.
import { expect, test } from 'vitest'
import { BoundedMap } from '../../../bounded-map.ts'
import { DAY } from '../../../time.ts'
import { batchOf, NOON } from '../../store.testing.ts'
import { createRecentBlocks } from '../blocks/block-view.ts'
import { aFolder, aStore } from '../store.testing.ts'
import { OpenPartitions } from './open-partitions.ts'

test('the decoded blocks of all partitions share one limit, and a closed partition leaves none', async () => {
  const folder = aFolder()
  const store = await aStore({ folder })
  for (const receivedAt of [NOON - DAY, NOON])
    await store.append(batchOf([{ message: 'hello', timestamp: receivedAt }], { receivedAt }))
  await store.seal()
  await store.close()
  const lines = (partitions: OpenPartitions) =>
    ['2026-11-20.3d.0', '2026-11-21.3d.0'].map(
      name => partitions.open(name)!.atOnce(() => partitions.open(name)!.linesAfter(0, 10)).length,
    )

  const recent = createRecentBlocks()
  const partitions = new OpenPartitions(folder, () => {}, recent)
  expect(lines(partitions)).toEqual([1, 1])
  expect(recent.size).toBe(2)
  partitions.close('2026-11-20.3d.0')
  expect(recent.size).toBe(1)
  expect(lines(partitions)).toEqual([1, 1])
  partitions.closeAll()
  expect(recent.size).toBe(0)

  const one = new BoundedMap(1) as typeof recent
  const few = new OpenPartitions(folder, () => {}, one)
  expect([...lines(few), ...lines(few)]).toEqual([1, 1, 1, 1])
  expect(one.size).toBe(1)
  few.closeAll()
})
