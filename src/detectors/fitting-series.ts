// Which series of an error's lines are what a rule is about.
import { readSeries } from '../logs/counters.ts'
import type { KnownError } from '../logs/errors.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { fitsLines, readLineMatcher } from './line-matcher.ts'
import type { Rule } from './rule.ts'

/** Whether lines of a series fit the rule's matcher; asked of the series of one error. */
export function fittingSeries(state: State, rule: Rule, error: KnownError): (series: number) => boolean {
  if (rule.matcher === '') return () => true
  const matcher = readLineMatcher(rule.matcher)
  const series = readSeries(state, [...new Set(error.recent.map(([, , id]) => id))])
  const project = readProjectById(state, error.projectId)?.name ?? ''
  const fitting = new Set([...series.values()].filter(one => fitsLines(matcher, one, project)).map(({ id }) => id))
  return id => fitting.has(id)
}
