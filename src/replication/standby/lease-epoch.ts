// The epoch of the lease as a state holds it: whether a data folder has the state that the last holder of the lease left.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from '../../state/database.ts'
import { writeValue } from '../../state/key-value.ts'
import { Sqlite } from '../../state/sqlite.ts'
import { SECOND } from '../../time.ts'
import type { LeaseRecord } from '../lease/lease-record.ts'

/** A state is marked alive every five seconds: one that is older than the last renewal by more is an old copy. */
const MAX_LAG_MS = 30 * SECOND

/** What a state says of itself; times in epoch ms. */
export type StateMark = { epoch: number | null; aliveAt: number | null }

/** Reads the mark of the state in a data folder; null when there is no readable state. */
export function readMark(folder: string, file = join(folder, 'vakt.db')): StateMark | null {
  if (!existsSync(file)) return null
  let database: Sqlite | null = null
  try {
    database = new Sqlite(file, { fileMustExist: true })
    const find = database.prepare<[string], { value: string }>('select value from key_values where name = ?')
    const number = (name: string) => {
      const value = find.get(name)?.value
      return value === undefined ? null : Number(value)
    }
    return { epoch: number('lease epoch'), aliveAt: number('alive') }
  } catch {
    return null
  } finally {
    database?.close()
  }
}

/** Whether a state with this mark is what the holder of `record` left, rather than an older copy of it. */
export function isStateOf(record: LeaseRecord, mark: StateMark | null): boolean {
  if (mark === null || mark.epoch !== record.epoch || mark.aliveAt === null) return false
  return mark.aliveAt >= record.renewedAt - MAX_LAG_MS
}

/** Marks the state with the epoch under which it is written from now on. */
export function writeEpoch(state: State, epoch: number): void {
  writeValue(state, 'lease epoch', String(epoch))
}
