// Which labels alerts have had, and which values: a matcher that names others matches nothing.

import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { sql } from '../state/orm.ts'
import { alerts } from '../state/schema/index.ts'
import { DAY } from '../time.ts'
import type { Alert } from './alert.ts'
import { matchesAlert, readMatcher } from './matcher.ts'
import { GROUP } from './suppression/inhibition.ts'

/** How many of the newest alerts are searched. */
const MAX_SEARCHED = 20_000
/** How far back a matcher is tried, and on how many alerts at most. */
export const PREVIEW_MS = 7 * DAY
const MAX_TRIED = 10_000

const NEWEST = `alerts.id > (select coalesce(max(id), 0) from alerts) - ${MAX_SEARCHED}`

/** The names of the labels that the newest alerts have, in alphabetical order. */
export function listSeenLabels(state: State): string[] {
  const query = `select distinct label.key as name from alerts, json_each(alerts.labels) label where ${NEWEST} order by name`
  return state
    .prepare<[], { name: string }>(query)
    .all()
    .map(({ name }) => name)
}

/** What Vakt knows by name, beside the labels of alerts. */
const KNOWN_NAMES: { readonly [label: string]: string } = {
  check: 'select name as value from checks',
  host: 'select name as value from hosts union select host from checks where host is not null',
  source: 'select distinct name as value from sources',
  project: 'select name as value from projects',
  rule: 'select name as value from rules',
}

/** The values that a label has on the newest alerts, and the names that Vakt knows for it; at most 2,000. */
export function listKnownValues(state: State, name: string): string[] {
  const seen = `select distinct label.value as value from alerts, json_each(alerts.labels) label
    where ${NEWEST} and label.key = ? limit 1000`
  const known = Object.hasOwn(KNOWN_NAMES, name) ? `${KNOWN_NAMES[name]} limit 1000` : null
  const rows = [
    ...state.prepare<[string], { value: string }>(seen).all(name),
    ...(known === null ? [] : state.prepare<[], { value: string }>(known).all()),
  ]
  return [...new Set(rows.map(({ value }) => value))]
}

/** What a matcher would have matched: the alerts that fired within a week, those of the groups and not the groups. */
export type Match = { total: number; critical: number; newest: Pick<Alert, 'id' | 'title' | 'firedAt'>[] }

/** Tries a valid matcher on the alerts of the last week, of a project only when it is set; `limit` of the newest are returned. */
export function matchLastWeek(state: State, text: string, projectId: number | null, now: number, limit: number): Match {
  const matcher = readMatcher(text)
  const { id, title, severity, detector, key, owner, labels, groupKey, firedAt } = alerts
  const rows = state.db
    .select({ id, title, severity, detector, key, owner, labels, groupKey, firedAt, projectId: alerts.projectId })
    .from(alerts)
    .where(sql`${firedAt} > ${now - PREVIEW_MS} and ${detector} not in (${GROUP}, 'notice', 'test')`)
    .orderBy(sql`${id} desc`)
    .limit(MAX_TRIED)
    .all()
  const names = new Map<number, string | null>()
  const projectName = (of: number) => {
    if (!names.has(of)) names.set(of, readProjectById(state, of)?.name ?? null)
    return names.get(of) ?? null
  }
  const matching = rows.filter(
    row =>
      (projectId === null || row.projectId === projectId) &&
      matchesAlert(matcher, row, row.projectId === null ? null : projectName(row.projectId)),
  )
  const critical = matching.filter(row => row.severity === 'critical').length
  return { total: matching.length, critical, newest: matching.slice(0, limit) }
}
