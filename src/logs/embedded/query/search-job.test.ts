// A search over partitions whose connections come and go.
import { expect, it } from 'vitest'
import type { OpenPartitions } from '../partitions/open-partitions.ts'
import type { PartitionState } from '../partitions/partition.ts'
import type { PartitionConnection } from './partition-connection.ts'
import type { PartitionSearch } from './partition-search.ts'
import { searchJob } from './search-job.ts'

it('continues in the connection that has a partition open now, when the one it began with was closed', () => {
  let current = connection('first')
  const connections = { open: () => current } as unknown as OpenPartitions
  const partitions = [{ name: 'a', lines: 1, from: 0, until: 10 } as PartitionState]
  const job = searchJob({ connections, partitions, onCorruption: () => {} }, { where: null, test: null, isSlow: false })
  const visited: unknown[] = []
  const visit = () => job.each({ from: 0, until: 11 }, search => visited.push(search))
  visit()
  visit()
  current = connection('second')
  visit()
  expect(visited.map(search => (search as { of: string }).of)).toEqual(['first', 'first', 'second'])
  expect(visited[1]).toBe(visited[0])
})

function connection(of: string): PartitionConnection {
  const search = () => ({ of }) as unknown as PartitionSearch
  return { atOnce: <T>(work: () => T) => work(), search } as unknown as PartitionConnection
}
