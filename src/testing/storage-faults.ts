// A state whose storage fails when told to: for everything that is written, or for beats only.
import type { State } from '../state/database.ts'
import { stateProblem } from '../state/state-problem.ts'

type Faulty = 'everything' | 'commits' | 'beats'

export interface StorageFaults {
  /**
   * From now on writes fail with this code of SQLite: all of them, only their commits, or only those of beats while Vakt's
   * own still fit.
   */
  fail(code?: string, what?: Faulty): void
  heal(): void
}

/** Gives `state` faults; it works until the first. */
export function withFaults(state: State): StorageFaults {
  let code: string | null = null
  let what: Faulty = 'everything'
  let isInside = false
  const failure = () => Object.assign(new Error('the storage fails'), { code })
  const transaction = state.transaction.bind(state)
  const prepare = state.prepare.bind(state)
  state.transaction = work => {
    if (code !== null && what === 'everything') throw stateProblem(failure())
    if (code === null || what !== 'commits' || isInside) return transaction(work)
    isInside = true
    try {
      return transaction(() => {
        work()
        throw failure()
      })
    } finally {
      isInside = false
    }
  }
  state.prepare = ((sql: string) => {
    if (code === null || what !== 'beats' || !/insert into beats/i.test(sql)) return prepare(sql)
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
