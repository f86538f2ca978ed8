// When checks failed, by their alerts.
import type { State } from '../state/database.ts'

/** The times from `from` until `until` (epoch ms) in which a check had an alert, oldest first; an open one lasts until `until`. */
export function readFailures(
  state: State,
  checkId: number,
  from: number,
  until: number,
): { from: number; until: number }[] {
  const query = `select max(since, ?) as "from", min(coalesce(resolved_at, ?), ?) as until from alerts
    where key = ? and since < ? and (resolved_at is null or resolved_at > ?) order by since`
  return state
    .prepare<unknown[], { from: number; until: number }>(query)
    .all(from, until, until, `check:${checkId}`, until, from)
}
