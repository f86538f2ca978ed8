// Evaluates rules over values, such as an error rate or a metric: which begin to fire, still fire, or are resolved.
import type { Text } from '../../card.ts'
import { downtimeBetween } from '../../checks/downtimes.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Labels } from '../../state/schema/index.ts'
import { DAY, formatDuration } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { type Decision, mergeDecisions, NO_DECISION } from './decision.ts'
import { isWorseValue, type Rule } from './rule.ts'
import { transition } from './rule-state.ts'
import { type RuleState, ruleStatesOf } from './rule-states.ts'

/** One value of a rule, with the words for its card. */
export type Value = {
  /** What is evaluated separately, such as one source; part of the alert's key. */
  subject: string
  projectId: number | null
  /** Null when nothing could be measured. */
  value: number | null
  isBreached: boolean
  /** The title of its alert. */
  title: (worst: number) => string
  /** The sentence that compares the value with the threshold. */
  comparison: (worst: number) => Text
  /** What else its card shows; only asked for when the card changes. */
  details: () => Pick<Finding['observation'], 'fields' | 'evidence' | 'buttons' | 'chart'> & { lines?: Text[] }
  labels: Labels
}

/** A state that no evaluation changes for this long is deleted. */
const MAX_AGE_MS = 30 * DAY

/** Decides about the values of a rule at `now`. The state of a subject that has no value any more is resolved in time. */
export function evaluateValues(state: State, rule: Rule, values: readonly Value[], now: number): Decision {
  const states = new Map(ruleStatesOf(state, rule.id).map(ruleState => [ruleState.key, ruleState]))
  const measured = new Set(values.map(({ subject }) => keyOf(rule, subject)))
  const unmeasured = [...states.values()].filter(({ key }) => !measured.has(key))
  return mergeDecisions([
    ...unmeasured.map(ruleState => evaluateUnmeasured(state, rule, ruleState, now)),
    ...values.map(value => evaluateValue(state, rule, value, states.get(keyOf(rule, value.subject)), now)),
  ])
}

function evaluateValue(state: State, rule: Rule, value: Value, before: RuleState | undefined, now: number): Decision {
  if (!before && !value.isBreached) return NO_DECISION
  const key = keyOf(rule, value.subject)
  const downtimeMs = before ? downtimeBetween(state, before.lastAt, now) : 0
  const isWorse = (a: number, b: number) => isWorseValue(rule, a, b)
  const change = transition(rule, before, { ...value, isWorse }, now, downtimeMs)
  if (change.kind === 'none') return NO_DECISION
  if (change.kind === 'cleared') return { results: [], changes: [{ remove: key }] }
  if (change.kind === 'resolved') {
    const line = `The condition has been false for ${formatDuration(rule.keepFiring)}.`
    const { lines = [], ...rest } = value.details()
    const observation = { ...rest, lines: [line, ...lines] }
    return { results: [{ kind: 'resolved', key, observation }], changes: [{ remove: key }] }
  }
  const dismissed = before?.dismissed ?? false
  const stored = { key, ruleId: rule.id, evaluateAt: now + MAX_AGE_MS, reported: 0, subject: value.subject, dismissed }
  const isReported = change.kind !== 'pending' && !dismissed
  return {
    results: isReported ? [{ kind: 'firing', finding: finding(state, rule, value, key, change.next) }] : [],
    changes: [{ save: { ...change.next, ...stored } }],
  }
}

/** The key of a rule's alert about one subject. */
function keyOf(rule: Rule, subject: string): string {
  return `rule:${rule.id}:${subject}`
}

/** A source that sends nothing any more, or a host that was removed. */
function evaluateUnmeasured(state: State, rule: Rule, { key, state: kind, lastAt }: RuleState, now: number): Decision {
  const isFiring = kind === 'firing'
  // Too few lines are still too few when there are none at all.
  if (isFiring && rule.metric === null && rule.threshold !== null && isWorseValue(rule, 0, 1)) return NO_DECISION
  if (isFiring && now < lastAt + rule.keepFiring + downtimeBetween(state, lastAt, now)) return NO_DECISION
  const observation = { lines: ['There is no data any more.'] }
  return { results: isFiring ? [{ kind: 'resolved', key, observation }] : [], changes: [{ remove: key }] }
}

function finding(
  state: State,
  rule: Rule,
  value: Value,
  key: string,
  { since, value: worst }: Pick<RuleState, 'since' | 'value'>,
): Finding {
  const { projectId, labels } = value
  const { lines = [], ...rest } = value.details()
  const remindEvery = projectId === null ? 0 : (readProjectById(state, projectId)?.remindEvery ?? 0)
  return {
    key,
    detector: rule.kind,
    projectId,
    severity: rule.severity,
    title: value.title(worst),
    since,
    occurrences: 0,
    labels: { ...labels, rule: rule.name },
    owner: rule.owner,
    remindEvery: rule.remindEvery ?? remindEvery,
    observation: {
      ...rest,
      lines: [value.comparison(worst), ...(rule.note === null ? [] : [rule.note]), ...lines],
    },
  }
}
