// Which series of lines match a rule: those of one error, or all.
import { readSeries, type Series } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import { type Cooperative, readAllSeries, SERIES_PER_STEP } from '../../logs/window-counts.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Rule } from '../rules/rule.ts'
import { matchesLines, readLineMatcher } from './line-matcher.ts'

/** Whether lines of a series (by id) match a rule; only asked about the series of one error. */
export function matchingSeries(state: State, rule: Rule, error: KnownError): (series: number) => boolean {
  if (rule.matcher === '') return () => true
  const matcher = readLineMatcher(rule.matcher)
  const series = readSeries(state, [...new Set(error.recent.map(([, , id]) => id))])
  const project = readProjectById(state, error.projectId)?.name ?? ''
  const matching = new Set([...series.values()].filter(own => matchesLines(matcher, own, project)).map(({ id }) => id))
  return id => matching.has(id)
}

/** Whether any of the latest lines of an error matches a rule. */
export function matchesAnyLine(state: State, rule: Rule, error: KnownError): boolean {
  const isMatching = matchingSeries(state, rule, error)
  return error.recent.some(([, , series]) => isMatching(series))
}

type CachedSeries = {
  all: readonly Series[]
  /** How many of `all` were compared with the matcher. */
  compared: number
  matcher: string
  projectId: number | null
  matching: Series[]
}

/** All series that match a rule; remembered, so that a rule compares each of them once. */
export function* seriesOfRule(state: State, rule: Rule): Cooperative<readonly Series[]> {
  const { matcher, projectId } = rule
  const all = yield* readAllSeries(state)
  const cache = state.memory<CachedSeries>('series of rules')
  const before = cache.get(String(rule.id))
  const isCurrent = before && before.all === all && before.matcher === matcher && before.projectId === projectId
  const cached = isCurrent ? before : { all, compared: 0, matcher, projectId, matching: [] }
  cache.set(String(rule.id), cached)
  const parsed = readLineMatcher(matcher)
  const names = new Map<number, string>()
  while (cached.compared < all.length) {
    const until = Math.min(all.length, cached.compared + SERIES_PER_STEP)
    for (; cached.compared < until; cached.compared++) {
      const series = all[cached.compared]!
      if (!names.has(series.projectId))
        names.set(series.projectId, readProjectById(state, series.projectId)?.name ?? '')
      const isOfProject = projectId === null || projectId === series.projectId
      if (isOfProject && matchesLines(parsed, series, names.get(series.projectId)!)) cached.matching.push(series)
    }
    yield
  }
  return cached.matching
}

/** Forgets the series of rules that are paused or removed. */
export function forgetOtherSeries(state: State, rules: readonly Rule[]): void {
  const cache = state.memory('series of rules')
  const current = new Set(rules.map(({ id }) => String(id)))
  for (const id of cache.keys()) if (!current.has(id)) cache.delete(id)
}
