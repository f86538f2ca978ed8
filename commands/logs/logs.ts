// Finding log lines: search, one line in full, and what happened around it.
import { z } from 'zod'
import type { Button, Card, Field, Span, Text } from '../../src/card.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import { positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { LEVELS, type LogLine } from '../../src/logs/line.ts'
import { printQuery } from '../../src/logs/query/print.ts'
import type { Query } from '../../src/logs/query/tree.ts'
import { lineResult } from '../../src/logs/serialize.ts'
import type { LogStore, Page } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command } from '../context.ts'
import { logText } from './log-card.ts'
import { queryArguments, readQuery, storeOf, WITHIN } from './log-query.ts'

const PAGE = 10
const HISTOGRAM = 24

const search = command({
  name: 'logs search',
  summary: 'Find log lines, newest first',
  details:
    'Words and "phrases" must all be there; -word excludes; OR and ( ) choose; level>=warn, host:web-1, source:api, tag:payments, group:prod/*, user_id:42, http.status>=500 and /a regex/ narrow it; last:15m, since:14:00 until:14:30 and yesterday say when.',
  examples: [
    'logs search "timeout level>=warn last:1h"',
    'logs search "connection refused" -host:test',
    'logs search @payments --last 15m',
  ],
  role: 'viewer',
  args: {
    ...queryArguments(),
    limit: z.number().int().min(1).max(1000).optional().describe('How many, 10 unless said'),
    cursor: z.string().max(200).optional().describe('Where an earlier page ended'),
    newer: z.boolean().optional().describe('Page towards the present from the cursor'),
  },
  async run({ limit = PAGE, cursor, newer = false, ...words }, context) {
    const store = storeOf(context)
    const query = readQuery(words, context)
    const request = { query, limit, cursor: cursor ?? null, timeoutMs: WITHIN }
    const [page, count] = await Promise.all([
      store.search({ ...request, order: newer ? 'oldest' : 'newest' }),
      store.count(query, WITHIN),
    ])
    const lines = newer ? [...page.lines].reverse() : page.lines
    const result = {
      logs: lines.map(lineResult),
      total: count.total,
      ...(count.atLeast ? { total_at_least: true } : {}),
      next: page.next,
      ...(page.searchedTo === null ? {} : { searched_to: isoTime(page.searchedTo) }),
    }
    const bars = lines.length === 0 ? '' : await histogramOf(store, query, lines, context)
    return { card: searchCard(words, query, { ...page, lines }, count, bars, cursor !== undefined), result }
  },
})

const show = command({
  name: 'logs show',
  summary: 'Show one log line in full',
  role: 'viewer',
  args: { id: positional(z.string().max(100)).describe('Id of the line') },
  async run({ id }, context) {
    const line = await lineOf(context, id)
    return { card: lineCard(line), result: { log: lineResult(line) } }
  },
})

const around = command({
  name: 'logs context',
  summary: 'Show the lines around one, of the same source and host',
  role: 'viewer',
  args: {
    id: positional(z.string().max(100)).describe('Id of the line'),
    lines: z.number().int().min(1).max(100).optional().describe('How many before and after, 10 unless said'),
  },
  async run({ id, lines = 10 }, context) {
    const middle = await lineOf(context, id)
    const found = await storeOf(context).context(id, lines, lines)
    const from = [middle.source, middle.host].filter(Boolean).join('@') || 'no source'
    return {
      card: {
        title: `Around a line of ${from}`,
        tone: 'plain',
        lines: found.map(line => (line.id === id ? ['▶ ', ...spans(logText(line))] : logText(line))),
        buttons: [
          { label: 'This line', line: `logs show ${id}` },
          ...(lines < 100 ? [{ label: 'More', line: `logs context ${id} --lines ${Math.min(100, lines * 3)}` }] : []),
        ],
        footer: ['The line is from ', { time: middle.timestamp, style: 'moment' }],
      },
      result: { logs: found.map(lineResult) },
    }
  },
})

export const logCommands = [search, show, around]

function searchCard(
  words: { query?: string | undefined; last?: number | undefined; project?: string | undefined },
  query: Query,
  page: Page,
  count: { total: number; atLeast: boolean },
  bars: string,
  paged: boolean,
): Card {
  const [first] = page.lines
  const last = page.lines.at(-1)
  const again = searchLine('logs search', words)
  const buttons: Button[] = [
    ...(page.next === null
      ? []
      : [{ label: page.searchedTo === null ? 'Older' : 'Search on', line: `${again} --cursor ${page.next}` }]),
    ...(paged && first ? [{ label: 'Newer', line: `${again} --newer --cursor ${first.id}` }] : []),
    ...(first ? [{ label: 'Context ±10', line: `logs context ${first.id}` }] : []),
    ...(first
      ? [
          { label: 'Patterns', line: searchLine('logs patterns', words) },
          { label: 'Export', line: searchLine('logs export', words) },
        ]
      : []),
  ]
  const stopped: Text[] =
    page.searchedTo === null
      ? []
      : [['Searched back to ', { time: page.searchedTo, style: 'moment' }, ' so far; the button goes on.']]
  const total = `${count.total.toLocaleString('en')}${count.atLeast ? '+' : ''}`
  const nothing =
    page.searchedTo === null
      ? [
          query.from === null
            ? 'Fewer words or another spelling may find some.'
            : 'Fewer words, another spelling or a longer time may find some.',
        ]
      : []
  return {
    title:
      page.lines.length === 0 && count.total === 0
        ? 'No line found'
        : `${total} ${count.total === 1 ? 'line' : 'lines'}`,
    tone: 'plain',
    lines: [...(page.lines.length === 0 ? nothing : page.lines.map(line => logText(line, query.where))), ...stopped],
    ...(bars === '' ? {} : { fields: [{ name: 'Over time', value: bars }] }),
    buttons,
    footer: footer(query, first, last),
  }
}

function footer(query: Query, first: LogLine | undefined, last: LogLine | undefined): Text {
  const asked = printQuery({ ...query, from: null, until: null }) || 'every line'
  if (!first || !last) return [asked, ...windowOf(query)]
  return [`${asked} · `, { time: last.timestamp, style: 'moment' }, ' to ', { time: first.timestamp, style: 'moment' }]
}

/** The time that was looked through, where the query says one: whoever asks at home may mean other hours than Vakt. */
function windowOf({ from, until }: Query): Span[] {
  return [
    ...(from === null ? [] : [' · from ', { time: from, style: 'moment' as const }]),
    ...(until === null ? [] : [`${from === null ? ' ·' : ''} until `, { time: until, style: 'moment' as const }]),
  ]
}

/** How many lines came when, as blocks: over the query's own time, or over what the page spans. */
async function histogramOf(
  store: LogStore,
  query: Query,
  lines: readonly LogLine[],
  context: Context,
): Promise<string> {
  const from = query.from ?? Math.min(lines.at(-1)!.timestamp, context.now - 60 * MINUTE)
  const until = query.until ?? Math.max(context.now, lines[0]!.timestamp + 1)
  const buckets = await store.histogram(query, from, until, HISTOGRAM, WITHIN)
  return sparkline(buckets.map(bucket => LEVELS.reduce((sum, level) => sum + bucket.counts[level], 0)))
}

/** A command line over the same query. */
export function searchLine(
  name: string,
  words: { query?: string | undefined; last?: number | undefined; project?: string | undefined },
): string {
  const last = words.last === undefined ? '' : ` --last ${words.last}ms`
  const project = words.project === undefined ? '' : ` --project ${quoteWord(words.project)}`
  // As --query, for the text is to be taken as it is, quotes and all.
  const query = words.query ? ` --query=${quoteWord(words.query)}` : ''
  return `${name}${query}${last}${project}`
}

async function lineOf(context: Context, id: string): Promise<LogLine> {
  const line = await storeOf(context).read(id)
  if (line) return line
  throw new Problem('not_found', `There is no log line ${id}; its retention may have passed.`, {
    fields: { id: 'no such line' },
  })
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
  const fields: Field[] = [
    { name: 'When', value: [{ time: line.timestamp, style: 'moment' }], inline: true },
    { name: 'Project', value: line.project, inline: true },
    ...named.filter(([, value]) => value !== '').map(([name, value]) => ({ name, value, inline: true })),
    ...attributes.slice(0, 12).map(([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : JSON.stringify(value),
      inline: true,
    })),
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
    fields,
    code: { text: line.stack === '' ? line.message : `${line.message}\n${line.stack}` },
    buttons: [{ label: 'Context ±10', line: `logs context ${line.id}` }, ...same, ...trace],
    footer: `${line.id}${attributes.length > 12 ? ` · ${attributes.length - 12} more attributes` : ''}`,
  }
}

function spans(text: Text) {
  return typeof text === 'string' ? [text] : text
}
