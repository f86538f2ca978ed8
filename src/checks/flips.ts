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

/**
 * The times from `from` until `until` (epoch ms) in which a check was down, oldest first. Its own status counts: an alert may be
 * resolved by hand before, and stays open while it flaps.
 */
export function readDownSpans(
  state: State,
  check: Pick<Check, 'id' | 'status'>,
  from: number,
  until: number,
): { from: number; until: number }[] {
  const flips = listFlips(state, check.id, from, until).reverse()
  const after = state.prepare<[number, number], { status: string }>(NEXT).get(check.id, until)?.status ?? check.status
  const statuses = [
    { at: from, status: flips[0]?.oldStatus ?? after },
    ...flips.map(({ at, newStatus }) => ({ at, status: newStatus })),
  ]
  return statuses
    .map(({ at, status }, i) => ({ status, from: at, until: statuses[i + 1]?.at ?? until }))
    .filter(span => span.status === 'down' && span.until > span.from)
    .map(({ from, until }) => ({ from, until }))
}

const INSERT = 'insert into check_flips (check_id, at, old_status, new_status) values (?, ?, ?, ?)'
const PRUNE = `delete from check_flips where check_id = ?
  and id <= (select id from check_flips where check_id = ? order by id desc limit 1 offset ?)`
const NEXT = 'select old_status as status from check_flips where check_id = ? and at >= ? order by id limit 1'
const LIST = `select id, check_id as checkId, at, old_status as oldStatus, new_status as newStatus from check_flips
  where check_id = ? and at >= ? and at < ? order by id desc`
