// Many small changes in transactions of a few milliseconds each, so that beats and buttons get their turn between them.
import { setImmediate } from 'node:timers/promises'
import type { State } from '../../state/database.ts'

/** A transaction that took so long already takes no further step, ms. */
const LONGEST = 4

/**
 * Takes the steps in order, each wholly in one transaction, as long as `wanted` says so before a transaction. A step that
 * throws leaves nothing behind and does not keep the others from being taken; the first such error is thrown at the end.
 */
export async function inShortTransactions(
  state: State,
  steps: Iterable<() => void>,
  wanted: () => boolean,
): Promise<void> {
  const left = Iterator.from(steps)
  const errors: unknown[] = []
  for (let step = left.next(); !step.done && wanted(); await setImmediate()) {
    const taken: (() => void)[] = []
    try {
      state.transaction(() => {
        const began = performance.now()
        do {
          taken.push(step.value!)
          step.value!()
          step = left.next()
        } while (!step.done && performance.now() - began < LONGEST)
      })
    } catch (error) {
      errors.push(error)
      // What shared the transaction was undone with it.
      if (taken.length > 1) errors.push(...taken.flatMap(one => failureOf(state, one)))
      step = left.next()
    }
  }
  if (errors.length > 0) throw errors[0]
}

function failureOf(state: State, step: () => void): unknown[] {
  try {
    state.transaction(step)
    return []
  } catch (error) {
    return [error]
  }
}
