// Judges the errors whose lines have just been counted, and those that are watched when their time has come.
import type { Text } from '../card.ts'
import { awayBetween } from '../checks/absences.ts'
import { countWithin } from '../logs/arrivals.ts'
import { errorCounts, minuteOf, readSeries } from '../logs/counters.ts'
import { type KnownError, readErrorById } from '../logs/errors.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { formatDuration, MINUTE, SECOND } from '../time.ts'
import { errorFinding, errorKey, errorRecovery } from './error-finding.ts'
import { findSpike, HISTORY, usualPeak } from './error-spike.ts'
import type { Outcome } from './finding.ts'
import { fitsLines, readLineMatcher } from './line-matcher.ts'
import type { Rule } from './rule.ts'
import { activeRules, readRule } from './rules.ts'
import { dropWatch, keepWatch, readWatch, type Watch } from './watches.ts'

/** What comes faster is counted on the alert together. */
const COUNTED_EVERY = SECOND
/** What is usual is not asked anew for so long. */
const USUAL_FOR = 5 * MINUTE
/** The rise of a spike is no part of what was usual before it. */
const RISE = 15 * MINUTE

/** Judges an error that has had more lines up to the instant `now`. */
export function judgeError(state: State, error: KnownError, now: number): Outcome[] {
  if (error.state === 'muted') return []
  const watch = readWatch(state, errorKey(error))
  const rule = watch && readRule(state, watch.ruleId)
  if (watch && rule) {
    if (now >= watch.lastAt + COUNTED_EVERY) return [countOn(state, watch, rule, error, now)]
    if (watch.endsAt > watch.lastAt + COUNTED_EVERY)
      keepWatch(state, { ...watch, endsAt: watch.lastAt + COUNTED_EVERY })
    return []
  }
  for (const rule of activeRules(state, 'error-spike')) {
    const spike = spikeOf(state, rule, error, now)
    if (!spike) continue
    const since = error.recent.find(([at]) => at >= now - rule.window!)![0]
    const { key, ...seen } = { key: errorKey(error), ruleId: rule.id, since, lastAt: now, value: spike.count }
    const endsAt = error.lastSeenAt + rule.quiet
    keepWatch(state, { ...seen, key, state: 'open', endsAt, counted: error.count, subject: String(error.id) })
    const against = againstSentence(rule, spike.count, spike.needed, spike.usual)
    const howOften = oftenWords(spike.count, rule)
    const found = { rule, howOften, against, since, occurrences: spike.count }
    return [{ kind: 'found', finding: errorFinding(state, error, found, now) }]
  }
  return []
}

/** What time makes of an error that has an alert: further lines are counted on it, or it has been quiet for long enough. */
export function judgeWatchedError(state: State, watch: Watch, rule: Rule, now: number): Outcome[] {
  const error = readErrorById(state, Number(watch.subject))
  if (error && error.count > watch.counted) return [countOn(state, watch, rule, error, now)]
  const quietAt = error ? error.lastSeenAt + rule.quiet + awayBetween(state, error.lastSeenAt, now) : 0
  if (quietAt > now) {
    keepWatch(state, { ...watch, endsAt: quietAt })
    return []
  }
  dropWatch(state, watch.key)
  return [
    {
      kind: 'gone',
      key: watch.key,
      ...(error ? { seen: errorRecovery(state, error, formatDuration(rule.quiet), now) } : {}),
    },
  ]
}

function countOn(state: State, watch: Watch, rule: Rule, error: KnownError, now: number): Outcome {
  const window = rule.window ?? MINUTE
  const value = Math.max(watch.value, countWithin(error.recent, window, error.lastSeenAt, fitsOf(state, rule, error)))
  const endsAt = error.lastSeenAt + rule.quiet
  keepWatch(state, { ...watch, value, lastAt: now, counted: error.count, endsAt })
  const found = {
    rule,
    howOften: oftenWords(value, rule),
    against: againstSentence(rule, value, rule.threshold ?? 1, null),
    since: watch.since,
    occurrences: error.count - watch.counted,
  }
  return { kind: 'found', finding: errorFinding(state, error, found, now) }
}

function spikeOf(state: State, rule: Rule, error: KnownError, now: number) {
  if (rule.projectId !== null && rule.projectId !== error.projectId) return null
  const usual = () => (rule.baseline ? usualOf(state, error, rule.window!, now) : null)
  return findSpike(rule, error.recent, error.lastSeenAt, fitsOf(state, rule, error), usual)
}

/** Whether lines of a series are what the rule is about. */
function fitsOf(state: State, rule: Rule, error: KnownError): (series: number) => boolean {
  if (rule.matcher === '') return () => true
  const matcher = readLineMatcher(rule.matcher)
  const series = readSeries(state, [...new Set(error.recent.map(([, , id]) => id))])
  const project = readProjectById(state, error.projectId)?.name ?? ''
  const fitting = new Set([...series.values()].filter(one => fitsLines(matcher, one, project)).map(({ id }) => id))
  return id => fitting.has(id)
}

function usualOf(state: State, error: KnownError, window: number, now: number): number | null {
  if (now - error.firstSeenAt < HISTORY) return null
  const kept = state.memory<{ at: number; usual: number }>('usual peaks')
  const key = `${error.id} ${window}`
  const known = kept.get(key)
  if (known && now >= known.at && now - known.at < USUAL_FOR) return known.usual
  const until = minuteOf(now - RISE)
  const minutes = errorCounts(state, error.projectId, error.fingerprint, until - HISTORY, until)
  const usual = usualPeak(minutes, window, until)
  if (kept.size >= 1_000) kept.clear()
  kept.set(key, { at: now, usual })
  return usual
}

function oftenWords(count: number, rule: Rule): string {
  return `${count} × % in ${windowWords(rule.window ?? MINUTE)}`
}

function againstSentence(rule: Rule, count: number, needed: number, usual: number | null): Text {
  const window = windowWords(rule.window ?? MINUTE)
  const often = usual === null || usual === 0 ? '' : ` Usual is up to ${usual}.`
  return [{ bold: String(count) }, ` in ${window}; the rule ${rule.name} alerts at ${needed}.${often}`]
}

/** `1 min`, `90s`, `2 h`. */
function windowWords(window: number): string {
  if (window % MINUTE !== 0) return formatDuration(window)
  return window % (60 * MINUTE) === 0 ? `${window / (60 * MINUTE)} h` : `${window / MINUTE} min`
}
