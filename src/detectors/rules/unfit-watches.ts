// What a rule has told and, since it was edited, is not about any more.
import { readErrorById } from '../../logs/errors/errors.ts'
import { readSourceById } from '../../logs/sources.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { matchesLines, readLineMatcher } from '../logs/line-matcher.ts'
import { matchingSeries } from '../logs/matching-series.ts'
import type { Rule } from './rule.ts'
import { type RuleState, ruleStatesOf } from './rule-states.ts'

/** The watches about errors and silent sources that the rule, as it is now, would not tell; figures are judged anew anyway. */
export function statesOutsideRule(state: State, rule: Rule): RuleState[] {
  return ruleStatesOf(state, rule.id).filter(watch => {
    if (watch.key.startsWith('error:')) return !fitsError(state, rule, watch)
    return watch.key.startsWith('silence:') && !fitsSource(state, rule, watch)
  })
}

function fitsError(state: State, rule: Rule, watch: RuleState): boolean {
  const error = readErrorById(state, Number(watch.subject))
  if (!error || !holdsIn(rule, error.projectId)) return false
  const fits = matchingSeries(state, rule, error)
  return error.recent.length === 0 || error.recent.some(([, , series]) => fits(series))
}

function fitsSource(state: State, rule: Rule, watch: RuleState): boolean {
  const source = readSourceById(state, Number(watch.subject))
  if (!source || !holdsIn(rule, source.projectId)) return false
  const kind = { source: source.name, host: '', group: '', level: 'info' as const, fingerprint: '' }
  return matchesLines(readLineMatcher(rule.matcher), kind, readProjectById(state, source.projectId)?.name ?? '')
}

function holdsIn(rule: Rule, projectId: number): boolean {
  return rule.projectId === null || rule.projectId === projectId
}
