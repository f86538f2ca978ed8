// The settings of rules: as people read them, and what several kinds have in common. Pure.
import { invalid } from '../../problem.ts'
import { aboutDuration, formatDuration, HOUR, MINUTE } from '../../time.ts'
import { readLineMatcher } from '../logs/line-matcher.ts'
import { type Rule, type RuleDraft, validateTitle } from './rule.ts'
import type { RuleDefaults, RuleKind, Setting, SettingName } from './rule-kind.ts'

/** What most kinds start from. */
export const COMMON_DEFAULTS: RuleDefaults = {
  threshold: null,
  operator: null,
  metric: null,
  per: 'everywhere',
  window: null,
  for: 0,
  keepFiring: 15 * MINUTE,
  minimum: null,
  baseline: false,
  factor: 2,
  severity: 'warning',
}

/** For kinds whose condition is a value. */
export const FOR: Setting = { name: 'for', meaning: 'how long the condition must be true before the alert fires' }
export const KEEP_FIRING: Setting = {
  name: 'keepFiring',
  meaning: 'how long the condition must be false before the alert is resolved',
}
/** For kinds about errors. */
export const KEEP_FIRING_ERROR: Setting = {
  name: 'keepFiring',
  meaning: 'how long after the last line the alert is resolved',
}

/** A setting of a rule as people read it: `5`, `20%`, `1m`, `on`. */
export function formatSetting(setting: Setting, rule: Pick<Rule, SettingName>): string {
  const { name, unit } = setting
  const value = rule[name]
  if (value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (name === 'window' || name === 'for' || name === 'keepFiring') return formatDuration(rule[name]!)
  return `${value}${unit?.(rule) ?? ''}`
}

/** A window for a title: `1 min`, `90s`, `2 h`. */
export function formatWindow(windowMs: number): string {
  if (windowMs % MINUTE !== 0) return formatDuration(windowMs)
  return windowMs % HOUR === 0 ? `${windowMs / HOUR} h` : `${windowMs / MINUTE} min`
}

/** A number of lines: `1 line`, `42 lines`. */
export function formatLines(value: number): string {
  const count = roundValue(value)
  return `${count} ${count === 1 ? 'line' : 'lines'}`
}

/** Without needless decimals: `120`, `42.5`. */
export function roundValue(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10
}

const OPERATOR_WORDS = { '>': 'over', '>=': 'at least', '<': 'under', '<=': 'at most' } as const

/** The threshold of a rule with its comparison: `over 90%`; `value` is the formatted threshold. */
export function formatThreshold({ operator }: Pick<Rule, 'operator'>, value: string): string {
  return `${OPERATOR_WORDS[operator ?? '>=']} ${value}`
}

/** How long the condition of a rule must be true, to follow its threshold: ` for 5m`, or nothing. */
export function formatFor(rule: Pick<Rule, 'for'>): string {
  if (rule.for === 0) return ''
  return ` for ${rule.for % MINUTE === 0 ? aboutDuration(rule.for) : formatDuration(rule.for)}`
}

/** Throws `invalid`, with the setting at fault, for a rule that makes no sense. */
export function validateRule(kind: RuleKind, rule: RuleDraft): void {
  validateTitle(rule.title)
  kind.validate(rule)
}

/** For kinds whose matcher is about counted lines. */
export function validateLineMatcher({ matcher }: RuleDraft): void {
  readLineMatcher(matcher)
}

/** For kinds that count lines by the minute. */
export function validateWholeMinutes({ window }: RuleDraft): void {
  if (window === null || window < MINUTE || window % MINUTE !== 0)
    throw invalid('window', 'Lines are counted per minute: the window must be a whole number of minutes.')
}

/** For kinds whose threshold has no default. */
export function validateThreshold({ threshold }: RuleDraft): void {
  if (threshold === null) throw invalid('threshold', 'A threshold is required: --threshold 100.')
}
