// The command that tests a rule on the past, on the stored counters or on the log lines.
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { hadOtherAlert } from '../../src/alerts/alerts.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import type { Episode } from '../../src/detectors/rules/backtest.ts'
import type { Rule } from '../../src/detectors/rules/rule.ts'
import type { LogBacktest, RuleKind, RuleKinds } from '../../src/detectors/rules/rule-kind.ts'
import { findRule } from '../../src/detectors/rules/rules.ts'
import { firstLine, plural, truncate } from '../../src/text.ts'
import { DAY, formatDuration, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, duration } from '../context.ts'
import { detectionFlags, editedRule } from './rule-flags.ts'

const MAX_SHOWN = 10
const MAX_RESULTS = 200
const MAX_BUCKETS = 2_000
const MAX_SUBJECT_LENGTH = 80
const MAX_PERIOD_MS = 35 * DAY
const BY_MINUTE_MS = 2 * DAY
const TIMEOUT_MS = 10_000

/** The command, for the kinds of an app. */
export function createRuleTestCommand(kinds: RuleKinds) {
  return command({
    name: 'rules test',
    summary: 'Show what a rule would have alerted on in the past',
    details:
      'With flags of "rules edit" the rule is tested with these settings and is not changed. Counters are stored by the minute for two days, before that by the hour: short spikes on older days are not found.',
    examples: ['rules test error-spikes --last 7d', 'rules test error-spikes --threshold 10 --matcher "-source:batch"'],
    role: 'viewer',
    args: {
      name: completes(positional(z.string().min(1).max(64)), 'rule').describe('Name of the rule'),
      last: duration(10 * MINUTE)
        .optional()
        .describe('Period to test, at most 35d (default: 1d)'),
      ...detectionFlags(kinds),
    },
    async run({ name, last = DAY, ...flags }, context) {
      const stored = findRule(context.state, name)
      const kind = kinds.get(stored.kind)
      const changes = editedRule(context.state, kind, stored, flags)
      const rule = { ...stored, ...changes }
      const periodMs = Math.min(last, MAX_PERIOD_MS)
      const from = context.now - periodMs
      const episodes = (await backtest(kind, rule, from, context)).sort((a, b) => a.from - b.from)
      const settings = Object.keys(changes).length > 0 ? ' with these settings' : ''
      const precision = precisionOf(context, rule, episodes)
      return {
        card: {
          title:
            kind.backtest.from === 'nothing'
              ? 'This cannot be tested'
              : `${rule.name}${settings} would have sent ${plural(episodes.length, 'card')} in ${formatDuration(periodMs)}`,
          tone: 'plain',
          lines:
            kind.backtest.from === 'nothing'
              ? [kind.backtest.reason]
              : [...episodeLines(kind, rule, episodes), ...precisionLines(precision, episodes.length)],
          ...(periodMs > BY_MINUTE_MS ? { footer: 'Before the last two days, counts are by the hour.' } : {}),
        },
        result: {
          cards: episodes.length,
          precision: precision.share,
          confirmed: precision.confirmed,
          from: isoTime(from),
          until: isoTime(context.now),
          would_have_fired: episodes.slice(-MAX_RESULTS).map(episode => ({
            subject: episode.subject,
            fired_at: isoTime(episode.from),
            ended_at: episode.until > context.now ? null : isoTime(episode.until),
            value: Math.round(episode.value * 100) / 100,
          })),
        },
      }
    },
  })
}

/** How far from an alert a card may be to be about the same. */
const NEAR_MS = 15 * MINUTE

/**
 * How many of the cards coincide with another alert: something was wrong then. The share is null without any card. A card
 * without another alert is a false alarm, or something that nothing else saw.
 */
function precisionOf({ state }: Context, rule: Rule, episodes: readonly Episode[]) {
  const confirmed = episodes.filter(({ from, until, projectId }) =>
    hadOtherAlert(state, rule.name, projectId, from - NEAR_MS, until + NEAR_MS),
  ).length
  return { confirmed, share: episodes.length === 0 ? null : Math.round((confirmed / episodes.length) * 100) / 100 }
}

function precisionLines({ confirmed }: ReturnType<typeof precisionOf>, cards: number): Text[] {
  if (cards === 0) return []
  const share = Math.round((confirmed / cards) * 100)
  return [
    `${confirmed} of ${plural(cards, 'card')} (${share} %) ${confirmed === 1 ? 'coincides' : 'coincide'} with another alert; the others would be false alarms, or things that nothing else saw.`,
  ]
}

function episodeLines(kind: RuleKind, rule: Rule, episodes: readonly Episode[]): Text[] {
  if (episodes.length === 0) return ['Nothing in that period matched the rule.']
  const newest = episodes.slice(-MAX_SHOWN).reverse()
  const older = episodes.length - newest.length
  return [
    ...newest.map((episode): Text => {
      const subject = truncate(firstLine(episode.subject) || 'everywhere', MAX_SUBJECT_LENGTH)
      return [
        { time: episode.from, style: 'moment' },
        ` · ${subject} · at worst ${kind.formatValue(rule, episode.value)}`,
      ]
    }),
    ...(older > 0 ? [`… ${older} earlier`] : []),
  ]
}

async function backtest({ backtest }: RuleKind, rule: Rule, from: number, context: Context): Promise<Episode[]> {
  if (backtest.from === 'nothing') return []
  if (backtest.from === 'logs') return searchLogs(backtest, rule, from, context)
  const { state, now } = context
  const found: Episode[] = []
  for (const episodes of backtest.episodes(state, rule, { from, until: now, now })) {
    found.push(...episodes)
    // Other work is done between the steps.
    await setImmediate()
  }
  return found
}

async function searchLogs(backtest: LogBacktest, rule: Rule, from: number, context: Context): Promise<Episode[]> {
  const { state, store, config, now } = context
  if (!store) return []
  const query = backtest.query(state, rule, now, config.timeZone)
  const number = Math.min(MAX_BUCKETS, Math.max(1, Math.ceil((now - from) / backtest.bucketMs(rule))))
  const rows = await store.histogram(query, from, now, number, TIMEOUT_MS)
  const buckets = rows.map(row => ({
    at: row.from,
    count: Object.values(row.counts).reduce((sum, count) => sum + count, 0),
  }))
  return [...backtest.episodes(rule, buckets, (now - from) / number)]
}
