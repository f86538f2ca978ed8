// The rule kind silence: a source that sent logs all the time has stopped.
import type { Text } from '../../../card.ts'
import { downtimeBetween } from '../../../checks/downtimes.ts'
import { listSeries } from '../../../logs/counters.ts'
import { listQuietSources, listSources, readSourceById, type Source } from '../../../logs/sources.ts'
import { readProjectById } from '../../../projects/projects.ts'
import { linesCompleteTo } from '../../../satellites/satellites.ts'
import type { State } from '../../../state/database.ts'
import { aboutDuration, DAY, formatDuration, HOUR, MINUTE } from '../../../time.ts'
import type { Finding } from '../../finding.ts'
import { type LineMatcher, matchesLines, readLineMatcher } from '../../logs/line-matcher.ts'
import { ownLinesButton } from '../../logs/logs-button.ts'
import { countsTogether, type Episode, type Period } from '../backtest.ts'
import { type Decision, mergeDecisions, NO_DECISION } from '../decision.ts'
import { type Rule, ruleTitle } from '../rule.ts'
import type { RuleKind, Tick } from '../rule-kind.ts'
import { COMMON_DEFAULTS, validateLineMatcher } from '../rule-settings.ts'
import { type RuleState, readRuleState } from '../rule-states.ts'

/** A source that paused for longer than this within a week is sporadic and not monitored. */
const MAX_PAUSE_MS = 2 * HOUR
/** After a downtime of Vakt the senders need a moment to reconnect. */
const RECONNECT_MS = MINUTE
/** A source that has been silent for this long is considered removed. */
const REMOVED_AFTER_MS = 30 * DAY
/** How many sources are evaluated in one step. */
const SOURCES_PER_STEP = 20
/** Before this age, counts are by the hour, which is too coarse. */
const BACKTEST_MS = 2 * DAY

export const silence: RuleKind = {
  name: 'silence',
  summary: 'A source stopped sending logs',
  defaults: { ...COMMON_DEFAULTS, window: 15 * MINUTE, for: DAY, keepFiring: 0, baseline: true },
  settings: [
    { name: 'window', meaning: 'silence that is always allowed' },
    { name: 'for', meaning: 'how long a source must be known before it is monitored' },
    {
      name: 'baseline',
      meaning:
        'whether its longest pause of the last week is allowed too, unless somebody acknowledged it; a source that paused for over 2h is then not monitored',
    },
    { name: 'factor', meaning: 'how many times that pause is allowed' },
  ],
  title: '{where} stopped sending logs',
  firstRule: { name: 'silent-sources' },
  validate: validateLineMatcher,
  formatValue: (_, value) => `${aboutDuration(value)} without logs`,
  evaluation: {
    trigger: 'interval',
    inhibitsOthers: true,
    subjects: () => 'sources',
    evaluate,
    sourceReturned,
    reevaluate: evaluateRemoval,
    covers: coversSource,
  },
  backtest: { from: 'counters', episodes },
}

/** How long a source may send nothing, ms; null while it is not known for long enough, and when it is sporadic. */
export function allowedSilence(
  rule: Pick<Rule, 'window' | 'for' | 'baseline' | 'factor'>,
  source: Pick<Source, 'firstSeenAt' | 'lastSeenAt' | 'gaps'>,
): number | null {
  if (source.lastSeenAt - source.firstSeenAt < rule.for) return null
  if (!rule.baseline) return rule.window
  const longest = longestPause(source)
  return longest > MAX_PAUSE_MS ? null : Math.max(rule.window!, longest * rule.factor)
}

function sourceReturned(state: State, before: Source, now: number): Decision {
  const key = silenceKey(before)
  if (!readRuleState(state, key)) return NO_DECISION
  const lines = [`It sends logs again, after ${aboutDuration(now - before.lastSeenAt)} without any.`]
  return { results: [{ kind: 'resolved', key, observation: { lines } }], changes: [{ remove: key }] }
}

/** The sources that have been silent for too long, some at a time. */
function* evaluate(state: State, rule: Rule, { now }: Tick): Generator<Decision> {
  const matcher = readLineMatcher(rule.matcher)
  for (let after = 0; ; ) {
    const sources = listQuietSources(state, now - REMOVED_AFTER_MS, now - rule.window!, after, SOURCES_PER_STEP)
    yield mergeDecisions(sources.map(source => evaluateSource(state, rule, matcher, source, now)))
    if (sources.length < SOURCES_PER_STEP) return
    after = sources.at(-1)!.id
  }
}

function evaluateSource(state: State, rule: Rule, matcher: LineMatcher, source: Source, now: number): Decision {
  const key = silenceKey(source)
  if (rule.projectId !== null && rule.projectId !== source.projectId) return NO_DECISION
  const allowed = allowedSilence(rule, source)
  if (allowed === null || readRuleState(state, key)) return NO_DECISION
  // Lines may wait on the satellite that they came through.
  if (knownTo(state, source, now) < source.lastSeenAt + allowed) return NO_DECISION
  const downtime = downtimeBetween(state, source.lastSeenAt, now)
  if (now < source.lastSeenAt + allowed + (downtime > 0 ? downtime + RECONNECT_MS : 0)) return NO_DECISION
  const project = readProjectById(state, source.projectId)
  if (!project || !matchesSource(matcher, source, project.name)) return NO_DECISION
  const ruleState: RuleState = {
    key,
    ruleId: rule.id,
    state: 'firing',
    since: source.lastSeenAt,
    lastAt: now,
    evaluateAt: source.lastSeenAt + REMOVED_AFTER_MS,
    reported: 0,
    dismissed: false,
    subject: String(source.id),
    value: 0,
  }
  return {
    results: [{ kind: 'firing', finding: finding(state, rule, source, allowed, project.remindEvery) }],
    changes: [{ save: ruleState }],
  }
}

/** Up to when all lines of a source are known to have arrived, epoch ms. */
function knownTo(state: State, { satelliteId }: Source, now: number): number {
  const complete = satelliteId === null ? null : linesCompleteTo(state, satelliteId)
  return complete === null ? now : Math.min(complete, now)
}

/** Decides about a silence that is old enough to be the removal of its source. */
function evaluateRemoval(state: State, { key, subject }: RuleState, _: Rule, now: number): Decision {
  const source = readSourceById(state, Number(subject))
  const changes = [{ remove: key }]
  if (source && source.lastSeenAt + REMOVED_AFTER_MS > now) return { results: [{ kind: 'resolved', key }], changes }
  const lines = [`No logs for ${formatDuration(REMOVED_AFTER_MS)}; the source is considered removed.`]
  return { results: [{ kind: 'resolved', key, observation: { lines } }], changes }
}

function coversSource(state: State, rule: Rule, { subject }: RuleState): boolean {
  const source = readSourceById(state, Number(subject))
  if (!source || (rule.projectId !== null && rule.projectId !== source.projectId)) return false
  const project = readProjectById(state, source.projectId)?.name ?? ''
  return matchesSource(readLineMatcher(rule.matcher), source, project)
}

function matchesSource(matcher: LineMatcher, source: Source, project: string): boolean {
  const kind = { source: source.name, host: '', group: '', level: 'info' as const, fingerprint: '' }
  return matchesLines(matcher, kind, project)
}

function silenceKey(source: Pick<Source, 'id'>): string {
  return `silence:${source.id}`
}

function longestPause({ gaps }: Pick<Source, 'gaps'>): number {
  return Math.max(0, ...gaps.map(([, gap]) => gap))
}

function finding(state: State, rule: Rule, source: Source, allowed: number, remindEvery: number): Finding {
  const where = source.name || 'lines without a source'
  const last: Text = ['The last line came at ', { time: source.lastSeenAt, style: 'moment' }, '.']
  const limit = `The rule ${rule.name} allows ${aboutDuration(allowed)}.`
  const query = `source:"${source.name.replaceAll('"', '')}" last:1d`
  return {
    key: silenceKey(source),
    detector: rule.kind,
    projectId: source.projectId,
    severity: rule.severity,
    title: ruleTitle(rule, { where, value: aboutDuration(allowed) }, `${where} stopped sending logs`),
    since: source.lastSeenAt,
    occurrences: 1,
    labels: { ...(source.name === '' ? {} : { source: source.name }), rule: rule.name, role: 'source-silent' },
    owner: rule.owner,
    remindEvery: rule.remindEvery ?? remindEvery,
    observation: {
      lines: [
        last,
        rule.baseline
          ? `Its longest pause in the last week was ${aboutDuration(longestPause(source))}. ${limit}`
          : limit,
        ...(rule.note === null ? [] : [rule.note]),
      ],
      buttons: [ownLinesButton(state, query, source.projectId)],
    },
  }
}

function* episodes(state: State, rule: Rule, { from, until, now }: Period): Generator<readonly Episode[]> {
  const matcher = readLineMatcher(rule.matcher)
  const seriesBySource = Map.groupBy(listSeries(state), ({ projectId, source }) => `${projectId}\0${source}`)
  for (const source of listSources(state)) {
    const allowed = allowedSilence(rule, source)
    const series = seriesBySource.get(`${source.projectId}\0${source.name}`) ?? []
    if (allowed === null || series.length === 0) continue
    if (rule.projectId !== null && rule.projectId !== source.projectId) continue
    if (!matchesLines(matcher, series[0]!, readProjectById(state, source.projectId)?.name ?? '')) continue
    const counts = yield* countsTogether(state, series, Math.max(from, now - BACKTEST_MS), until)
    const minutes = [...counts.map(({ at }) => at), until]
    yield minutes.slice(1).flatMap((end, i) => {
      const begin = minutes[i]!
      if (end - begin <= allowed) return []
      const { name: subject, projectId } = source
      return [{ subject, projectId, from: begin + allowed, until: end, value: end - begin }]
    })
  }
}
