// Contract of log stores, kill -9: whenever it comes, every acknowledged line is there exactly once afterwards.
import { describe, expect, it } from 'vitest'
import type { LogLine } from '../line.ts'
import { ALL, allPages, asStored, batchOf, follow, where, word } from '../store.testing.ts'
import { fresh, type Made, type Open } from './made.testing.ts'

const ROUNDS = 4
const SENDERS = 24
const LINES_PER_BATCH = 7
const MAX_DELAY_MS = 250

/** `open` opens a store in a process of its own. */
export function killContract(open: Open): void {
  describe('kill -9', () => {
    it('under load loses nothing acknowledged and doubles nothing retried', async () => {
      const made = await fresh(open)
      const acknowledged = new Set<number>()
      const sent = new Set<number>()
      for (let round = 0; round < ROUNDS; round++) {
        const unanswered = [...sent].filter(batch => !acknowledged.has(batch))
        await sendUntilKilled(made, unanswered, sent, acknowledged)
      }
      expect(acknowledged.size).toBeGreaterThan(ROUNDS)
      const lines = await allPages(made.store, ALL, 'newest', 5_000)
      const times = countByMessage(lines)
      expect([...times.values()].every(count => count === 1)).toBe(true)
      expect([...acknowledged].filter(batch => storedOf(times, batch) < LINES_PER_BATCH)).toEqual([])
      // What was not acknowledged is there as a whole or not at all.
      const partial = [...sent].filter(batch => ![0, LINES_PER_BATCH].includes(storedOf(times, batch)))
      expect(partial).toEqual([])
      const { lines: counted, partitions } = await made.store.status()
      expect(counted).toBe(lines.length)
      expect(partitions.filter(({ state }) => state === 'damaged')).toEqual([])
      expect((await follow(made.store, 0)).found).toEqual(asStored(lines))
    })

    it('does not bring back what a purge has deleted', async () => {
      const made = await fresh(open)
      await made.store.append(batchOf([{ message: 'secret' }, { message: 'kept' }]))
      await made.settle()
      expect(await made.store.purge(where(word('secret')))).toBe(1)
      await made.kill!()
      expect((await allPages(made.store, ALL)).map(({ message }) => message)).toEqual(['kept'])
    })
  })
}

/** Many senders at once, until the process is killed a moment after its first answer. */
async function sendUntilKilled(
  made: Made,
  unanswered: readonly number[],
  sent: Set<number>,
  acknowledged: Set<number>,
): Promise<void> {
  const { store } = made
  const retries = [...unanswered]
  let killed: Promise<void> | null = null
  const sender = async () => {
    for (;;) {
      const batch = retries.pop() ?? sent.size
      sent.add(batch)
      try {
        await store.append(batchOf(linesOf(batch), { receivedAt: Date.now(), idempotencyKey: `batch ${batch}` }))
      } catch {
        return
      }
      acknowledged.add(batch)
      killed ??= new Promise(resolve => setTimeout(resolve, Math.random() * MAX_DELAY_MS)).then(() => made.kill!())
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  await killed
}

function linesOf(batch: number): { message: string }[] {
  return Array.from({ length: LINES_PER_BATCH }, (_, i) => ({ message: `batch ${batch} line ${i}` }))
}

function storedOf(times: ReadonlyMap<string, number>, batch: number): number {
  return linesOf(batch).filter(({ message }) => times.has(message)).length
}

function countByMessage(lines: readonly LogLine[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const { message } of lines) times.set(message, (times.get(message) ?? 0) + 1)
  return times
}
