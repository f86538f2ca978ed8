// Finds sources that sent lines all the time and have stopped.
import type { Text } from '../../card.ts'
import { downtimeBetween } from '../../checks/downtimes.ts'
import { quoteWord } from '../../command/command-line.ts'
import { listQuietSources, readSourceById, type Source } from '../../logs/sources.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { aboutDuration, DAY, formatDuration, HOUR, MINUTE } from '../../time.ts'
import type { DetectionResult, Finding } from '../finding.ts'
import type { Rule } from '../rules/rule.ts'
import { deleteRuleState, readRuleState, saveRuleState } from '../rules/rule-states.ts'
import { titleOf } from '../rules/rule-title.ts'
import { type LineMatcher, matchesLines, readLineMatcher } from './line-matcher.ts'

/** A source that was quiet for so long within a week comes and goes as it likes. */
export const SPORADIC = 2 * HOUR
/** Its senders take a moment to come back when Vakt was away. */
const SETTLING = MINUTE
/** Who is silent for so long is gone for good. */
export const FORGOTTEN = 30 * DAY
/** So many sources are judged without a pause. */
const AT_ONCE = 20

/** How long a source may be quiet, ms; null while it is not known well enough, and when it is no regular one (by a rule with a baseline). */
export function isSporadic(
  rule: Pick<Rule, 'window' | 'hold' | 'baseline' | 'times'>,
  source: Pick<Source, 'firstSeenAt' | 'lastSeenAt' | 'gaps'>,
): number | null {
  if (source.lastSeenAt - source.firstSeenAt < rule.hold) return null
  if (!rule.baseline) return rule.window
  const longest = Math.max(0, ...source.gaps.map(([, gap]) => gap))
  return longest > SPORADIC ? null : Math.max(rule.window!, longest * rule.times)
}

/** One outcome for each source whose silence is news at `now`, some sources at a time. */
export function* detectSilence(state: State, rule: Rule, now: number): Generator<DetectionResult[]> {
  const matcher = readLineMatcher(rule.matcher)
  for (let after = 0; ; ) {
    const quiet = listQuietSources(state, now - FORGOTTEN, now - rule.window!, after, AT_ONCE)
    yield quiet.flatMap(source => judgeSilence(state, rule, matcher, source, now))
    if (quiet.length < AT_ONCE) return
    after = quiet.at(-1)!.id
  }
}

function judgeSilence(state: State, rule: Rule, matcher: LineMatcher, source: Source, now: number): DetectionResult[] {
  const key = silenceKey(source)
  if (rule.projectId !== null && rule.projectId !== source.projectId) return []
  const quiet = isSporadic(rule, source)
  if (quiet === null || readRuleState(state, key)) return []
  const away = downtimeBetween(state, source.lastSeenAt, now)
  if (now < source.lastSeenAt + quiet + (away > 0 ? away + SETTLING : 0)) return []
  const project = readProjectById(state, source.projectId)
  const kind = { source: source.name, host: '', group: '', level: 'info' as const, fingerprint: '' }
  if (!project || !matchesLines(matcher, kind, project.name)) return []
  const watched = { ruleId: rule.id, state: 'open' as const, since: source.lastSeenAt, lastAt: now, value: 0 }
  const endsAt = source.lastSeenAt + FORGOTTEN
  saveRuleState(state, { ...watched, key, endsAt, counted: 0, subject: String(source.id) })
  return [{ kind: 'found', finding: finding(rule, source, quiet, project.remindEvery) }]
}

/** The end of a source's silence, when one was told: `source` as it was before it was heard at `now`. */
export function sourceIsBack(state: State, source: Source, now: number): Extract<DetectionResult, { kind: 'gone' }>[] {
  const key = silenceKey(source)
  if (!readRuleState(state, key)) return []
  deleteRuleState(state, key)
  const lasted = aboutDuration(now - source.lastSeenAt)
  return [{ kind: 'gone', key, observation: { lines: [`It sends lines again, after ${lasted} of silence.`] } }]
}

/** A silence that is due to be forgotten, unless it ended meanwhile. */
export function sourceRemoved(state: State, key: string, subject: string, now: number): DetectionResult[] {
  const source = readSourceById(state, Number(subject))
  deleteRuleState(state, key)
  if (source && source.lastSeenAt + FORGOTTEN > now) return [{ kind: 'gone', key }]
  const lines = [`It was silent for ${formatDuration(FORGOTTEN)} and is taken for gone.`]
  return [{ kind: 'gone', key, observation: { lines } }]
}

function silenceKey(source: Pick<Source, 'id'>): string {
  return `silence:${source.id}`
}

function finding(rule: Rule, source: Source, quiet: number, remindEvery: number): Finding {
  const where = source.name || 'lines without a source'
  const longest = Math.max(0, ...source.gaps.map(([, gap]) => gap))
  const last: Text = ['The last line came at ', { time: source.lastSeenAt, style: 'moment' }, '.']
  return {
    key: silenceKey(source),
    detector: 'silence',
    projectId: source.projectId,
    severity: rule.severity,
    title: titleOf(rule, { where, value: aboutDuration(quiet) }, `${where} stopped sending logs`),
    since: source.lastSeenAt,
    occurrences: 1,
    labels: { ...(source.name === '' ? {} : { source: source.name }), rule: rule.name, role: 'source-silent' },
    owner: rule.owner,
    remindEvery: rule.remindEvery ?? remindEvery,
    observation: {
      lines: [
        last,
        `${rule.baseline ? `In the last week it was never quiet for more than ${aboutDuration(longest)}; the` : 'The'} rule ${rule.name} allows ${aboutDuration(quiet)}.`,
        ...(rule.note === null ? [] : [rule.note]),
      ],
      buttons: [
        { label: 'Logs', line: `logs search ${quoteWord(`source:"${source.name.replaceAll('"', '')}" last:1d`)}` },
      ],
    },
  }
}
