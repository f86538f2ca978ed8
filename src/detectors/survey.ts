// The rules that are asked every quarter of a minute: silent sources, error rates, thresholds.
import { minuteOf, pruneCountedBatches, thinCounts } from '../logs/counters.ts'
import { pruneErrors } from '../logs/errors.ts'
import { pruneSources } from '../logs/sources.ts'
import type { State } from '../state/database.ts'
import { DAY, SECOND } from '../time.ts'
import { errorRates } from './error-rate.ts'
import type { Outcome } from './finding.ts'
import { judgeFigures } from './rule-finding.ts'
import { activeRules } from './rules.ts'
import { detectSilence } from './silence.ts'
import { lineFigures, metricFigures } from './threshold.ts'

const EVERY = 15 * SECOND
/** The requests of a minute that has ended are counted a moment later. */
const COUNTED_BY = 2 * SECOND

/** When the survey after one at `now` is due: at 2, 17, 32 and 47 seconds of a minute. */
export function nextSurvey(now: number): number {
  return (Math.floor((now - COUNTED_BY) / EVERY) + 1) * EVERY + COUNTED_BY
}

/** What has become of everything that is not judged as lines come in. */
export function survey(state: State, now: number): Outcome[] {
  const until = minuteOf(now - COUNTED_BY)
  return [
    ...detectSilence(state, now),
    ...activeRules(state, 'error-rate').flatMap(rule => judgeFigures(state, rule, errorRates(state, rule, until), now)),
    ...activeRules(state, 'threshold').flatMap(rule => {
      const figures = rule.metric === null ? lineFigures(state, rule, until) : metricFigures(state, rule, now)
      return judgeFigures(state, rule, figures, now)
    }),
  ]
}

const ERRORS_KEPT = 90 * DAY
const SOURCES_KEPT = 40 * DAY

/** Thins the counters and forgets what has not been seen for long; called often, does little at a time. */
export function keepCounters(state: State, now: number): void {
  state.transaction(() => {
    thinCounts(state, now)
    pruneCountedBatches(state, now)
    pruneErrors(state, now - ERRORS_KEPT)
    pruneSources(state, now - SOURCES_KEPT)
  })
}
