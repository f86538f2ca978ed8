// What the contract of log stores asks of a test: a store to try, and how to restart, seal and kill it.
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest'
import { ALL } from '../store.testing.ts'
import type { Batch, LogStore } from '../store.ts'

/** Settings that mean something to every store. */
export type StoreSettings = {
  /** How many bytes on disk it may use. */
  diskBudgetBytes?: number
  /** How many bytes may wait to be stored. */
  queueBytes?: number
  /** How many lines are stored together; a store without such parts ignores it. */
  partitionLines?: number
}

export type Made = {
  /** The open store; another object after `restart` and `kill`. */
  store: LogStore
  /** Waits until everything that was appended is where this store is tried: sealed, half sealed, shipped, or just stored. */
  settle(): Promise<void>
  /** Closes the store and opens it again with the same data. */
  restart(): Promise<void>
  /** Ends it as kill -9 does, whatever it does just then, and opens it again. Only for a store in a process of its own. */
  kill?(): Promise<void>
  /** Seals everything that is stored now, when the store has a hot and a sealed part. */
  seal?(): Promise<void>
  /** Words that its index uses for itself, which no text of a line or query may pass for. */
  indexWords?: readonly string[]
  /** Closes the store and removes its data. */
  remove(): Promise<void>
}

/** Opens an empty store. */
export type Open = (settings?: StoreSettings) => Promise<Made>

/** A store of its own for one test. */
export async function fresh(open: Open, settings?: StoreSettings): Promise<Made> {
  const made = await open(settings)
  onTestFinished(() => made.remove())
  return made
}

/** One store for all tests of a block, emptied after each, because opening one takes longer than most tests. */
export function shared(open: Open, settings?: StoreSettings): () => Made {
  let made: Made
  beforeAll(async () => {
    made = await open(settings)
  })
  afterEach(async () => {
    await made.store.purge(ALL)
  })
  afterAll(() => made.remove())
  return () => made
}

/** Appends batches, one after the other, and waits until they are where the store is tried. */
export async function store(made: Made, ...batches: readonly Batch[]): Promise<void> {
  for (const batch of batches) await made.store.append(batch)
  await made.settle()
}
