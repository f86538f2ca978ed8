// A state whose storage fails when told to: for everything that is written, or for beats only.
import type { State } from '../state/database.ts'
import { stateProblem } from '../state/state-problem.ts'

export interface StorageFaults {
  /** From now on writes fail with this code of SQLite: all of them, or only those of beats while Vakt's own still fit. */
  fail(code?: string, what?: 'everything' | 'beats'): void
  heal(): void
}

/** Gives `state` faults; it works until the first. */
export function withFaults(state: State): StorageFaults {
  let code: string | null = null
  let what: 'everything' | 'beats' = 'everything'
  const failure = () => Object.assign(new Error('the storage fails'), { code })
  const transaction = state.transaction.bind(state)
  const prepare = state.prepare.bind(state)
  state.transaction = work => {
    if (code !== null && what === 'everything') throw stateProblem(failure())
    return transaction(work)
  }
  state.prepare = ((sql: string) => {
    if (code === null || !/insert into beats/i.test(sql)) return prepare(sql)
    return {
      run() {
        throw failure()
      },
    }
  }) as unknown as State['prepare']
  return {
    fail(newCode = 'SQLITE_FULL', newWhat = 'everything') {
      code = newCode
      what = newWhat
    },
    heal() {
      code = null
    },
  }
}
