// The rule evaluator: evaluates the rules every 15 s, some milliseconds at a time, so that nothing else waits for them.
import { applyResults } from '../alerts/lifecycle.ts'
import type { Clock } from '../clock.ts'
import { storeDecision } from '../detectors/rules/decision.ts'
import {
  EVALUATION_INTERVAL_MS,
  evaluateRules,
  nextEvaluation,
  type RuleEvaluation,
} from '../detectors/rules/evaluate-rules.ts'
import type { RuleKinds } from '../detectors/rules/rule-kind.ts'
import type { Logger } from '../logger.ts'
import { downsampleCounts } from '../logs/counters.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'

/** How long one tick evaluates rules; then other work is done. */
const TICK_BUDGET_MS = 10

export interface RuleEvaluator {
  /** Evaluates rules when they are due; to be called again at `due`. Old counters are downsampled only if `mayPrune`. */
  tick(now: number, mayPrune?: boolean): void
  /** When the next tick has something to do, epoch ms: 0 while an evaluation is unfinished. */
  due(): number
  /** Abandons an unfinished evaluation and begins another with the next tick. */
  restart(): void
  /** Abandons an unfinished evaluation: by the time it was resumed its results would be outdated. */
  abandon(): void
}

/** A rule evaluator over `state`. */
export function createRuleEvaluator(state: State, kinds: RuleKinds, clock: Clock, logger: Logger): RuleEvaluator {
  let next = 0
  let pending: Iterator<RuleEvaluation> | null = null
  let current: RuleEvaluation | null = null
  let startedAt = 0

  const abandon = () => {
    pending = null
    current = null
  }

  /** Takes one step of the current rule; what it decides is stored and applied to the alerts in one transaction. */
  const step = () => {
    current ??= pending!.next().value ?? null
    if (current === null) return false
    const { rule, steps } = current
    try {
      state.transaction(() => {
        const { value: decision, done } = steps.next()
        if (done) current = null
        else if (decision !== undefined) {
          storeDecision(state, decision, startedAt)
          if (decision.results.length > 0) applyResults(state, decision.results, startedAt)
        }
      })
    } catch (error) {
      // One rule that fails must not stop the checks and the other rules.
      current = null
      logger.error(`rule evaluation failed; retrying in ${EVALUATION_INTERVAL_MS / SECOND} s`, {
        rule: rule.name,
        error,
      })
    }
    return true
  }

  return {
    tick(now, mayPrune = true) {
      if (pending === null && now < next) return
      if (pending === null) {
        startedAt = now
        next = nextEvaluation(now)
        pending = evaluateRules(state, kinds, now)
      }
      while (step()) if (clock.now() - now >= TICK_BUDGET_MS) return
      abandon()
      if (!mayPrune) return
      try {
        downsampleCounts(state, now)
      } catch (error) {
        logger.error(`downsampling counters failed; retrying in ${EVALUATION_INTERVAL_MS / SECOND} s`, { error })
      }
    },
    due: () => (pending === null ? next : 0),
    restart() {
      abandon()
      next = 0
    },
    abandon,
  }
}
