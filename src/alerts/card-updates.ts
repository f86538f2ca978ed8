// Trouble that is seen again and again: in the timeline one line for five minutes, on the cards one edit for ten seconds.
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'

/** How long further sightings are counted in the line of the first. */
const FOLDED = 5 * MINUTE

/** Puts a sighting into the timeline: as a line of its own, or as one more in the newest such line. */
export function writeRepeat(state: State, alertId: number, title: string, now: number): void {
  const newest = `select id, at, what from alert_history where alert_id = ? and what like 'seen again%'
    order by id desc limit 1`
  const line = state.prepare<[number], { id: number; at: number; what: string }>(newest).get(alertId)
  if (!line || now < line.at || now - line.at >= FOLDED) {
    state
      .prepare('insert into alert_history (alert_id, at, what) values (?, ?, ?)')
      .run(alertId, now, `seen again: ${title}`)
    return
  }
  const times = Number(/^seen again, (\d+) times/.exec(line.what)?.[1] ?? 1) + 1
  const what = `seen again, ${times} times since: ${title}`
  state.prepare('update alert_history set what = ? where id = ?').run(what, line.id)
}

// A sighting that the cards do not show yet is a fact, so that it is told after a restart too. It is not `wakeAt`,
// which keeps the time of the next reminder meanwhile.
const UNTOLD = `name >= 'untold:' and name < 'untold;'`

/** Has the cards of an alert brought up to date at the instant `at`, unless that is arranged already. */
export function scheduleCardUpdate(state: State, alertId: number, at: number): void {
  const arranged = state
    .prepare('insert into key_values (name, value) values (?, ?) on conflict (name) do nothing')
    .run(`untold:${alertId}`, String(at))
  if (arranged.changes > 0) state.emit('alerts')
}

/** The cards are brought up to date now: nothing is left to be told later. */
export function clearCardUpdate(state: State, alertId: number): void {
  state.prepare('delete from key_values where name = ?').run(`untold:${alertId}`)
}

/** Has what is told later told `ms` earlier, because the clock went back by that. */
export function rewindCardUpdates(state: State, ms: number): void {
  state.prepare(`update key_values set value = cast(value as integer) - ? where ${UNTOLD}`).run(ms)
}

/** When the next cards are to be brought up to date. */
export function nextCardUpdate(state: State): number | null {
  const query = `select min(cast(value as integer)) as at from key_values where ${UNTOLD}`
  return state.prepare<[], { at: number | null }>(query).get()?.at ?? null
}

/** Up to `limit` alerts whose cards are to be brought up to date by `now`. */
export function dueCardUpdates(state: State, now: number, limit: number): number[] {
  const query = `select cast(substr(name, 8) as integer) as id from key_values
    where ${UNTOLD} and cast(value as integer) <= ? limit ?`
  return state
    .prepare<[number, number], { id: number }>(query)
    .all(now, limit)
    .map(row => row.id)
}
