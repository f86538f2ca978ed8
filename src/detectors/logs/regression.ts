// Finds a resolved error that is back. Pure.
import type { KnownError } from '../../logs/errors/errors.ts'
import type { Rule } from '../rules/rule.ts'

/**
 * Whether an error that somebody resolved has lines that happened after that: `latest` is the newest line's own time, so
 * lines that were only late do not count. The rule's hold leaves time for what was on its way.
 */
export function isBack(
  rule: Pick<Rule, 'hold'>,
  error: Pick<KnownError, 'state' | 'stateAt'>,
  latest: number,
): boolean {
  return error.state === 'resolved' && latest > error.stateAt! + rule.hold
}
