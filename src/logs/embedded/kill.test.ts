// A real process that stores lines under load is killed at random moments: every acknowledged line is there exactly once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { ALL, aFolder, allPages, aStore } from './store.testing.ts'

const ROUNDS = 4
const PROGRAM = new URL('./store-under-load.testing.ts', import.meta.url).pathname
/** As the program sends them. */
const LINES_PER_BATCH = 7

it('kill -9 under load loses nothing acknowledged and doubles nothing retried', async () => {
  const folder = aFolder()
  const acknowledged = new Set<number>()
  const sent = new Set<number>()
  for (let round = 0; round < ROUNDS; round++) {
    const unanswered = [...sent].filter(batch => !acknowledged.has(batch))
    const child = spawn(process.execPath, [PROGRAM, folder, String(sent.size), JSON.stringify(unanswered)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await listen(child, (word, batch) => {
      if (word === 'sent') sent.add(batch)
      if (word === 'stored') acknowledged.add(batch)
    })
  }
  expect(acknowledged.size).toBeGreaterThan(ROUNDS)
  const store = await aStore({ folder })
  const times = new Map<string, number>()
  for (const { message } of await allPages(store, ALL, 'newest', 5_000))
    times.set(message, (times.get(message) ?? 0) + 1)
  expect([...times.values()].every(count => count === 1)).toBe(true)
  const lost = [...acknowledged].filter(batch => !isWhole(times, batch))
  expect(lost).toEqual([])
  // What was not acknowledged is there as a whole or not at all.
  const lines = [...sent].map(batch => linesOf(batch).filter(line => times.has(line)).length)
  expect(lines.every(count => count === 0 || count === LINES_PER_BATCH)).toBe(true)
  expect((await store.status()).lines).toBe(times.size)
  expect((await store.status()).partitions.some(({ state }) => state === 'damaged')).toBe(false)
})

/** Reads what the program says; kills it a moment after the first answer. */
async function listen(child: ChildProcess, said: (word: string, batch: number) => void): Promise<void> {
  const ended = once(child, 'exit')
  let complaint = ''
  child.stderr!.on('data', chunk => {
    complaint += chunk
  })
  let killing = false
  for await (const line of createInterface({ input: child.stdout! })) {
    const [word, batch] = line.split(' ')
    said(word!, Number(batch))
    if (word !== 'stored' || killing) continue
    killing = true
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 250)
  }
  expect({ signal: (await ended)[1], complaint }).toEqual({ signal: 'SIGKILL', complaint: '' })
}

function isWhole(times: ReadonlyMap<string, number>, batch: number): boolean {
  return linesOf(batch).every(line => times.has(line))
}

function linesOf(batch: number): string[] {
  return Array.from({ length: LINES_PER_BATCH }, (_, i) => `batch ${batch} line ${i}`)
}
