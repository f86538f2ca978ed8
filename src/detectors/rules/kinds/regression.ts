// The rule kind regression: an error that was resolved came back.
import type { KnownError } from '../../../logs/errors/errors.ts'
import type { State } from '../../../state/database.ts'
import { MINUTE } from '../../../time.ts'
import { matchesAnyLine } from '../../logs/matching-series.ts'
import type { Rule } from '../rule.ts'
import type { ErrorActivity, ErrorDetection, RuleKind } from '../rule-kind.ts'
import { COMMON_DEFAULTS, formatLines, KEEP_FIRING_ERROR, validateLineMatcher } from '../rule-settings.ts'

export const regression: RuleKind = {
  name: 'regression',
  summary: 'A resolved error came back',
  defaults: { ...COMMON_DEFAULTS, for: MINUTE },
  settings: [
    { name: 'for', meaning: 'how long after the resolve lines are ignored, because they may have been in transit' },
    KEEP_FIRING_ERROR,
  ],
  title: '{where}: {what} is back',
  firstRule: { name: 'regressions' },
  validate: validateLineMatcher,
  formatValue: (_, value) => formatLines(value),
  evaluation: {
    trigger: 'error',
    detect,
    headline: (_rule, _count, message) => `${message} is back`,
  },
  backtest: {
    from: 'nothing',
    reason: 'Vakt does not store when errors were resolved in the past; "alerts history" shows past regressions.',
  },
}

/**
 * Whether a resolved error has lines that happened after it was resolved. `latest` is the own time of the newest line, so
 * that lines that only arrive late do not count.
 */
export function isBack(rule: Pick<Rule, 'for'>, error: Pick<KnownError, 'state' | 'stateAt'>, latest: number): boolean {
  return error.state === 'resolved' && latest > error.stateAt! + rule.for
}

function detect(state: State, rule: Rule, { error, latest }: ErrorActivity, now: number): ErrorDetection | null {
  if (!isBack(rule, error, latest) || !matchesAnyLine(state, rule, error)) return null
  return { value: 1, since: now, occurrences: 1, line: 'The error is back.' }
}
