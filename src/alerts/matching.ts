// The open alerts that a matcher means, for a look before it is used.
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { listAlerts } from './alert-lists.ts'
import { matchesAlert, readMatcher } from './matcher.ts'

const NAMED = 10

/** How many open alerts of a project (null: of any) a matcher means, and the titles of the worst. Throws `invalid`. */
export function countMatching(
  state: State,
  text: string,
  projectId: number | null,
): { total: number; titles: string[] } {
  const matcher = readMatcher(text)
  const names = new Map<number, string | null>()
  const nameOf = (id: number) => {
    if (!names.has(id)) names.set(id, readProjectById(state, id)?.name ?? null)
    return names.get(id) ?? null
  }
  const found = listAlerts(state, { open: true, limit: -1 }).filter(
    alert =>
      (projectId === null || alert.projectId === projectId) &&
      matchesAlert(matcher, alert, alert.projectId === null ? null : nameOf(alert.projectId)),
  )
  return { total: found.length, titles: found.slice(0, NAMED).map(alert => alert.title) }
}
