// What a status page says: the state of each component, of the whole page, and its days. Pure.
import type { Check, ShownStatus } from '../checks/check.ts'
import type { statusComponents, statusPages } from '../state/schema/index.ts'
import { DAY } from '../time.ts'

export type StatusPage = typeof statusPages.$inferSelect
export type StatusComponent = typeof statusComponents.$inferSelect

/** The days that the bars of a component show. */
export const SHOWN_DAYS = 90

export type ComponentState = 'operational' | 'degraded' | 'down' | 'maintenance' | 'unknown'
export const STATE_NAMES: Record<ComponentState, string> = {
  operational: 'Operational',
  degraded: 'Degraded',
  down: 'Down',
  maintenance: 'Under maintenance',
  unknown: 'No data',
}

/** A component as strangers see it. */
export type ShownComponent = {
  name: string
  slug: string
  state: ComponentState
  /** When it went down, epoch ms; null while it is not. */
  downSince: number | null
  /** The share of each of the last 90 days (UTC, oldest first) that it was up; null where nothing is known. */
  days: readonly (number | null)[]
  /** The share of all known time of these days. */
  availability: number | null
}

export type ShownMaintenance = { from: number; until: number; isActive: boolean; components: readonly string[] }

/** A page as strangers see it: nothing in it is the name of a check, a host or a person. */
export type ShownPage = {
  slug: string
  title: string
  about: string
  state: ComponentState
  /** What the team says, null while there is nothing to say. */
  message: { text: string; at: number | null } | null
  sections: readonly { name: string; components: readonly ShownComponent[] }[]
  maintenance: readonly ShownMaintenance[]
  updatedAt: number
}

/** The state of a component whose check has a status. */
export function componentState(status: ShownStatus, isInMaintenance: boolean): ComponentState {
  if (isInMaintenance) return 'maintenance'
  if (status === 'down') return 'down'
  if (status === 'late') return 'degraded'
  return status === 'up' ? 'operational' : 'unknown'
}

/** The state of a whole page: the worst of its components; maintenance and missing data only where nothing is worse. */
export function pageState(states: readonly ComponentState[]): ComponentState {
  for (const state of ['down', 'degraded', 'maintenance'] as const) if (states.includes(state)) return state
  return states.includes('operational') ? 'operational' : 'unknown'
}

/** The heading of a page. */
export function pageHeading(states: readonly ComponentState[]): string {
  const down = states.filter(state => state === 'down').length
  if (states.length === 0) return 'Nothing is shown here yet'
  if (down > 0) return down === states.length ? 'Everything is down' : 'Some systems are down'
  const state = pageState(states)
  if (state === 'degraded') return 'Some systems have problems'
  if (state === 'maintenance') return 'Maintenance is under way'
  return state === 'unknown' ? 'There is no data yet' : 'All systems are operational'
}

/** The start of the first day (UTC) that a page shows at `now`. */
export function firstDay(now: number): number {
  return Math.floor(now / DAY) * DAY - (SHOWN_DAYS - 1) * DAY
}

/** The time of each shown day that is known, and how much of it `check` was down, by intervals of failure. */
export function downByDay(
  check: Pick<Check, 'createdAt'>,
  failures: readonly { from: number; until: number }[],
  now: number,
): { upMs: number; downMs: number }[] {
  const first = firstDay(now)
  const merged = mergeIntervals(failures)
  return Array.from({ length: SHOWN_DAYS }, (_, i) => {
    const from = Math.max(first + i * DAY, check.createdAt)
    const until = Math.min(first + (i + 1) * DAY, now)
    const knownMs = Math.max(0, until - from)
    const downMs = merged.reduce((sum, failure) => sum + overlap(failure, from, until), 0)
    return { upMs: knownMs - downMs, downMs }
  })
}

function overlap(failure: { from: number; until: number }, from: number, until: number): number {
  return Math.max(0, Math.min(failure.until, until) - Math.max(failure.from, from))
}

/** Intervals in order, those that touch or overlap as one. */
function mergeIntervals(intervals: readonly { from: number; until: number }[]): { from: number; until: number }[] {
  const merged: { from: number; until: number }[] = []
  for (const { from, until } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && from <= last.until) last.until = Math.max(last.until, until)
    else merged.push({ from, until })
  }
  return merged
}
