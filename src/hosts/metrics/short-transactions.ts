// Runs many small writes in transactions of a few milliseconds, so that beats and buttons are not delayed.
import { setImmediate } from 'node:timers/promises'
import type { State } from '../../state/database.ts'

/** A transaction that has taken this long runs no further step. */
const MAX_TRANSACTION_MS = 4

/**
 * Runs the steps in order, each within one transaction, while `isWanted` is true before a transaction. A step that throws is
 * rolled back and does not stop the others; the first error is thrown at the end.
 */
export async function runInShortTransactions(
  state: State,
  steps: Iterable<() => void>,
  isWanted: () => boolean,
): Promise<void> {
  const remaining = Iterator.from(steps)
  const errors: unknown[] = []
  for (let step = remaining.next(); !step.done && isWanted(); await setImmediate()) {
    const done: (() => void)[] = []
    try {
      state.transaction(() => {
        const startedAt = performance.now()
        do {
          done.push(step.value!)
          step.value!()
          step = remaining.next()
        } while (!step.done && performance.now() - startedAt < MAX_TRANSACTION_MS)
      })
    } catch (error) {
      errors.push(error)
      // The other steps of the transaction were rolled back with it.
      if (done.length > 1) errors.push(...done.flatMap(step => runAlone(state, step)))
      step = remaining.next()
    }
  }
  if (errors.length > 0) throw errors[0]
}

function runAlone(state: State, step: () => void): unknown[] {
  try {
    state.transaction(step)
    return []
  } catch (error) {
    return [error]
  }
}
