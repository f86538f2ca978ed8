// The ledger of model costs: reserved before each call, replaced by the actual cost after it, never above a limit.
import type { State } from '../../state/database.ts'
import { DAY, HOUR } from '../../time.ts'

/** Limits in millionths of a dollar. */
export type SpendingLimits = { analysis: number; personHour: number; day: number; month: number }

/** A refused call: the limit, its amount, the cost of the call, and when it fits again (epoch ms; null: never, or not for this analysis). */
export type BudgetRefusal = { limit: keyof SpendingLimits; limitCost: number; needed: number; resetsAt: number | null }

const RETENTION_MS = 400 * DAY

export type Reservation = { id: number }

/**
 * Reserves `maxCost` for a call at `now`, or returns the limit that refuses it. `spentBefore` is the cost of this analysis so
 * far. A reservation that is never closed, because Vakt crashed, counts as spent.
 */
export function reserve(
  state: State,
  call: { person: string; model: string; maxCost: number; spentBefore: number },
  limits: SpendingLimits,
  now: number,
  timeZone: string,
): Reservation | BudgetRefusal {
  return state.transaction(() => {
    const { person, model, maxCost, spentBefore } = call
    const { day, nextDay, month, nextMonth } = readCalendar(now, timeZone)
    const check = (limit: keyof SpendingLimits, spent: number, resetsAt: number | null): BudgetRefusal | null =>
      spent + maxCost > limits[limit]
        ? { limit, limitCost: limits[limit], needed: maxCost, resetsAt: maxCost > limits[limit] ? null : resetsAt }
        : null
    const refusal =
      check('analysis', spentBefore, null) ??
      check('month', readSpentSince(state, month), nextMonth) ??
      check('day', readSpentSince(state, day), nextDay) ??
      check(
        'personHour',
        readSpentSince(state, now - HOUR, person),
        findRoomAt(state, person, limits.personHour - maxCost, now),
      )
    if (refusal) return refusal
    const insert = 'insert into spending (at, person, model, reserved) values (?, ?, ?, ?)'
    const { lastInsertRowid } = state.prepare(insert).run(now, person, model, maxCost)
    return { id: Number(lastInsertRowid) }
  })
}

/** Replaces the reserved amount of a call by its actual cost. */
export function closeReservation(
  state: State,
  { id }: Reservation,
  spent: number,
  tokens: { input: number; output: number } | null,
): void {
  const update = 'update spending set spent = ?, input_tokens = ?, output_tokens = ? where id = ?'
  state.transaction(() => state.prepare(update).run(spent, tokens?.input ?? null, tokens?.output ?? null, id))
}

/** The amount spent or reserved since an instant, by one person or all, in millionths of a dollar. */
export function readSpentSince(state: State, since: number, person: string | null = null): number {
  const query =
    person === null
      ? 'select sum(coalesce(spent, reserved)) as sum from spending where at >= ?'
      : 'select sum(coalesce(spent, reserved)) as sum from spending where at >= ? and person = ?'
  const values = person === null ? [since] : [since, person]
  return state.prepare<(string | number)[], { sum: number | null }>(query).get(...values)?.sum ?? 0
}

/** The amounts of the current day and month in a time zone, in millionths of a dollar. */
export function readSpending(state: State, now: number, timeZone: string): { day: number; month: number } {
  const { day, month } = readCalendar(now, timeZone)
  return { day: readSpentSince(state, day), month: readSpentSince(state, month) }
}

/** Deletes entries older than 400 days. */
export function pruneSpending(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from spending where at < ?').run(now - RETENTION_MS))
}

/** When the amount of a person within the last hour falls to `maxRest` (epoch ms). */
function findRoomAt(state: State, person: string, maxRest: number, now: number): number {
  const query = 'select at, coalesce(spent, reserved) as cost from spending where at >= ? and person = ? order by at'
  const rows = state.prepare<[number, string], { at: number; cost: number }>(query).all(now - HOUR, person)
  let left = rows.reduce((sum, row) => sum + row.cost, 0)
  const freeing = rows.find(row => {
    left -= row.cost
    return left <= maxRest
  })
  return (freeing?.at ?? now) + HOUR
}

function readCalendar(now: number, timeZone: string) {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).startOfDay()
  const first = today.with({ day: 1 }).startOfDay()
  return {
    day: today.epochMilliseconds,
    nextDay: today.add({ days: 1 }).startOfDay().epochMilliseconds,
    month: first.epochMilliseconds,
    nextMonth: first.add({ months: 1 }).startOfDay().epochMilliseconds,
  }
}
