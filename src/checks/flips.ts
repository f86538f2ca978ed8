// The table of flips: every change of the status of a check, for reports of availability and Healthchecks' API.
import type { State } from '../state/database.ts'
import type { checkFlips } from '../state/schema/index.ts'
import type { Check } from './check.ts'

export type Flip = typeof checkFlips.$inferSelect

/** How many flips of each check are stored. */
const MAX_FLIPS_PER_CHECK = 1_000

/** Records that the status of a check changed at `at` (epoch ms); nothing where it is the same. */
export function recordFlip(
  state: State,
  check: Pick<Check, 'id' | 'status'>,
  status: Check['status'] | undefined,
  at: number,
): void {
  if (status === undefined || status === check.status) return
  state.prepare(INSERT).run(check.id, at, check.status, status)
  state.prepare(PRUNE).run(check.id, check.id, MAX_FLIPS_PER_CHECK)
}

/** The flips of a check in `[from, until)` (epoch ms), newest first. */
export function listFlips(state: State, checkId: number, from: number, until: number): Flip[] {
  return state.prepare<[number, number, number], Flip>(LIST).all(checkId, from, until)
}

const INSERT = 'insert into check_flips (check_id, at, old_status, new_status) values (?, ?, ?, ?)'
const PRUNE = `delete from check_flips where check_id = ?
  and id <= (select id from check_flips where check_id = ? order by id desc limit 1 offset ?)`
const LIST = `select id, check_id as checkId, at, old_status as oldStatus, new_status as newStatus from check_flips
  where check_id = ? and at >= ? and at < ? order by id desc`
