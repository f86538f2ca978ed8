// Evaluates the rules that are due every 15 s: silent sources, error rates, thresholds.
import { pruneCountedBatches, startOfMinute } from '../../logs/counters.ts'
import { pruneErrors } from '../../logs/errors/errors.ts'
import { pruneSources } from '../../logs/sources.ts'
import { createWindowCounter } from '../../logs/window-counts.ts'
import type { State } from '../../state/database.ts'
import { DAY, SECOND } from '../../time.ts'
import { forgetOtherSeries } from '../logs/matching-series.ts'
import type { Decision } from './decision.ts'
import type { Rule } from './rule.ts'
import type { IntervalEvaluation, RuleKinds, Tick } from './rule-kind.ts'
import { createSubjectCheck } from './rule-states.ts'
import { activeRules } from './rules.ts'

export const EVALUATION_INTERVAL_MS = 15 * SECOND
/** The requests of a minute that has ended are counted a moment later. */
const COUNTING_DELAY_MS = 2 * SECOND
const ERROR_RETENTION_MS = 90 * DAY
const SOURCE_RETENTION_MS = 40 * DAY

/** When the evaluation after one at `now` is due, epoch ms: at 2, 17, 32 and 47 seconds of a minute. */
export function nextEvaluation(now: number): number {
  const intervals = Math.floor((now - COUNTING_DELAY_MS) / EVALUATION_INTERVAL_MS) + 1
  return intervals * EVALUATION_INTERVAL_MS + COUNTING_DELAY_MS
}

/** A rule under evaluation: `steps` is taken step by step, each of at most some ms. */
export type RuleEvaluation = { rule: Rule; steps: Generator<Decision | undefined> }

/** The evaluation of every active rule that is due at intervals, one after the other. */
export function* evaluateRules(state: State, kinds: RuleKinds, now: number): Generator<RuleEvaluation> {
  const tick: Tick = {
    now,
    countedUntil: startOfMinute(now - COUNTING_DELAY_MS),
    countWindow: createWindowCounter(state),
  }
  const due = kinds.all.flatMap(({ name, evaluation }) =>
    evaluation.trigger === 'interval' ? activeRules(state, name).map(rule => ({ rule, evaluation })) : [],
  )
  const hasSubjects = createSubjectCheck(state)
  forgetOtherSeries(
    state,
    due.map(({ rule }) => rule),
  )
  for (const { rule, evaluation } of due.sort(compareOrder))
    if (hasSubjects(evaluation.subjects?.(rule) ?? null)) yield { rule, steps: evaluation.evaluate(state, rule, tick) }
}

/** Rules whose alerts inhibit others first; rules of the same window one after the other, because they share its counts. */
function compareOrder(a: Due, b: Due): number {
  const inhibiting = Number(b.evaluation.inhibitsOthers ?? false) - Number(a.evaluation.inhibitsOthers ?? false)
  return inhibiting || (a.rule.window ?? 0) - (b.rule.window ?? 0)
}

type Due = { rule: Rule; evaluation: IntervalEvaluation }

/** Deletes batches, errors and sources that were not seen for long; called every minute, does little at a time. */
export function pruneSeen(state: State, now: number): void {
  state.transaction(() => {
    pruneCountedBatches(state, now)
    pruneErrors(state, now - ERROR_RETENTION_MS)
    pruneSources(state, now - SOURCE_RETENTION_MS)
  })
}
