// The state of a rule about one subject: pending until the condition lasted, firing until it was false for a while. Pure.
import type { Rule } from './rule.ts'
import type { RuleState } from './rule-states.ts'

/** What one evaluation makes of a rule state; `next` is the state to store. */
export type Transition =
  | { kind: 'none' }
  | { kind: 'cleared' }
  | { kind: 'resolved' }
  | { kind: 'pending' | 'fired' | 'still firing'; next: Pick<RuleState, 'state' | 'since' | 'lastAt' | 'value'> }

/**
 * The transition at `now`. A value of null could not be measured and changes nothing. `downtimeMs` is how long Vakt
 * received nothing since the condition was last true; that time does not resolve an alert.
 */
export function transition(
  rule: Pick<Rule, 'for' | 'keepFiring'>,
  before: Pick<RuleState, 'state' | 'since' | 'lastAt' | 'value'> | undefined,
  measured: { isBreached: boolean; value: number | null; isWorse: (value: number, than: number) => boolean },
  now: number,
  downtimeMs: number,
): Transition {
  const { isBreached, value, isWorse } = measured
  if (value === null) return { kind: 'none' }
  if (isBreached) {
    const since = before?.since ?? now
    const worst = before === undefined || isWorse(value, before.value) ? value : before.value
    const wasFiring = before?.state === 'firing'
    const isFiring = wasFiring || now - since >= rule.for
    const next = { state: isFiring ? ('firing' as const) : ('pending' as const), since, lastAt: now, value: worst }
    return { kind: !isFiring ? 'pending' : wasFiring ? 'still firing' : 'fired', next }
  }
  if (before === undefined) return { kind: 'none' }
  if (before.state === 'pending') return { kind: 'cleared' }
  return now >= before.lastAt + rule.keepFiring + downtimeMs ? { kind: 'resolved' } : { kind: 'none' }
}
