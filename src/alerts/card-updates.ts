// Repeats of an open alert: one line of the timeline for five minutes of them, one edit of the cards for ten seconds.
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'

/** How long further repeats are counted in the timeline line of the first. */
const FOLD_MS = 5 * MINUTE

/** Adds a repeat to the timeline: as a line of its own, or as one more in the newest such line. */
export function writeRepeat(state: State, alertId: number, title: string, now: number): void {
  const newest = `select id, at, count from alert_history where alert_id = ? and kind = 'repeated'
    order by id desc limit 1`
  const line = state.prepare<[number], { id: number; at: number; count: number }>(newest).get(alertId)
  if (!line || now < line.at || now - line.at >= FOLD_MS) {
    state
      .prepare(`insert into alert_history (alert_id, at, kind, what) values (?, ?, 'repeated', ?)`)
      .run(alertId, now, repeatText(title, 1))
    return
  }
  const count = line.count + 1
  state
    .prepare('update alert_history set count = ?, what = ? where id = ?')
    .run(count, repeatText(title, count), line.id)
}

function repeatText(title: string, count: number): string {
  return count === 1 ? `repeated: ${title}` : `repeated ${count.toLocaleString('en')} times: ${title}`
}

/** Updates the cards of an alert at the instant `at`, unless an update is scheduled already. */
export function scheduleCardUpdate(state: State, alertId: number, at: number): void {
  const schedule = 'update alerts set card_update_at = ? where id = ? and card_update_at is null'
  if (state.prepare(schedule).run(at, alertId).changes > 0) state.emit('alerts')
}

/** Moves scheduled updates `ms` earlier, because the clock went back by that. */
export function rewindCardUpdates(state: State, ms: number): void {
  state.prepare('update alerts set card_update_at = card_update_at - ? where card_update_at is not null').run(ms)
}

/** When the next cards are to be updated. */
export function nextCardUpdate(state: State): number | null {
  const query = 'select min(card_update_at) as at from alerts where card_update_at is not null'
  return state.prepare<[], { at: number | null }>(query).get()?.at ?? null
}

/** Up to `limit` alerts whose cards are to be updated by `now`. */
export function dueCardUpdates(state: State, now: number, limit: number): number[] {
  const query = 'select id from alerts where card_update_at <= ? order by card_update_at limit ?'
  return state
    .prepare<[number, number], { id: number }>(query)
    .all(now, limit)
    .map(row => row.id)
}
