// The rules that are asked every quarter of a minute: silent sources, error rates, thresholds.
import { downsampleCounts, pruneCountedBatches, startOfMinute } from '../../logs/counters.ts'
import { pruneErrors } from '../../logs/errors/errors.ts'
import { pruneSources } from '../../logs/sources.ts'
import { createWindowCounter, type WindowCounter } from '../../logs/window-counts.ts'
import type { State } from '../../state/database.ts'
import { DAY, SECOND } from '../../time.ts'
import type { DetectionResult } from '../finding.ts'
import { errorRates } from '../logs/error-rate.ts'
import { detectSilence } from '../logs/silent-source.ts'
import { lineFigures, metricFigures } from '../logs/threshold.ts'
import type { Rule } from './rule.ts'
import { evaluateValues } from './rule-finding.ts'
import { activeRules } from './rules.ts'

const EVERY = 15 * SECOND
/** The requests of a minute that has ended are counted a moment later. */
const COUNTED_BY = 2 * SECOND

/** When the survey after one at `now` is due: at 2, 17, 32 and 47 seconds of a minute. */
export function nextEvaluation(now: number): number {
  return (Math.floor((now - COUNTED_BY) / EVERY) + 1) * EVERY + COUNTED_BY
}

/** A rule, and what it finds: `find` is taken step by step, each of which takes some milliseconds at the most. */
export type Asked = { rule: Rule; find: Generator<DetectionResult[] | undefined> }

/** Everything that is not judged as lines come in, rule by rule. */
export function* survey(state: State, now: number): Generator<Asked> {
  const until = startOfMinute(now - COUNTED_BY)
  const within = createWindowCounter(state)
  const counting = [...activeRules(state, 'error-rate'), ...activeRules(state, 'threshold')]
  forgetOtherRules(state, counting)
  for (const rule of activeRules(state, 'silence')) yield { rule, find: detectSilence(state, rule, now) }
  // Rules of the same window share what was read for it.
  for (const rule of counting.toSorted((a, b) => a.window! - b.window!))
    yield { rule, find: judge(state, rule, until, now, within) }
}

function* judge(
  state: State,
  rule: Rule,
  until: number,
  now: number,
  within: WindowCounter,
): Generator<DetectionResult[] | undefined> {
  if (rule.kind === 'error-rate') yield evaluateValues(state, rule, yield* errorRates(state, rule, until, within), now)
  else if (rule.metric === null) yield evaluateValues(state, rule, yield* lineFigures(state, rule, until, within), now)
  else yield evaluateValues(state, rule, yield* metricFigures(state, rule, now), now)
}

/** What is remembered of rules that are paused or gone. */
function forgetOtherRules(state: State, rules: readonly Rule[]): void {
  const kept = state.memory('series of rules')
  const still = new Set(rules.map(({ id }) => String(id)))
  for (const id of kept.keys()) if (!still.has(id)) kept.delete(id)
}

const ERRORS_KEPT = 90 * DAY
const SOURCES_KEPT = 40 * DAY

/** Thins the counters and forgets what has not been seen for long; called often, does little at a time. */
export function pruneCounters(state: State, now: number): void {
  state.transaction(() => {
    downsampleCounts(state, now)
    pruneCountedBatches(state, now)
    pruneErrors(state, now - ERRORS_KEPT)
    pruneSources(state, now - SOURCES_KEPT)
  })
}
