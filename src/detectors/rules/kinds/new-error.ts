// The rule kind new-error: an error that was never seen before.
import { listErrors } from '../../../logs/errors/errors.ts'
import { readSource, type Source } from '../../../logs/sources.ts'
import type { State } from '../../../state/database.ts'
import { DAY } from '../../../time.ts'
import { matchesAnyLine } from '../../logs/matching-series.ts'
import { type Episode, errorSubjects, type Period } from '../backtest.ts'
import type { Rule } from '../rule.ts'
import type { ErrorActivity, ErrorDetection, RuleKind } from '../rule-kind.ts'
import { COMMON_DEFAULTS, formatLines, KEEP_FIRING_ERROR, validateLineMatcher } from '../rule-settings.ts'

const MAX_ERRORS = 2_000

export const newError: RuleKind = {
  name: 'new-error',
  summary: 'An error that was never seen before',
  defaults: { ...COMMON_DEFAULTS, for: DAY, severity: 'info' },
  settings: [
    { name: 'for', meaning: 'how long a source must be known; until then none of its errors counts as new' },
    KEEP_FIRING_ERROR,
  ],
  title: '{where}: new error: {what}',
  firstRule: { name: 'new-errors', paused: true },
  validate: validateLineMatcher,
  formatValue: (_, value) => formatLines(value),
  evaluation: {
    trigger: 'error',
    detect,
    headline: (_rule, _count, message) => `new error: ${message}`,
  },
  backtest: { from: 'counters', episodes },
}

/** Whether an error first seen at `now` is new: at first everything from a source is, so that none of it is reported. */
export function isNew(rule: Pick<Rule, 'for'>, source: Pick<Source, 'firstSeenAt'> | undefined, now: number): boolean {
  return source !== undefined && now - source.firstSeenAt >= rule.for
}

function detect(state: State, rule: Rule, activity: ErrorActivity, now: number): ErrorDetection | null {
  const { error } = activity
  if (!activity.isNew || !isNew(rule, readSource(state, error.projectId, error.source), now)) return null
  if (!matchesAnyLine(state, rule, error)) return null
  return { value: 1, since: now, occurrences: 1, line: 'This error was never seen before.' }
}

function* episodes(state: State, rule: Rule, { from }: Period): Generator<readonly Episode[]> {
  const covered = new Set(
    errorSubjects(state, rule, from).map(subject => `${subject.projectId} ${subject.fingerprint}`),
  )
  yield listErrors(state, { since: from, limit: MAX_ERRORS })
    .filter(error => error.firstSeenAt >= from && covered.has(`${error.projectId} ${error.fingerprint}`))
    .filter(error => isNew(rule, readSource(state, error.projectId, error.source), error.firstSeenAt))
    .map(({ source, samples, projectId, firstSeenAt }) => ({
      subject: `${source}: ${samples.at(-1)?.message ?? ''}`,
      projectId,
      from: firstSeenAt,
      until: firstSeenAt + rule.keepFiring,
      value: 1,
    }))
}
