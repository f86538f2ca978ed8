// A detection rule: when a value breaches its threshold, and what the titles of its alerts are. Pure.
import { invalid } from '../../problem.ts'
import type { rules } from '../../state/schema/index.ts'

export type Rule = typeof rules.$inferSelect

/** A rule that is not stored yet. */
export type RuleDraft = Omit<Rule, 'id' | 'createdAt' | 'createdBy'>

/** What a title may contain: where the alert is, its worst value, and the message of an error. */
export type TitleValues = { where: string; value: string; what?: string }

const TITLE_PLACEHOLDERS = ['where', 'value', 'what']
const MAX_TITLE_LENGTH = 200

const COMPARISONS: {
  readonly [operator in NonNullable<Rule['operator']>]: (value: number, threshold: number) => boolean
} = {
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
}

/** Whether a value breaches the threshold of a rule. */
export function isBreached(rule: Pick<Rule, 'operator' | 'threshold'>, value: number): boolean {
  return COMPARISONS[rule.operator ?? '>='](value, rule.threshold!)
}

/** Whether a value is further beyond the threshold of a rule than another. */
export function isWorseValue(rule: Pick<Rule, 'operator'>, value: number, than: number): boolean {
  return rule.operator === '<' || rule.operator === '<=' ? value < than : value > than
}

/** `standard`, or the title that people gave the rule with its placeholders filled in, at most 200 characters. */
export function ruleTitle(rule: Pick<Rule, 'title'>, values: TitleValues, standard: string): string {
  if (rule.title === null) return standard
  const byName: { [name: string]: string | undefined } = values
  const title = rule.title.replace(/\{([a-z]+)\}/g, (_, name: string) => byName[name] ?? '')
  return Array.from(title).slice(0, MAX_TITLE_LENGTH).join('')
}

/** Throws `invalid` for a title with an unknown placeholder. */
export function validateTitle(title: string | null): void {
  for (const [, name] of title?.matchAll(/\{([^{}]*)\}/g) ?? [])
    if (!TITLE_PLACEHOLDERS.includes(name!))
      throw invalid(
        'title',
        `A title has no placeholder {${name}}. Use ${TITLE_PLACEHOLDERS.map(known => `{${known}}`).join(', ')}: the place, the worst value, and the message of an error.`,
      )
}
