// What a rule would have told of the past, read off the stored counters and the logs.
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { completes, positional } from '../../src/command/command.ts'
import { cut } from '../../src/detectors/logs/error-finding.ts'
import { figureWords, isBeyond } from '../../src/detectors/logs/threshold.ts'
import { tryRule } from '../../src/detectors/rules/backtest.ts'
import { type Episode, episodesOf } from '../../src/detectors/rules/episodes.ts'
import type { Rule } from '../../src/detectors/rules/rule.ts'
import { worseOf } from '../../src/detectors/rules/rule-finding.ts'
import { findRule } from '../../src/detectors/rules/rules.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import { inProject } from '../../src/logs/query/scope-query.ts'
import { expandSavedSearch } from '../../src/logs/searches.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { aboutDuration, DAY, formatDuration, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, counted, duration } from '../context.ts'
import { editedRule, trialFlags } from './rule-flags.ts'

const SHOWN = 10
const MOST_TOLD = 200
const MOST_BUCKETS = 2_000
const WITHIN = 10_000

const test = command({
  name: 'rules test',
  summary: 'Show what a rule would have alerted on in the past',
  details:
    'With flags of "rules edit" it is tried as it would be with them, and stays as it is. Read off the counters: by the minute for two days, before that by the hour, so that short spikes of older days are not seen.',
  examples: ['rules test error-spikes --last 7d', 'rules test error-spikes --threshold 10 --matcher "-source:batch"'],
  role: 'viewer',
  args: {
    name: completes(positional(z.string().min(1).max(64)), 'rule').describe('Name of the rule'),
    last: duration(10 * MINUTE)
      .optional()
      .describe('Over which time, 1d unless said, 35d at the most'),
    ...trialFlags(),
  },
  async run({ name, last = DAY, ...flags }, context) {
    const kept = findRule(context.state, name)
    const changes = editedRule(context.state, kept, flags)
    const rule = { ...kept, ...changes }
    const changed = Object.keys(changes).length > 0
    const span = Math.min(last, 35 * DAY)
    const from = context.now - span
    const found =
      rule.kind === 'regression' ? [] : (await episodes(rule, from, context)).sort((a, b) => a.from - b.from)
    const newest = found.slice(-SHOWN).reverse()
    const older = found.length > newest.length ? [`… ${found.length - newest.length} earlier`] : []
    return {
      card: {
        title:
          rule.kind === 'regression'
            ? 'This cannot be told'
            : `${rule.name}${changed ? ', changed so,' : ''} would have sent ${counted(found.length, 'card')} in ${formatDuration(span)}`,
        tone: 'plain',
        lines:
          rule.kind === 'regression'
            ? ['When errors were resolved in the past is not kept; "alerts history" shows the regressions there were.']
            : found.length === 0
              ? ['Nothing that it looks for happened in that time.']
              : [
                  ...newest.map(one => [
                    { time: one.from, style: 'moment' as const },
                    ` · ${cut(one.subject.split('\n', 1)[0] || 'everywhere', 80)} · at worst ${valueWords(rule, one.value)}`,
                  ]),
                  ...older,
                ],
        ...(span > 2 * DAY ? { footer: 'Before the last two days counts are by the hour.' } : {}),
      },
      result: {
        cards: found.length,
        from: isoTime(from),
        until: isoTime(context.now),
        would_have_fired: found.slice(-MOST_TOLD).map(one => ({
          subject: one.subject,
          fired_at: isoTime(one.from),
          ended_at: one.until > context.now ? null : isoTime(one.until),
          value: Math.round(one.value * 100) / 100,
        })),
      },
    }
  },
})

export const ruleTestCommands = [test]

async function episodes(rule: Rule, from: number, context: Context): Promise<Episode[]> {
  const { state, now } = context
  if (rule.kind === 'search') return searchEpisodes(rule, from, context)
  const found: Episode[] = []
  for (const part of tryRule(state, rule, { from, until: now, now })) {
    found.push(...part)
    // What else Vakt does goes on between the parts.
    await setImmediate()
  }
  return found
}

async function searchEpisodes(rule: Rule, from: number, { state, store, config, now }: Context): Promise<Episode[]> {
  if (!store) return []
  const parsed = parseQuery(expandSavedSearch(state, rule.matcher), now, config.timeZone)
  const project = rule.projectId === null ? undefined : readProjectById(state, rule.projectId)
  const query = project ? inProject(parsed, project.name) : parsed
  // Four buckets make a window, which slides by a quarter of itself.
  const buckets = Math.min(MOST_BUCKETS, Math.max(1, Math.ceil((now - from) / (rule.window! / 4))))
  const length = (now - from) / buckets
  const together = Math.max(1, Math.round(rule.window! / length))
  const rows = await store.histogram(query, from, now, buckets, WITHIN)
  const sums = rows.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0))
  const readings = rows.map(({ from: at }, i) => {
    const value = sums.slice(Math.max(0, i - together + 1), i + 1).reduce((sum, count) => sum + count, 0)
    return { at: at + length, value, breached: isBeyond(rule, value) }
  })
  return episodesOf(rule, readings, worseOf(rule)).map(one => ({
    ...one,
    subject: rule.name,
    projectId: rule.projectId,
  }))
}

function valueWords(rule: Rule, value: number): string {
  if (rule.kind === 'error-rate') return `${Math.round(value)}% errors`
  if (rule.kind === 'silence') return `${aboutDuration(value)} of silence`
  return figureWords(rule, value)
}
