// Judges the errors whose lines have just been counted, and those that are watched when their time has come.
import type { Text } from '../../card.ts'
import { downtimeBetween } from '../../checks/downtimes.ts'
import { type KnownError, readErrorById, setErrorState } from '../../logs/errors/errors.ts'
import { countInWindow } from '../../logs/errors/sliding-window.ts'
import { readSource } from '../../logs/sources.ts'
import type { State } from '../../state/database.ts'
import { formatDuration, MINUTE, SECOND } from '../../time.ts'
import type { DetectionResult } from '../finding.ts'
import type { Rule, RuleKind } from '../rules/rule.ts'
import { deleteRuleState, type RuleState, readRuleState, saveRuleState } from '../rules/rule-states.ts'
import { activeRules, readRule } from '../rules/rules.ts'
import { baselineFor } from './error-baseline.ts'
import { findSpike, neededOver } from './error-conditions.ts'
import { errorFinding, errorKey, errorRecovery, windowWords } from './error-finding.ts'
import { matchingSeries } from './matching-series.ts'
import { isNews } from './new-error.ts'
import { isBack } from './regression.ts'

/** What comes faster is counted on the alert together. */
const COUNTED_EVERY = SECOND
const RANKS = ['info', 'warning', 'critical']

/** An error with the lines it has just had; `latest` is the newest one's own time. */
export type Touched = { error: KnownError; isNew: boolean; latest: number }

/** Judges an error that has had more lines up to the instant `now`. */
export function evaluateError(state: State, touched: Touched, now: number): DetectionResult[] {
  const { error } = touched
  if (error.state === 'muted') return []
  const watch = readRuleState(state, errorKey(error))
  const rule = watch && readRule(state, watch.ruleId)
  if (watch && rule) return followUp(state, watch, rule, error, now)
  const found = findTrouble(state, touched, now)
  return found ? [begin(state, error, found, now)] : []
}

/** What time makes of an error that has an alert: further lines are counted on it, or it has been quiet for long enough. */
export function evaluateErrorState(state: State, watch: RuleState, rule: Rule, now: number): DetectionResult[] {
  const error = readErrorById(state, Number(watch.subject))
  if (error && error.count > watch.counted) return [countOn(state, watch, rule, error, now)]
  const quietAt = error ? error.lastSeenAt + rule.quiet + downtimeBetween(state, error.lastSeenAt, now) : 0
  if (quietAt > now) {
    saveRuleState(state, { ...watch, endsAt: quietAt })
    return []
  }
  deleteRuleState(state, watch.key)
  if (!error) return [{ kind: 'gone', key: watch.key }]
  return [{ kind: 'gone', key: watch.key, observation: errorRecovery(state, error, formatDuration(rule.quiet), now) }]
}

/** What a rule found of an error that has no alert yet. */
type Trouble = { rule: Rule; value: number; since: number; counted: number; against: Text }

function findTrouble(state: State, touched: Touched, now: number): Trouble | null {
  return findSpiking(state, touched.error, now) ?? findReturn(state, touched, now) ?? findNews(state, touched, now)
}

/** What the most severe rule finds, of those that tell of something as severe as `least`. */
function findSpiking(state: State, error: KnownError, now: number, least = 0): Trouble | null {
  // What came before somebody said that it is resolved is settled.
  const arrivals = error.state === 'resolved' ? error.recent.filter(([at]) => at > error.stateAt!) : error.recent
  for (const rule of rulesFor(state, 'error-spike', error)) {
    if (RANKS.indexOf(rule.severity) < least) break
    const usual = () => usualFor(state, rule, error, now)
    const spike = findSpike(rule, arrivals, error.lastSeenAt, matchingSeries(state, rule, error), usual)
    if (!spike) continue
    const since = arrivals.find(([at]) => at >= error.lastSeenAt - rule.window!)![0]
    const against = againstSentence(rule, spike.count, spike.needed, spike.usual)
    return { rule, value: spike.count, since, counted: spike.count, against }
  }
  return null
}

function findReturn(state: State, { error, latest }: Touched, now: number): Trouble | null {
  for (const rule of rulesFor(state, 'regression', error)) {
    if (!isBack(rule, error, latest) || !error.recent.some(([, , id]) => matchingSeries(state, rule, error)(id)))
      continue
    return { rule, value: 1, since: now, counted: 1, against: 'It is back.' }
  }
  return null
}

function findNews(state: State, { error, isNew }: Touched, now: number): Trouble | null {
  if (!isNew) return null
  for (const rule of rulesFor(state, 'new-error', error)) {
    if (!isNews(rule, readSource(state, error.projectId, error.source), now)) continue
    if (!error.recent.some(([, , id]) => matchingSeries(state, rule, error)(id))) continue
    return { rule, value: 1, since: now, counted: 1, against: 'Nobody has seen this error before.' }
  }
  return null
}

function rulesFor(state: State, kind: RuleKind, error: KnownError): readonly Rule[] {
  return activeRules(state, kind).filter(({ projectId }) => projectId === null || projectId === error.projectId)
}

/** Tells an error for the first time. One that was resolved is open again, and its card says who said so. */
function begin(state: State, error: KnownError, found: Trouble, now: number): DetectionResult {
  const { rule, value, since, counted, against } = found
  if (error.state === 'resolved') setErrorState(state, error.id, 'open', 'Vakt', now)
  const endsAt = error.lastSeenAt + rule.quiet
  const watched = { ruleId: rule.id, state: 'open' as const, since, lastAt: now, value, counted: error.count }
  saveRuleState(state, { ...watched, key: errorKey(error), endsAt, subject: String(error.id) })
  const seen = { rule, value, howOften: oftenWords(rule, value), against: [against, ...settledLine(error)], since }
  return { kind: 'found', finding: errorFinding(state, error, { ...seen, occurrences: counted }, now) }
}

/** Counts on an open alert, or lets a spike take over: from a rule that told of a single line, or of a spike less severe. */
function followUp(state: State, watch: RuleState, rule: Rule, error: KnownError, now: number): DetectionResult[] {
  const worse = findSpiking(state, error, now, RANKS.indexOf(rule.severity) + (rule.kind === 'error-spike' ? 1 : 0))
  if (worse) return [countOn(state, { ...watch, ruleId: worse.rule.id, value: worse.value }, worse.rule, error, now)]
  if (now >= watch.lastAt + COUNTED_EVERY) return [countOn(state, watch, rule, error, now)]
  if (watch.endsAt > watch.lastAt + COUNTED_EVERY)
    saveRuleState(state, { ...watch, endsAt: watch.lastAt + COUNTED_EVERY })
  return []
}

function countOn(state: State, watch: RuleState, rule: Rule, error: KnownError, now: number): DetectionResult {
  const within = countInWindow(error.recent, windowOf(rule), error.lastSeenAt, matchingSeries(state, rule, error))
  const value = Math.max(watch.value, within)
  saveRuleState(state, { ...watch, value, lastAt: now, counted: error.count, endsAt: error.lastSeenAt + rule.quiet })
  const against = rule.kind === 'error-spike' ? [stillAgainst(state, rule, error, value, now)] : []
  const seen = { rule, value, howOften: oftenWords(rule, value), against, since: watch.since }
  const occurrences = error.count - watch.counted
  return { kind: 'found', finding: errorFinding(state, error, { ...seen, occurrences }, now) }
}

function stillAgainst(state: State, rule: Rule, error: KnownError, value: number, now: number): Text {
  const usual = usualFor(state, rule, error, now)
  return againstSentence(rule, value, neededOver(rule, usual), usual)
}

function usualFor(state: State, rule: Rule, error: KnownError, now: number): number | null {
  return rule.baseline ? baselineFor(state, error, rule.window!, now) : null
}

function windowOf(rule: Rule): number {
  return rule.window ?? MINUTE
}

/** The title's words, with `%` for what the error says. */
function oftenWords(rule: Rule, count: number): string {
  if (rule.kind === 'new-error') return 'new error: %'
  if (rule.kind === 'regression') return '% is back'
  return `${count} × % in ${windowWords(windowOf(rule))}`
}

function againstSentence(rule: Rule, count: number, needed: number, usual: number | null): Text {
  const often = usual === null || usual === 0 ? '' : ` Usual is up to ${usual}.`
  return [
    { bold: String(count) },
    ` in ${windowWords(windowOf(rule))}; the rule ${rule.name} alerts at ${needed}.${often}`,
  ]
}

function settledLine(error: KnownError): Text[] {
  if (error.state !== 'resolved') return []
  return [
    [
      'It was resolved by ',
      { bold: error.stateBy ?? 'somebody' },
      ' ',
      { time: error.stateAt!, style: 'relative' },
      '.',
    ],
  ]
}
