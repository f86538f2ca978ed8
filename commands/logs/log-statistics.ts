// Log lines in figures: what comes most, in which shapes, and how it went over time.
import { z } from 'zod'
import { drawChart } from '../../src/charts/draw.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import { LEVELS, type Level } from '../../src/logs/line.ts'
import { lineResult } from '../../src/logs/serialize.ts'
import type { Bucket, TopField, TopRow } from '../../src/logs/store.ts'
import { aboutDuration, isoTime } from '../../src/time.ts'
import { type Context, command } from '../context.ts'
import { type QueryWords, queryArguments, readQuery, storeOf, USUAL_SPAN, WITHIN } from './log-query.ts'
import { searchLine } from './logs.ts'

const FIELDS = ['fingerprint', 'source', 'host', 'group', 'tag', 'level'] as const
const BUCKETS = 60
const COLOURS: Record<Level, string> = {
  trace: '#a0aec0',
  debug: '#718096',
  info: '#3182ce',
  warn: '#dd6b20',
  error: '#e53e3e',
  fatal: '#805ad5',
}

const top = command({
  name: 'logs top',
  summary: 'Show what comes most: errors, sources, hosts',
  examples: ['logs top', 'logs top "level>=error" --by host --last 6h'],
  role: 'viewer',
  args: {
    ...queryArguments(),
    by: z.enum(FIELDS).optional().describe('Count by this; fingerprint (the same error) unless said'),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 10 unless said'),
  },
  run: ({ by = 'fingerprint', limit = 10, ...words }, context) => rank(context, words, by, limit),
})

const patterns = command({
  name: 'logs patterns',
  summary: 'Show the shapes of the lines, the numbers and names in them masked',
  examples: ['logs patterns "level>=warn" --last 1h'],
  role: 'viewer',
  args: {
    ...queryArguments(),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 10 unless said'),
  },
  run: ({ limit = 10, ...words }, context) => rank(context, words, 'pattern', limit),
})

const stats = command({
  name: 'logs stats',
  summary: 'Show the levels over time as a chart, with totals and the share of errors',
  examples: ['logs stats --last 24h', 'logs stats source:api --last 7d'],
  role: 'viewer',
  args: queryArguments(),
  async run(words, context) {
    const query = readQuery(words, context, USUAL_SPAN)
    const from = query.from ?? context.now - USUAL_SPAN
    const until = query.until ?? context.now + 1
    const buckets = await storeOf(context).histogram(query, from, until, BUCKETS, WITHIN)
    const totals = Object.fromEntries(
      LEVELS.map(level => [level, buckets.reduce((sum, bucket) => sum + bucket.counts[level], 0)]),
    ) as Record<Level, number>
    const total = LEVELS.reduce((sum, level) => sum + totals[level], 0)
    const errors = totals.error + totals.fatal
    const minutes = Math.max(1, (until - from) / 60_000)
    const png = total === 0 ? null : await drawChart(levelChart(buckets, from, until, context))
    return {
      card: {
        title:
          total === 0
            ? 'No lines in that time'
            : `${total.toLocaleString('en')} lines in ${aboutDuration(until - from)}`,
        tone: errors > 0 ? 'warning' : 'plain',
        lines:
          total === 0
            ? ['A longer time finds more: --last 7d.']
            : [
                `${((errors / total) * 100).toFixed(errors / total < 0.1 ? 2 : 1)} % errors, ${(total / minutes).toFixed(1)} lines a minute on average.`,
                sparkline(buckets.map(countOf)),
              ],
        fields: LEVELS.filter(level => totals[level] > 0).map(level => ({
          name: level,
          value: totals[level].toLocaleString('en'),
          inline: true,
        })),
        ...(png ? { image: { name: 'levels.png', alt: 'Log lines by level over time', png } } : {}),
        buttons: errors > 0 ? [{ label: 'Top errors', line: searchLine('logs top', words) }] : [],
      },
      result: {
        rows: buckets.map(bucket => ({ from: isoTime(bucket.from), ...bucket.counts })),
        totals,
        total,
        error_rate: total === 0 ? 0 : errors / total,
        lines_per_minute: total / minutes,
      },
    }
  },
})

export const logStatisticsCommands = [top, patterns, stats]

async function rank(context: Context, words: QueryWords, field: TopField, limit: number) {
  const query = readQuery(words, context, USUAL_SPAN)
  const { rows, searchedTo } = await storeOf(context).top(query, field, limit, WITHIN)
  const what = field === 'pattern' ? 'patterns' : field === 'fingerprint' ? 'errors' : `${field}s`
  const partly =
    searchedTo === null
      ? []
      : [
          [
            'Counted back to ',
            { time: searchedTo, style: 'moment' as const },
            ' only; a shorter time is counted whole.',
          ],
        ]
  return {
    card: {
      title: rows.length === 0 ? 'Nothing to count' : `The most frequent ${what}`,
      tone: 'plain' as const,
      lines: [
        ...(rows.length === 0
          ? ['No line fits in that time; --last 7d looks further back.']
          : rows.map(row => rankText(row, field))),
        ...partly,
      ],
      buttons: rows.slice(0, 5).flatMap(row => rankButton(row, field)),
    },
    result: {
      rows: rows.map(row => ({
        value: row.value,
        count: row.count,
        sample: row.sample ? lineResult(row.sample) : null,
      })),
      ...(searchedTo === null ? {} : { searched_to: isoTime(searchedTo) }),
    },
  }
}

function rankText(row: TopRow, field: TopField) {
  const shown = field === 'fingerprint' ? (row.sample?.message.split('\n')[0] ?? row.value) : row.value
  const from = field === 'fingerprint' && row.sample?.source ? ` (${row.sample.source})` : ''
  return [{ bold: row.count.toLocaleString('en') }, ` × ${Array.from(shown).slice(0, 200).join('')}${from}`]
}

function rankButton(row: TopRow, field: TopField) {
  if (field === 'pattern') return row.sample ? [{ label: 'A line of it', line: `logs show ${row.sample.id}` }] : []
  if (row.value === '') return []
  const value = /^[\w./:-]+$/.test(row.value) ? row.value : `"${row.value.replaceAll('"', '')}"`
  const label = Array.from(field === 'fingerprint' ? (row.sample?.message.split('\n')[0] ?? row.value) : row.value)
    .slice(0, 30)
    .join('')
  return [{ label, line: searchLine('logs search', { query: `${field}:${value}` }) }]
}

function levelChart(buckets: readonly Bucket[], from: number, until: number, { config }: Context) {
  const used = LEVELS.filter(level => buckets.some(bucket => bucket.counts[level] > 0))
  return {
    title: 'Log lines by level',
    kind: 'bars' as const,
    unit: 'lines',
    from,
    until,
    timeZone: config.timeZone,
    series: used.map(level => ({
      name: level,
      colour: COLOURS[level],
      points: buckets.map(bucket => [bucket.from, bucket.counts[level]] as const),
    })),
  }
}

function countOf(bucket: Bucket): number {
  return LEVELS.reduce((sum, level) => sum + bucket.counts[level], 0)
}
