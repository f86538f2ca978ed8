// Which series of lines are what a rule is about: those of one error, or all.
import { readSeries, type Series } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import { type Cooperative, readAllSeries, SERIES_PER_STEP } from '../../logs/window-counts.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Rule } from '../rules/rule.ts'
import { matchesLines, readLineMatcher } from './line-matcher.ts'

/** Whether lines of a series fit the rule's matcher; asked of the series of one error. */
export function matchingSeries(state: State, rule: Rule, error: KnownError): (series: number) => boolean {
  if (rule.matcher === '') return () => true
  const matcher = readLineMatcher(rule.matcher)
  const series = readSeries(state, [...new Set(error.recent.map(([, , id]) => id))])
  const project = readProjectById(state, error.projectId)?.name ?? ''
  const fitting = new Set([...series.values()].filter(one => matchesLines(matcher, one, project)).map(({ id }) => id))
  return id => fitting.has(id)
}

type Fitting = { all: readonly Series[]; looked: number; matcher: string; projectId: number | null; fitting: Series[] }

/** All series that a rule is about; remembered, so that a rule looks at each of them once. */
export function* seriesOfRule(state: State, rule: Rule): Cooperative<readonly Series[]> {
  const { matcher, projectId } = rule
  const all = yield* readAllSeries(state)
  const kept = state.memory<Fitting>('series of rules')
  const before = kept.get(String(rule.id))
  const still = before && before.all === all && before.matcher === matcher && before.projectId === projectId
  const known = still ? before : { all, looked: 0, matcher, projectId, fitting: [] }
  kept.set(String(rule.id), known)
  const read = readLineMatcher(matcher)
  const names = new Map<number, string>()
  while (known.looked < all.length) {
    const until = Math.min(all.length, known.looked + SERIES_PER_STEP)
    for (; known.looked < until; known.looked++) {
      const one = all[known.looked]!
      if (!names.has(one.projectId)) names.set(one.projectId, readProjectById(state, one.projectId)?.name ?? '')
      const own = projectId === null || projectId === one.projectId
      if (own && matchesLines(read, one, names.get(one.projectId)!)) known.fitting.push(one)
    }
    yield
  }
  return known.fitting
}
