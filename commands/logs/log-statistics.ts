// The commands for statistics of log lines: most frequent values, message patterns, levels over time.
import { z } from 'zod'
import type { Row, Text } from '../../src/card.ts'
import { drawChart } from '../../src/charts/draw.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import { LEVELS, type Level } from '../../src/logs/line.ts'
import { lineResult, missingResult } from '../../src/logs/serialize.ts'
import { type Bucket, missingLines, type TopField, type TopRow } from '../../src/logs/store.ts'
import { fileName, firstLine, plural, truncate } from '../../src/text.ts'
import { aboutDuration, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, pictureTheme } from '../context.ts'
import {
  DEFAULT_RANGE_MS,
  missingTexts,
  narrowed,
  printCondition,
  type QueryWords,
  queryArguments,
  readQuery,
  SEARCH_TIMEOUT_MS,
  storeOf,
} from './log-query.ts'
import { searchLine } from './logs.ts'

const FIELDS = ['fingerprint', 'source', 'host', 'group', 'tag', 'level'] as const
const DEFAULT_ROWS = 10
/** What stands for a value in a pattern. */
const VARYING = /<[^<>\s]*>/
const MAX_PHRASES = 6
const MAX_VALUE_LENGTH = 200
const MAX_LABEL_LENGTH = 30
const BUCKET_COUNT = 60
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
  summary: 'Show the most frequent errors, sources, hosts or other values',
  examples: ['logs top', 'logs top "level>=error" --by host --last 6h'],
  role: 'viewer',
  args: {
    ...queryArguments(),
    by: z.enum(FIELDS).optional().describe('Field to count by (default: fingerprint, the same error)'),
    limit: z.number().int().min(1).max(100).optional().describe('Number of rows (default: 10)'),
  },
  run: ({ by = 'fingerprint', limit = DEFAULT_ROWS, ...words }, context) => rank(context, words, by, limit),
})

const patterns = command({
  name: 'logs patterns',
  summary: 'Show the most frequent message patterns, with numbers and names masked',
  examples: ['logs patterns "level>=warn" --last 1h'],
  role: 'viewer',
  args: {
    ...queryArguments(),
    limit: z.number().int().min(1).max(100).optional().describe('Number of rows (default: 10)'),
  },
  run: ({ limit = DEFAULT_ROWS, ...words }, context) => rank(context, words, 'pattern', limit),
})

const stats = command({
  name: 'logs stats',
  summary: 'Show a chart of the levels over time, with totals and the error rate',
  examples: ['logs stats --last 24h', 'logs stats source:api --last 7d'],
  role: 'viewer',
  args: queryArguments(),
  async run(words, context) {
    const query = readQuery(words, context, DEFAULT_RANGE_MS)
    const until = query.until ?? context.now + 1
    const from = query.from ?? Math.min(until, context.now) - DEFAULT_RANGE_MS
    const buckets = await storeOf(context).histogram(query, from, until, BUCKET_COUNT, SEARCH_TIMEOUT_MS)
    // Without its first buckets the chart is that of a shorter time.
    const countedTo = buckets[0]?.from ?? until
    const isWhole = countedTo <= from
    const missing = await missingLines(storeOf(context), { from, until })
    const totals = Object.fromEntries(
      LEVELS.map(level => [level, buckets.reduce((sum, bucket) => sum + bucket.counts[level], 0)]),
    ) as Record<Level, number>
    const total = LEVELS.reduce((sum, level) => sum + totals[level], 0)
    const errors = totals.error + totals.fatal
    const minutes = Math.max(1, (until - countedTo) / MINUTE)
    const name = fileName(`log-levels ${words.query ?? ''}`, context.now, context.config.timeZone, 'png')
    const png =
      total === 0
        ? null
        : await drawChart({ ...levelChart(buckets, from, until, context), theme: pictureTheme(context) })
    return {
      card: {
        title:
          total === 0
            ? `No lines ${isWhole ? 'in this time range' : 'found so far'}`
            : `${plural(total, 'line')} in ${aboutDuration(until - countedTo)}`,
        tone: errors > 0 ? 'warning' : 'plain',
        lines: [
          ...(total === 0
            ? isWhole
              ? ['Try a longer time range: --last 7d.']
              : []
            : [
                `Error rate ${((errors / total) * 100).toFixed(errors / total < 0.1 ? 2 : 1)} %, on average ${(total / minutes).toFixed(1)} lines a minute.`,
                sparkline(buckets.map(countOf)),
              ]),
          ...(isWhole ? [] : [countedBackTo(countedTo)]),
          ...missingTexts(missing),
        ],
        fields: LEVELS.filter(level => totals[level] > 0).map(level => ({
          name: level,
          value: totals[level].toLocaleString('en'),
          inline: true,
        })),
        ...(png ? { image: { name, alt: 'Log lines by level over time', png } } : {}),
        buttons: errors > 0 ? [{ label: 'Top errors', line: searchLine('logs top', words) }] : [],
      },
      result: {
        rows: buckets.map(bucket => ({ from: isoTime(bucket.from), ...bucket.counts })),
        totals,
        total,
        error_rate: total === 0 ? 0 : errors / total,
        lines_per_minute: total / minutes,
        ...(isWhole ? {} : { searched_to: isoTime(countedTo) }),
        ...missingResult(missing),
      },
    }
  },
})

export const logStatisticsCommands = [top, patterns, stats]

/** Time ran out, so what is older is in no count. */
function countedBackTo(time: number): Text {
  return ['Counted back to ', { time, style: 'moment' }, ' only. Use a shorter time range for a complete count.']
}

async function rank(context: Context, words: QueryWords, field: TopField, limit: number) {
  const query = readQuery(words, context, DEFAULT_RANGE_MS)
  const { rows, searchedTo } = await storeOf(context).top(query, field, limit, SEARCH_TIMEOUT_MS)
  const missing = await missingLines(storeOf(context), query)
  const noun = field === 'pattern' ? 'patterns' : field === 'fingerprint' ? 'errors' : `${field}s`
  const incomplete = searchedTo === null ? [] : [countedBackTo(searchedTo)]
  return {
    card: {
      title: rows.length === 0 ? 'No lines to count' : `The most frequent ${noun}`,
      tone: 'plain' as const,
      lines: [
        ...(rows.length === 0 ? ['No line matches in this time range. Try --last 7d.'] : []),
        ...incomplete,
        ...missingTexts(missing),
      ],
      rows: rows.map(row => rankRow(row, field, words)),
    },
    result: {
      rows: rows.map(row => ({
        value: row.value,
        count: row.count,
        sample: row.sample ? lineResult(row.sample) : null,
      })),
      ...(searchedTo === null ? {} : { searched_to: isoTime(searchedTo) }),
      ...missingResult(missing),
    },
  }
}

/** A row narrows the search to what it counts with one press. */
function rankRow(row: TopRow, field: TopField, words: QueryWords): Row {
  const origin = field === 'fingerprint' && row.sample?.source ? ` (${row.sample.source})` : ''
  const name = truncate(nameOf(row, field), MAX_VALUE_LENGTH)
  const condition = field === 'pattern' ? patternQuery(row.value) : valueQuery(row.value, field)
  const example = row.sample && { label: 'Example line', line: `logs show ${row.sample.id}` }
  const only =
    condition === '' ? null : { label: 'Only these', line: searchLine('logs search', narrowed(words, condition)) }
  const [action, ...more] = [only, example].filter(button => button !== null && button !== undefined)
  return {
    name: truncate(name, MAX_LABEL_LENGTH),
    text: [{ bold: row.count.toLocaleString('en') }, ` × ${name}${origin}`],
    ...(action ? { action } : {}),
    ...(more.length > 0 ? { more } : {}),
  }
}

function valueQuery(value: string, field: Exclude<TopField, 'pattern'>): string {
  if (value === '') return ''
  return field === 'level' ? `level:${value}` : printCondition({ kind: 'field', field, value })
}

/** The words of a pattern between what varies, as phrases that a line must contain. */
function patternQuery(pattern: string): string {
  const phrases = pattern
    .split(VARYING)
    // What touches a value may be half a word of the line.
    .map((part, i, all) => {
      const start = i === 0 ? part : part.replace(/^\S+/, '')
      const whole = i === all.length - 1 ? start : start.replace(/\S+$/, '')
      return whole.replaceAll('"', ' ').replace(/\s+/g, ' ').trim()
    })
    .filter(part => /[\p{L}\p{N}]{3}/u.test(part))
  return phrases
    .slice(0, MAX_PHRASES)
    .map(phrase => `"${phrase}"`)
    .join(' ')
}

/** The value of a row for people; for a fingerprint the first line of its message. */
function nameOf(row: TopRow, field: TopField): string {
  return field === 'fingerprint' && row.sample ? firstLine(row.sample.message) : row.value
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
