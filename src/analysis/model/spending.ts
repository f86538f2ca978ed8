// The ledger of what models cost: reserved before each call, settled after it, never above a limit.
import type { State } from '../../state/database.ts'
import { DAY, HOUR } from '../../time.ts'

/** Limits in millionths of a dollar. */
export type Limits = { analysis: number; personHour: number; day: number; month: number }

/** What a limit refused, what the call may cost, and when there is room for it (epoch ms; null: never, or not for this analysis). */
export type Refusal = { limit: keyof Limits; most: number; needed: number; resetsAt: number | null }

const KEPT = 400 * DAY

export type Reservation = { id: number }

/**
 * Reserves `most` for a call at `now`, or says which limit is in the way. `already` is what this analysis has cost.
 * What was reserved and never settled, because Vakt died meanwhile, counts as spent: better too careful than broke.
 */
export function reserve(
  state: State,
  call: { person: string; model: string; most: number; already: number },
  limits: Limits,
  now: number,
  timeZone: string,
): Reservation | Refusal {
  return state.transaction(() => {
    const { person, model, most, already } = call
    const { day, nextDay, month, nextMonth } = calendar(now, timeZone)
    const full = (limit: keyof Limits, spent: number, resetsAt: number | null): Refusal | null =>
      spent + most > limits[limit]
        ? { limit, most: limits[limit], needed: most, resetsAt: most > limits[limit] ? null : resetsAt }
        : null
    const refused =
      full('analysis', already, null) ??
      full('month', spentSince(state, month), nextMonth) ??
      full('day', spentSince(state, day), nextDay) ??
      full('personHour', spentSince(state, now - HOUR, person), roomAt(state, person, limits.personHour - most, now))
    if (refused) return refused
    const insert = 'insert into spending (at, person, model, reserved) values (?, ?, ?, ?)'
    const { lastInsertRowid } = state.prepare(insert).run(now, person, model, most)
    return { id: Number(lastInsertRowid) }
  })
}

/** Puts what a call did cost in the place of what was reserved for it. */
export function closeReservation(
  state: State,
  { id }: Reservation,
  spent: number,
  tokens: { input: number; output: number } | null,
): void {
  const update = 'update spending set spent = ?, input_tokens = ?, output_tokens = ? where id = ?'
  state.transaction(() => state.prepare(update).run(spent, tokens?.input ?? null, tokens?.output ?? null, id))
}

/** What was spent or reserved since an instant, by one person or all, in millionths of a dollar. */
export function spentSince(state: State, since: number, person: string | null = null): number {
  const query =
    person === null
      ? 'select sum(coalesce(spent, reserved)) as sum from spending where at >= ?'
      : 'select sum(coalesce(spent, reserved)) as sum from spending where at >= ? and person = ?'
  const values = person === null ? [since] : [since, person]
  return state.prepare<(string | number)[], { sum: number | null }>(query).get(...values)?.sum ?? 0
}

/** What was spent today and this month, as the time zone has them. */
export function spentLately(state: State, now: number, timeZone: string): { day: number; month: number } {
  const { day, month } = calendar(now, timeZone)
  return { day: spentSince(state, day), month: spentSince(state, month) }
}

/** Drops what is older than thirteen months. */
export function pruneSpending(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from spending where at < ?').run(now - KEPT))
}

/** When so much of what a person spent in the last hour has fallen out of it that at most `rest` is left. */
function roomAt(state: State, person: string, rest: number, now: number): number {
  const query = 'select at, coalesce(spent, reserved) as cost from spending where at >= ? and person = ? order by at'
  const rows = state.prepare<[number, string], { at: number; cost: number }>(query).all(now - HOUR, person)
  let left = rows.reduce((sum, row) => sum + row.cost, 0)
  const freeing = rows.find(row => {
    left -= row.cost
    return left <= rest
  })
  return (freeing?.at ?? now) + HOUR
}

function calendar(now: number, timeZone: string) {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).startOfDay()
  const first = today.with({ day: 1 }).startOfDay()
  return {
    day: today.epochMilliseconds,
    nextDay: today.add({ days: 1 }).startOfDay().epochMilliseconds,
    month: first.epochMilliseconds,
    nextMonth: first.add({ months: 1 }).startOfDay().epochMilliseconds,
  }
}
