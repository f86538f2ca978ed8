// Finds an error that nobody has seen before. Pure.
import type { Source } from '../../logs/sources.ts'
import type { Rule } from '../rules/rule.ts'

/**
 * Whether an error's first lines at `now` are news: while its source is not known for as long as the rule's hold,
 * everything it says is new, and none of it is.
 */
export function isNews(
  rule: Pick<Rule, 'hold'>,
  source: Pick<Source, 'firstSeenAt'> | undefined,
  now: number,
): boolean {
  return source !== undefined && now - source.firstSeenAt >= rule.hold
}
