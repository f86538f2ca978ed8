// The commands that find log lines: search, one line in full, and the lines around one.
import { z } from 'zod'
import type { Button, Card, Menu, Span, Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { LEVELS, type LogLine } from '../../src/logs/line.ts'
import { printQuery } from '../../src/logs/query/print.ts'
import type { Query } from '../../src/logs/query/tree.ts'
import { adviseOnSearch } from '../../src/logs/search-advice.ts'
import { lineResult, missingResult } from '../../src/logs/serialize.ts'
import { type LogStore, type MissingLines, missingLines, type Page } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { firstLine, plural, truncate } from '../../src/text.ts'
import { isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command } from '../context.ts'
import { colorFlag, logEntry, logEvidence } from './log-card.ts'
import {
  missingTexts,
  narrowed,
  printCondition,
  queryArguments,
  readQuery,
  SEARCH_TIMEOUT_MS,
  storeOf,
} from './log-query.ts'

const PAGE_SIZE = 10
const MAX_LIMIT = 1000
const DEFAULT_CONTEXT_LINES = 10
const MAX_CONTEXT_LINES = 100
const MAX_ATTRIBUTES = 12
const BUCKET_COUNT = 24
/** Of a menu. */
const MAX_OPTIONS = 20
const MAX_OPTION_LENGTH = 90

const search = command({
  name: 'logs search',
  summary: 'Search log lines, newest first',
  details:
    'A line must contain all words and "phrases"; -word excludes; OR and ( ) combine. Filters: level>=warn, host:web-1, source:api, tag:payments, group:prod/*, user_id:42, http.status>=500 and /a regex/. Time range: last:15m, since:14:00 until:14:30 or yesterday.',
  examples: [
    'logs search "timeout level>=warn last:1h"',
    'logs search "connection refused" -host:test',
    'logs search @payments --last 15m',
  ],
  role: 'viewer',
  args: {
    ...queryArguments(),
    limit: z.number().int().min(1).max(MAX_LIMIT).optional().describe('Number of lines (default: 10)'),
    cursor: z.string().max(200).optional().describe('Position where an earlier page ended'),
    newer: z.boolean().optional().describe('Page to newer lines from the cursor'),
    color: colorFlag(),
  },
  async run({ limit = PAGE_SIZE, cursor, newer = false, color = false, ...words }, context) {
    const store = storeOf(context)
    const query = readQuery(words, context)
    const deadline = performance.now() + SEARCH_TIMEOUT_MS
    const request = { query, limit, cursor: cursor ?? null, timeoutMs: SEARCH_TIMEOUT_MS }
    const [page, count] = await Promise.all([
      store.search({ ...request, order: newer ? 'oldest' : 'newest' }),
      store.count(query, SEARCH_TIMEOUT_MS),
    ])
    const missing = await missingLines(store, query)
    const isEmpty = page.lines.length === 0 && count.total === 0 && page.searchedTo === null && missing.length === 0
    const hints = isEmpty && cursor === undefined ? await adviseOnSearch(store, query) : []
    const lines = newer ? [...page.lines].reverse() : page.lines
    const result = {
      logs: lines.map(lineResult),
      total: count.total,
      ...(count.atLeast ? { total_at_least: true } : {}),
      next: page.next,
      ...(page.searchedTo === null ? {} : { searched_to: isoTime(page.searchedTo) }),
      ...missingResult(missing),
      ...(hints.length === 0 ? {} : { hints }),
    }
    // The chart takes the rest of the time: what was found is not kept waiting for it.
    const leftMs = deadline - performance.now()
    const histogram = lines.length === 0 || leftMs <= 0 ? [] : await histogramOf(store, query, lines, context, leftMs)
    return {
      card: searchCard(words, query, { ...page, lines }, count, missing, hints, histogram, {
        isLaterPage: cursor !== undefined,
        isNewer: newer,
        isColoured: color,
      }),
      result,
    }
  },
})

const show = command({
  name: 'logs show',
  summary: 'Show a log line in full',
  role: 'viewer',
  args: { id: positional(z.string().max(100)).describe('Id of the line') },
  async run({ id }, context) {
    const line = await lineOf(context, id)
    const missing = await missingAround(context, [line])
    const card = lineCard(line)
    return {
      card: { ...card, lines: [...(card.lines ?? []), ...missingTexts(missing)] },
      result: { log: lineResult(line), ...missingResult(missing) },
    }
  },
})

const around = command({
  name: 'logs context',
  summary: 'Show the lines around a log line, from the same source and host',
  role: 'viewer',
  args: {
    id: positional(z.string().max(100)).describe('Id of the line'),
    lines: z
      .number()
      .int()
      .min(1)
      .max(MAX_CONTEXT_LINES)
      .optional()
      .describe('Number of lines before and after (default: 10)'),
    color: colorFlag(),
  },
  async run({ id, lines = DEFAULT_CONTEXT_LINES, color = false }, context) {
    const target = await lineOf(context, id)
    const found = await storeOf(context).context(id, lines, lines)
    const missing = await missingAround(context, found)
    const origin = [target.source, target.host].filter(Boolean).join('@') || 'no source'
    return {
      card: {
        title: `Lines around a line from ${origin}`,
        tone: 'plain',
        lines: missingTexts(missing),
        ...logEvidence(
          found.map(line => ({ ...logEntry(line), ...(line.id === id ? { isTarget: true } : {}) })),
          color,
        ),
        buttons: [
          { label: 'This line', line: `logs show ${id}` },
          ...(lines < MAX_CONTEXT_LINES
            ? [{ label: 'More', line: `logs context ${id} --lines ${Math.min(MAX_CONTEXT_LINES, lines * 3)}` }]
            : []),
        ],
        footer: ['The line is from ', { time: target.timestamp, style: 'moment' }],
      },
      result: { logs: found.map(lineResult), ...missingResult(missing) },
    }
  },
})

export const logCommands = [search, show, around]

function searchCard(
  words: { query?: string | undefined; last?: number | undefined; project?: string | undefined },
  query: Query,
  page: Page,
  count: { total: number; atLeast: boolean },
  missing: readonly MissingLines[],
  hints: readonly string[],
  histogram: readonly number[],
  { isLaterPage, isNewer, isColoured }: { isLaterPage: boolean; isNewer: boolean; isColoured: boolean },
): Card {
  const [first] = page.lines
  const last = page.lines.at(-1)
  const buttons: Button[] = [
    ...(first ? [{ label: 'Context ±10', line: `logs context ${first.id}` }] : []),
    ...(first
      ? [
          { label: 'Patterns', line: searchLine('logs patterns', words) },
          { label: 'Open as file', line: searchLine('logs export', words) },
        ]
      : []),
  ]
  const incomplete: Text[] =
    page.searchedTo === null
      ? []
      : [
          [
            `Searched ${isNewer ? 'up' : 'back'} to `,
            { time: page.searchedTo, style: 'moment' },
            ' so far. "Continue" searches further.',
          ],
        ]
  const total = `${count.total.toLocaleString('en')}${count.atLeast ? '+' : ''}`
  return {
    title:
      page.lines.length === 0 && count.total === 0
        ? 'No lines found'
        : `${total} ${count.total === 1 ? 'line' : 'lines'}`,
    tone: 'plain',
    lines: [...(page.lines.length === 0 ? hints : []), ...incomplete, ...missingTexts(missing)],
    evidence: [
      ...(page.lines.length === 0
        ? []
        : [
            {
              kind: 'log' as const,
              entries: page.lines.map(line => logEntry(line, query.where)),
              ...(isColoured && { isColoured }),
            },
          ]),
      ...(histogram.length === 0 ? [] : [{ kind: 'chart' as const, name: 'Over time', values: histogram }]),
    ],
    page: pageButtons(`${searchLine('logs search', words)}${isColoured ? ' --color' : ''}`, page, {
      isLaterPage,
      isNewer,
    }),
    buttons,
    menus: searchMenus(words, page.lines),
    footer: footer(query, first, last),
  }
}

/** The buttons to the pages before and after one. */
function pageButtons(
  sameSearch: string,
  { lines, next, searchedTo }: Page,
  { isLaterPage, isNewer }: { isLaterPage: boolean; isNewer: boolean },
): NonNullable<Card['page']> {
  const continued = next !== null && {
    label: searchedTo !== null ? 'Continue' : isNewer ? 'Newer' : 'Older',
    line: `${sameSearch}${isNewer ? ' --newer' : ''} --cursor ${next}`,
  }
  const [first, last] = [lines[0], lines.at(-1)]
  // Towards where the page came from there are lines; a page without lines goes back to the first one.
  const back = isNewer
    ? { label: 'Older', line: last ? `${sameSearch} --cursor ${last.id}` : sameSearch }
    : isLaterPage && first && { label: 'Newer', line: `${sameSearch} --newer --cursor ${first.id}` }
  const [newer, older] = isNewer ? [continued, back] : [back, continued]
  return { ...(newer ? { previous: newer } : {}), ...(older ? { next: older } : {}) }
}

/** One press opens a line in full, or narrows the search to one of the sources that were found. */
function searchMenus(words: SearchWords, lines: readonly LogLine[]): Menu[] {
  const sources = [...new Set(lines.map(({ source }) => source).filter(source => source !== ''))]
  const bySource = sources.slice(0, MAX_OPTIONS).map((source): Button => {
    const condition = printCondition({ kind: 'field', field: 'source', value: source })
    return { label: source, line: searchLine('logs search', narrowed(words, condition)) }
  })
  const opened = lines.slice(0, MAX_OPTIONS).map(
    (line): Button => ({
      label: truncate(`${line.level.toUpperCase()} ${firstLine(line.message)}`, MAX_OPTION_LENGTH),
      line: `logs show ${line.id}`,
    }),
  )
  return [
    ...(opened.length === 0 ? [] : [{ label: 'A line in full …', options: opened }]),
    ...(bySource.length < 2 ? [] : [{ label: 'Only from …', options: bySource }]),
  ]
}

type SearchWords = { query?: string | undefined; last?: number | undefined; project?: string | undefined }

function footer(query: Query, first: LogLine | undefined, last: LogLine | undefined): Text {
  const condition = printQuery({ ...query, from: null, until: null }) || 'every line'
  if (!first || !last) return [condition, ...rangeOf(query)]
  return [
    `${condition} · `,
    { time: last.timestamp, style: 'moment' },
    ' to ',
    { time: first.timestamp, style: 'moment' },
  ]
}

/** The time range of the query, if any: in the reader's own time zone, which may differ from Vakt's. */
function rangeOf({ from, until }: Query): Span[] {
  return [
    ...(from === null ? [] : [' · from ', { time: from, style: 'moment' as const }]),
    ...(until === null ? [] : [`${from === null ? ' ·' : ''} until `, { time: until, style: 'moment' as const }]),
  ]
}

/** How many lines there are over the time range of the query, or of the page. */
async function histogramOf(
  store: LogStore,
  query: Query,
  lines: readonly LogLine[],
  context: Context,
  timeoutMs: number,
): Promise<number[]> {
  const from = query.from ?? Math.min(lines.at(-1)!.timestamp, context.now - 60 * MINUTE)
  const until = query.until ?? Math.max(context.now, lines[0]!.timestamp + 1)
  const buckets = await store.histogram(query, from, until, BUCKET_COUNT, timeoutMs)
  return buckets.map(bucket => LEVELS.reduce((sum, level) => sum + bucket.counts[level], 0))
}

/** A command line with the same query. */
export function searchLine(
  name: string,
  words: { query?: string | undefined; last?: number | undefined; project?: string | undefined },
): string {
  const last = words.last === undefined ? '' : ` --last ${words.last}ms`
  const project = words.project === undefined ? '' : ` --project ${quoteWord(words.project)}`
  // As --query, so that the text is taken literally, with its quotes.
  const query = words.query ? ` --query=${quoteWord(words.query)}` : ''
  return `${name}${query}${last}${project}`
}

async function lineOf(context: Context, id: string): Promise<LogLine> {
  const line = await storeOf(context).read(id)
  if (line) return line
  const [missing] = await missingLines(storeOf(context), { from: null, until: null })
  const reason = missing === undefined ? 'be past its retention' : 'be past its retention, or missing'
  const message = `There is no log line ${id}. It may ${reason}.${missing === undefined ? '' : ` ${missing.message}`}`
  throw new Problem('not_found', message, { fields: { id: 'no such line' } })
}

/** What is missing at the times of some lines, and between them. */
function missingAround(context: Context, lines: readonly LogLine[]): Promise<readonly MissingLines[]> {
  const times = lines.map(({ timestamp }) => timestamp)
  if (times.length === 0) return Promise.resolve([])
  return missingLines(storeOf(context), { from: Math.min(...times), until: Math.max(...times) + 1 })
}

function lineCard(line: LogLine): Card {
  const attributes = Object.entries(line.attributes)
  const named: [string, string][] = [
    ['Source', line.source],
    ['Host', line.host],
    ['Group', line.group],
    ['Tags', line.tags.join(', ')],
    ['Trace', line.traceId],
    ['Span', line.spanId],
    ['Fingerprint', line.fingerprint],
  ]
  const cells = [
    ...named.filter(([, value]) => value !== ''),
    ...attributes
      .slice(0, MAX_ATTRIBUTES)
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ]
  const same: Button[] =
    line.fingerprint === ''
      ? []
      : [{ label: 'Same error', line: `logs search --query=fingerprint:${line.fingerprint}` }]
  const trace: Button[] =
    line.traceId === '' ? [] : [{ label: 'Whole trace', line: `logs search --query=trace:${quoteWord(line.traceId)}` }]
  return {
    title: `${line.level.toUpperCase()} from ${line.source || line.host || 'no source'}`,
    tone: line.level === 'error' || line.level === 'fatal' ? 'critical' : line.level === 'warn' ? 'warning' : 'info',
    lines: [[{ time: line.timestamp, style: 'moment' }, ` · ${line.project}`]],
    evidence: [
      { kind: 'output', text: line.stack === '' ? line.message : `${line.message}\n${line.stack}` },
      ...(cells.length === 0 ? [] : [{ kind: 'table' as const, columns: [{ name: '' }, { name: '' }], cells }]),
    ],
    buttons: [{ label: 'Context ±10', line: `logs context ${line.id}` }, ...same, ...trace],
    footer: `${line.id}${attributes.length > MAX_ATTRIBUTES ? ` · ${plural(attributes.length - MAX_ATTRIBUTES, 'more attribute')}` : ''}`,
  }
}
