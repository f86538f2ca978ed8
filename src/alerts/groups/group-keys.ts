// Which alerts share a card: by the route that takes them, by their rule, or as their sender groups them.
import type { Finding } from '../../detectors/finding.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Labels } from '../../state/schema/index.ts'
import { knownMatcher, matchesAlert } from '../matcher.ts'
import { isAboutVakt } from '../suppression/suppression.ts'

/**
 * The group key of a finding: that of the first route that takes it and groups (or does not), else that of its rule, else
 * its own, as its sender set it; null is a card of its own.
 */
export function groupKeyOf(state: State, finding: Finding): string | null {
  if (isAboutVakt(finding)) return null
  for (const route of readRoutes(state)) {
    const project = finding.projectId === null ? null : (readProjectById(state, finding.projectId)?.name ?? null)
    if (!matchesAlert(knownMatcher(route.matcher), finding, project)) continue
    if (route.ungrouped) return null
    if (route.groupBy !== null) return `route:${route.id}:${labelValues(route.groupBy, finding.labels)}`
    if (!route.continues) break
  }
  return ruleGroupKey(state, finding) ?? finding.groupKey ?? null
}

type GroupingRoute = { id: number; matcher: string; groupBy: string[] | null; ungrouped: boolean; continues: boolean }

/** The routes in their order, where one of them groups or keeps alerts apart; those without any channel left take no alert. */
function readRoutes(state: State): GroupingRoute[] {
  const some = 'select 1 from routes where group_by is not null or ungrouped = 1 limit 1'
  if (state.prepare(some).get() === undefined) return []
  const query = `select id, matcher, group_by as groupBy, ungrouped, goes_on as continues from routes
    where exists (select 1 from channels c, json_each(routes.channels) e where c.id = e.value and c.removed_at is null)
    order by position`
  type Row = { id: number; matcher: string; groupBy: string | null; ungrouped: number; continues: number }
  return state
    .prepare<[], Row>(query)
    .all()
    .map(({ groupBy, ungrouped, continues, ...row }) => ({
      ...row,
      groupBy: groupBy === null ? null : (JSON.parse(groupBy) as string[]),
      ungrouped: ungrouped === 1,
      continues: continues === 1,
    }))
}

function ruleGroupKey(state: State, { labels }: Finding): string | null {
  if (labels.rule === undefined) return null
  const query = 'select id, group_by as groupBy from rules where name = ? and group_by is not null'
  const rule = state.prepare<[string], { id: number; groupBy: string }>(query).get(labels.rule)
  return rule ? `rule:${rule.id}:${labelValues(JSON.parse(rule.groupBy) as string[], labels)}` : null
}

function labelValues(names: readonly string[], labels: Labels): string {
  return JSON.stringify(names.map(name => labels[name] ?? ''))
}
