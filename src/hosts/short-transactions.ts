// Many small changes in transactions of a few milliseconds each, so that beats and buttons get their turn between them.
import { setImmediate } from 'node:timers/promises'
import type { State } from '../state/database.ts'

/** A transaction that took so long already takes no further step, ms. */
const LONGEST = 4

/** Takes the steps in order, each wholly in one transaction, as long as `wanted` says so before a transaction. */
export async function inShortTransactions(
  state: State,
  steps: Iterable<() => void>,
  wanted: () => boolean,
): Promise<void> {
  const left = Iterator.from(steps)
  for (let step = left.next(); !step.done && wanted(); await setImmediate()) {
    state.transaction(() => {
      const began = performance.now()
      do {
        step.value?.()
        step = left.next()
      } while (!step.done && performance.now() - began < LONGEST)
    })
  }
}
