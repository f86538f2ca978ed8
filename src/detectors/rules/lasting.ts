// Trouble that must last before it is told, and be gone for a while before it is over: so that nothing flickers. Pure.
import type { Rule } from './rule.ts'
import type { RuleState } from './rule-states.ts'

/** What trouble becomes: it begins to be watched, is told, goes on, is over, or there is nothing to do. */
export type Lasting =
  | { turn: 'none' | 'over' | 'passed' }
  | { turn: 'watched' | 'told' | 'goes on'; watch: Pick<RuleState, 'state' | 'since' | 'lastAt' | 'value'> }

/**
 * `value` is what is seen at `now`, null when nothing could be measured; `away` is how long Vakt heard nothing since the
 * trouble was last seen, ms.
 */
export function lasting(
  rule: Pick<Rule, 'hold' | 'quiet'>,
  watch: Pick<RuleState, 'state' | 'since' | 'lastAt' | 'value'> | undefined,
  seen: { breached: boolean; worse: (value: number, than: number) => boolean; value: number | null },
  now: number,
  away: number,
): Lasting {
  const { breached, value, worse } = seen
  if (value === null) return { turn: 'none' }
  if (breached) {
    const since = watch?.since ?? now
    const worst = watch === undefined || worse(value, watch.value) ? value : watch.value
    const open = watch?.state === 'open' || now - since >= rule.hold
    const next = { state: open ? ('open' as const) : ('pending' as const), since, lastAt: now, value: worst }
    return { turn: !open ? 'watched' : watch?.state === 'open' ? 'goes on' : 'told', watch: next }
  }
  if (watch === undefined) return { turn: 'none' }
  if (watch.state === 'pending') return { turn: 'passed' }
  return { turn: now >= watch.lastAt + rule.quiet + away ? 'over' : 'none' }
}
