// What rules that watch a figure tell: trouble that began, that goes on, and its end; the same for all of them.
import type { Text } from '../../card.ts'
import { downtimeBetween } from '../../checks/downtimes.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { DAY, formatDuration } from '../../time.ts'
import type { DetectionResult, Finding, Labels } from '../finding.ts'
import { lasting } from './lasting.ts'
import { DISMISSED } from './manual-resolve.ts'
import type { Rule } from './rule.ts'
import { deleteRuleState, type RuleState, ruleStatesOf, saveRuleState } from './rule-states.ts'

/** One figure of a rule's: what it is about, what it is now, and how it is told. */
export type Figure = {
  /** What is judged apart, such as a source; the alert's key is made of it. */
  subject: string
  projectId: number | null
  /** Null when nothing could be measured. */
  value: number | null
  breached: boolean
  /** Where it is, and how it is compared: the title, and the sentence about the worst value. */
  title: (worst: number) => string
  against: (worst: number) => Text
  more: () => Pick<Finding['observation'], 'fields' | 'buttons' | 'chart'> & { lines?: Text[] }
  labels: Labels
}

/** Nothing lasts longer without being asked about. */
const FORGOTTEN = 30 * DAY

/** What the figures of a rule have become at `now`. What is not among them any more is over once it has been quiet. */
export function evaluateValues(state: State, rule: Rule, figures: readonly Figure[], now: number): DetectionResult[] {
  const seen = new Set(figures.map(figure => keyOf(rule, figure.subject)))
  const watched = new Map(ruleStatesOf(state, rule.id).map(watch => [watch.key, watch]))
  const unseen = [...watched.values()].filter(watch => !seen.has(watch.key))
  const ended = unseen.flatMap(watch => endUnseen(state, rule, watch, now))
  const judged = figures.flatMap((figure): DetectionResult[] => {
    const key = keyOf(rule, figure.subject)
    const watch = watched.get(key)
    if (!watch && !figure.breached) return []
    const away = watch ? downtimeBetween(state, watch.lastAt, now) : 0
    const next = lasting(rule, watch, { ...figure, worse: worseOf(rule) }, now, away)
    if (next.turn === 'passed' || next.turn === 'over') deleteRuleState(state, key)
    const settled = watch?.counted === DISMISSED
    if ('watch' in next) {
      const kept = {
        ruleId: rule.id,
        endsAt: now + FORGOTTEN,
        counted: settled ? DISMISSED : 0,
        subject: figure.subject,
      }
      saveRuleState(state, { ...next.watch, ...kept, key })
      if (next.turn !== 'watched' && !settled)
        return [{ kind: 'found', finding: finding(state, rule, figure, key, next.watch) }]
    }
    if (next.turn !== 'over') return []
    const quiet = `It has not been so for ${formatDuration(rule.quiet)}.`
    const { lines = [], ...rest } = figure.more()
    return [{ kind: 'gone', key, observation: { ...rest, lines: [quiet, ...lines] } }]
  })
  return [...ended, ...judged]
}

/** The key of a rule's alert about one subject. */
function keyOf(rule: Rule, subject: string): string {
  return `rule:${rule.id}:${subject}`
}

/** A source that says nothing more, or a host that is no more. */
function endUnseen(state: State, rule: Rule, watch: RuleState, now: number): DetectionResult[] {
  // Too few lines go on being too few when there are none at all.
  if (watch.state === 'open' && rule.metric === null && rule.threshold !== null && worseOf(rule)(0, 1)) return []
  if (watch.state === 'open' && now < watch.lastAt + rule.quiet + downtimeBetween(state, watch.lastAt, now)) return []
  deleteRuleState(state, watch.key)
  if (watch.state === 'pending') return []
  return [{ kind: 'gone', key: watch.key, observation: { lines: ['There is nothing more to measure.'] } }]
}

/** Whether a value is further beyond the threshold than another. */
export function worseOf(rule: Pick<Rule, 'operator'>): (value: number, than: number) => boolean {
  return rule.operator === '<' || rule.operator === '<=' ? (value, than) => value < than : (value, than) => value > than
}

function finding(
  state: State,
  rule: Rule,
  figure: Figure,
  key: string,
  watch: { since: number; value: number },
): Finding {
  const { projectId, labels } = figure
  const { lines = [], ...rest } = figure.more()
  const remindEvery = projectId === null ? 0 : (readProjectById(state, projectId)?.remindEvery ?? 0)
  return {
    key,
    detector: rule.kind,
    projectId,
    severity: rule.severity,
    title: figure.title(watch.value),
    since: watch.since,
    occurrences: 0,
    labels: { ...labels, rule: rule.name },
    owner: rule.owner,
    remindEvery: rule.remindEvery ?? remindEvery,
    observation: {
      ...rest,
      lines: [figure.against(watch.value), ...(rule.note === null ? [] : [rule.note]), ...lines],
    },
  }
}
