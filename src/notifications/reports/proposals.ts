// Proposes thresholds for rules that alert too often, by what they would have sent with them.
import { setImmediate } from 'node:timers/promises'
import type { Episode } from '../../detectors/rules/backtest.ts'
import type { Rule } from '../../detectors/rules/rule.ts'
import type { RuleKinds } from '../../detectors/rules/rule-kind.ts'
import { listRules } from '../../detectors/rules/rules.ts'
import type { State } from '../../state/database.ts'
import { DAY } from '../../time.ts'
import type { Proposal, ReportMetrics } from './report.ts'

/** Proposes thresholds for the noisy rules of a report; never rejects. */
export type Propose = (metrics: ReportMetrics, now: number) => Promise<Proposal[]>

/** A proposal keeps about this share of the cards: those of the worst values. */
const KEPT_SHARE = 0.1
/** Counts by the minute are needed, and older ones are by the hour. */
const MAX_PERIOD_MS = 8 * DAY

/** Tests rules on the counters in steps, between which other work is done. */
export function createProposer(state: State, kinds: RuleKinds): Propose {
  return async (metrics, now) => {
    const proposals: Proposal[] = []
    for (const { rule: name } of metrics.noisy_rules ?? []) {
      try {
        const rule = listRules(state).find(rule => rule.name === name)
        const proposal = rule && (await propose(state, kinds, rule, metrics, now))
        if (proposal) proposals.push(proposal)
      } catch {
        // A rule of another version cannot be tested; the report says that it is noisy all the same.
      }
    }
    return proposals
  }
}

async function propose(
  state: State,
  kinds: RuleKinds,
  rule: Rule,
  { from, until }: ReportMetrics,
  now: number,
): Promise<Proposal | null> {
  const kind = kinds.find(rule.kind)
  if (kind?.backtest.from !== 'counters' || !kind.settings.some(({ name }) => name === 'threshold')) return null
  const { backtest } = kind
  const period = { from: Math.max(from, until - MAX_PERIOD_MS), until, now }
  const test = async (threshold: number) => {
    const found: Episode[] = []
    for (const episodes of backtest.episodes(state, { ...rule, threshold }, period)) {
      found.push(...episodes)
      await setImmediate()
    }
    return found
  }
  if (rule.threshold === null) return null
  const before = await test(rule.threshold)
  const threshold = stricterThreshold(rule, before)
  if (threshold === null) return null
  const after = await test(threshold)
  return after.length * 2 > before.length
    ? null
    : { rule: rule.name, threshold, would_send: after.length, instead_of: before.length }
}

/** The threshold that only the worst tenth of the values reach, rounded to what people would write; null without one. */
export function stricterThreshold(
  rule: Pick<Rule, 'threshold' | 'operator'>,
  episodes: readonly Pick<Episode, 'value'>[],
): number | null {
  // Without an operator a rule counts upwards.
  const isAtLeast = rule.operator?.startsWith('<') !== true
  const values = episodes.map(({ value }) => value).toSorted((a, b) => (isAtLeast ? b - a : a - b))
  const kept = values[Math.max(0, Math.ceil(values.length * KEPT_SHARE) - 1)]
  if (kept === undefined || rule.threshold === null) return null
  const threshold = isAtLeast ? Math.floor(kept) : Math.ceil(kept)
  const isStricter = isAtLeast ? threshold > rule.threshold : threshold < rule.threshold
  return isStricter ? threshold : null
}
