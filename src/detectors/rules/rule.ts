// The kinds of detection rules, and the rules that are there from the start. Pure.
import type { rules } from '../../state/schema/index.ts'
import { DAY, MINUTE } from '../../time.ts'

export type Rule = typeof rules.$inferSelect
export type RuleKind = Rule['kind']
export const RULE_KINDS = [
  'error-spike',
  'error-rate',
  'new-error',
  'regression',
  'silence',
  'threshold',
  'search',
] as const satisfies RuleKind[]

type Settings = Pick<Rule, 'threshold' | 'window' | 'hold' | 'quiet' | 'minimum' | 'baseline' | 'times' | 'severity'>

const BLANK: Settings = {
  threshold: null,
  window: null,
  hold: 0,
  quiet: 15 * MINUTE,
  minimum: null,
  baseline: false,
  times: 2,
  severity: 'warning',
}

/** What a new rule of each kind does unless it says otherwise. */
export const DEFAULTS: { readonly [kind in RuleKind]: Settings } = {
  'error-spike': { ...BLANK, threshold: 5, window: MINUTE, baseline: true },
  'error-rate': {
    ...BLANK,
    threshold: 20,
    window: 5 * MINUTE,
    minimum: 20,
    hold: MINUTE,
    quiet: 5 * MINUTE,
    baseline: true,
  },
  'new-error': { ...BLANK, hold: DAY, severity: 'info' },
  regression: { ...BLANK, hold: MINUTE },
  silence: { ...BLANK, window: 15 * MINUTE, hold: DAY, quiet: 0, baseline: true },
  threshold: { ...BLANK, window: MINUTE, quiet: 5 * MINUTE },
  search: { ...BLANK, threshold: 1, window: MINUTE },
}

/** The rules that every Vakt begins with, by name; those that are paused say something of every new thing. */
export const FIRST_RULES: readonly { name: string; kind: RuleKind; paused?: boolean }[] = [
  { name: 'error-spikes', kind: 'error-spike' },
  { name: 'error-rates', kind: 'error-rate' },
  { name: 'regressions', kind: 'regression' },
  { name: 'silent-sources', kind: 'silence' },
  { name: 'new-errors', kind: 'new-error', paused: true },
]
