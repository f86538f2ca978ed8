// The lookout: has the rules asked every quarter of a minute, some milliseconds at a time, so that nothing else waits for them.
import { applyOutcomes } from '../alerts/lifecycle.ts'
import type { Clock } from '../clock.ts'
import { type Asked, nextEvaluation, pruneCounters, survey } from '../detectors/rules/evaluate-rules.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'

/** Rules are asked for so long, ms; then whatever else is due has its turn. */
const AT_ONCE = 10

export interface RuleEvaluator {
  /** Asks on, when it is time; to be called again at `due`. What is old is dropped only if that `mayForget`. */
  look(now: number, mayForget?: boolean): void
  /** When there is more to ask, epoch ms: at once while a survey is under way. */
  due(): number
  /** Leaves a survey unfinished and begins another with the next look. */
  startAnew(): void
  /** Leaves a survey unfinished: what it would say is of the past by the time it goes on. */
  leave(): void
}

/** A lookout over `state`. */
export function createRuleEvaluator(state: State, clock: Clock, logger: Logger): RuleEvaluator {
  let next = 0
  let left: Iterator<Asked> | null = null
  let asked: Asked | null = null
  let began = 0

  const leave = () => {
    left = null
    asked = null
  }

  /** Takes one step of the rule that is asked; what it found and what it watches are one transaction. */
  const step = () => {
    asked ??= left!.next().value ?? null
    if (asked === null) return false
    const { rule, find } = asked
    try {
      state.transaction(() => {
        const { value: outcomes, done } = find.next()
        if (done) asked = null
        else if (outcomes !== undefined && outcomes.length > 0) applyOutcomes(state, outcomes, began)
      })
    } catch (error) {
      // One rule that fails must not hold up the checks nor the other rules.
      asked = null
      logger.error('a rule could not be judged; it is again in a quarter of a minute', { rule: rule.name, error })
    }
    return true
  }

  return {
    look(now, mayForget = true) {
      if (left === null && now < next) return
      if (left === null) {
        began = now
        next = nextEvaluation(now)
        left = survey(state, now)
      }
      while (step()) if (clock.now() - now >= AT_ONCE) return
      leave()
      if (!mayForget) return
      try {
        pruneCounters(state, now)
      } catch (error) {
        logger.error('the counters could not be thinned; they are in a quarter of a minute', { error })
      }
    },
    due: () => (left === null ? next : 0),
    startAnew() {
      leave()
      next = 0
    },
    leave,
  }
}
