// Evaluates errors: when lines of one have just been counted, and when time alone changes the alert of one.
import type { Text } from '../../card.ts'
import { downtimeBetween } from '../../checks/downtimes.ts'
import { type KnownError, readErrorById } from '../../logs/errors/errors.ts'
import { countInWindow } from '../../logs/errors/sliding-window.ts'
import { isWorse } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { formatDuration, MINUTE, SECOND } from '../../time.ts'
import { type Decision, NO_DECISION } from '../rules/decision.ts'
import type { Rule } from '../rules/rule.ts'
import type { ErrorActivity, ErrorDetection, ErrorEvaluation, RuleKinds } from '../rules/rule-kind.ts'
import { type RuleState, readRuleState } from '../rules/rule-states.ts'
import { activeRules, readRule } from '../rules/rules.ts'
import { errorFinding, errorKey, errorRecovery } from './error-finding.ts'
import { matchesAnyLine, matchingSeries } from './matching-series.ts'

/** Lines that come faster than this are reported on the alert together. */
const REPORT_INTERVAL_MS = SECOND

/** A rule about errors, with how its kind is evaluated. */
export type ErrorRule = { rule: Rule; evaluation: ErrorEvaluation }

/** Decides about an error that has had more lines up to `now`. */
export function evaluateError(state: State, kinds: RuleKinds, activity: ErrorActivity, now: number): Decision {
  const { error } = activity
  if (error.state === 'muted') return NO_DECISION
  const before = readRuleState(state, errorKey(error))
  const rule = before && readRule(state, before.ruleId)
  if (before && rule) return continueAlert(state, kinds, before, rule, activity, now)
  const match = detect(state, kinds, activity, now, () => true)
  return match ? beginAlert(state, error, match, now) : NO_DECISION
}

/**
 * Decides what time makes of an error with an alert: the lines that are not on it yet are reported, or it has had none for
 * long enough and is resolved.
 */
export function reevaluateError(
  state: State,
  ruleState: RuleState,
  { rule, evaluation }: ErrorRule,
  now: number,
): Decision {
  const { key } = ruleState
  const error = readErrorById(state, Number(ruleState.subject))
  if (error && error.count > ruleState.reported) return reportLines(state, ruleState, { rule, evaluation }, error, now)
  if (!error) return { results: [{ kind: 'resolved', key }], changes: [{ remove: key }] }
  const resolvesAt = error.lastSeenAt + rule.keepFiring + downtimeBetween(state, error.lastSeenAt, now)
  if (resolvesAt > now) return { results: [], changes: [{ save: { ...ruleState, evaluateAt: resolvesAt } }] }
  const observation = errorRecovery(state, error, formatDuration(rule.keepFiring), now)
  return { results: [{ kind: 'resolved', key, observation }], changes: [{ remove: key }] }
}

/** Whether a rule, after an edit, still covers the error of one of its states. */
export function coversError(state: State, rule: Rule, ruleState: RuleState): boolean {
  const error = readErrorById(state, Number(ruleState.subject))
  if (!error || (rule.projectId !== null && rule.projectId !== error.projectId)) return false
  return error.recent.length === 0 || matchesAnyLine(state, rule, error)
}

type Match = ErrorRule & { detection: ErrorDetection }

/** The first rule that detects something, kind by kind in the order of the list and the most severe rule first. */
function detect(
  state: State,
  kinds: RuleKinds,
  activity: ErrorActivity,
  now: number,
  isEligible: (candidate: ErrorRule) => boolean,
): Match | null {
  for (const { name, evaluation } of kinds.all) {
    if (evaluation.trigger !== 'error') continue
    for (const rule of activeRules(state, name)) {
      if (rule.projectId !== null && rule.projectId !== activity.error.projectId) continue
      if (!isEligible({ rule, evaluation })) continue
      const detection = evaluation.detect(state, rule, activity, now)
      if (detection) return { rule, evaluation, detection }
    }
  }
  return null
}

/** A new alert. An error that was resolved is open again, and its card shows who resolved it. */
function beginAlert(state: State, error: KnownError, { rule, evaluation, detection }: Match, now: number): Decision {
  const { value, since, occurrences, line } = detection
  const key = errorKey(error)
  const ruleState: RuleState = {
    key,
    ruleId: rule.id,
    state: 'firing',
    since,
    lastAt: now,
    evaluateAt: error.lastSeenAt + rule.keepFiring,
    reported: error.count,
    dismissed: false,
    subject: String(error.id),
    value,
  }
  const lines = [line, ...resolvedLine(error)]
  const headline = (message: string) => evaluation.headline(rule, value, message)
  const finding = errorFinding(state, error, { rule, value, headline, lines, since, occurrences }, now)
  return {
    results: [{ kind: 'firing', finding }],
    changes: [...(error.state === 'resolved' ? [{ reopenError: error.id }] : []), { save: ruleState }],
  }
}

/** Reports further lines on an open alert, or lets another rule take it over. */
function continueAlert(
  state: State,
  kinds: RuleKinds,
  before: RuleState,
  rule: Rule,
  { error }: ErrorActivity,
  now: number,
): Decision {
  const evaluation = kinds.find(rule.kind)?.evaluation
  if (evaluation?.trigger !== 'error') return NO_DECISION
  const isEligible = (candidate: ErrorRule) =>
    candidate.evaluation.takesOver === true &&
    (evaluation.takesOver
      ? isWorse(candidate.rule.severity, rule.severity)
      : !isWorse(rule.severity, candidate.rule.severity))
  const worse = detect(state, kinds, { error, isNew: false, latest: error.lastSeenAt }, now, isEligible)
  if (worse) {
    const taken = { ...before, ruleId: worse.rule.id, value: worse.detection.value }
    return reportLines(state, taken, worse, error, now)
  }
  if (now >= before.lastAt + REPORT_INTERVAL_MS) return reportLines(state, before, { rule, evaluation }, error, now)
  const evaluateAt = Math.min(before.evaluateAt, before.lastAt + REPORT_INTERVAL_MS)
  if (evaluateAt === before.evaluateAt) return NO_DECISION
  return { results: [], changes: [{ save: { ...before, evaluateAt } }] }
}

function reportLines(
  state: State,
  before: RuleState,
  { rule, evaluation }: ErrorRule,
  error: KnownError,
  now: number,
): Decision {
  const isMatching = matchingSeries(state, rule, error)
  const count = countInWindow(error.recent, rule.window ?? MINUTE, error.lastSeenAt, isMatching)
  const value = Math.max(before.value, count)
  const ruleState = {
    ...before,
    value,
    lastAt: now,
    reported: error.count,
    evaluateAt: error.lastSeenAt + rule.keepFiring,
  }
  const facts = {
    rule,
    value,
    headline: (message: string) => evaluation.headline(rule, value, message),
    lines: evaluation.measure ? [evaluation.measure(state, rule, error, value, now)] : [],
    since: before.since,
    occurrences: error.count - before.reported,
  }
  return {
    results: [{ kind: 'firing', finding: errorFinding(state, error, facts, now) }],
    changes: [{ save: ruleState }],
  }
}

function resolvedLine(error: KnownError): Text[] {
  if (error.state !== 'resolved') return []
  const by = { bold: error.stateBy ?? 'somebody' }
  return [['It was resolved by ', by, ' ', { time: error.stateAt!, style: 'relative' }, '.']]
}
