// Log lines taken elsewhere or away: export, purge, and searches saved for next time.
import { z } from 'zod'
import { positional } from '../../src/command/command.ts'
import { countArchives } from '../../src/logs/archives.ts'
import type { LogLine } from '../../src/logs/line.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import type { Query } from '../../src/logs/query/tree.ts'
import { listSearches, removeSearch, saveSearch } from '../../src/logs/searches.ts'
import { CSV_HEADER, csvRecord, lineResult } from '../../src/logs/serialize.ts'
import type { LogStore } from '../../src/logs/store.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { command, yes } from '../context.ts'
import { queryArguments, readQuery, storeOf, WITHIN } from './log-query.ts'
import { searchLine } from './logs.ts'

const FORMATS = ['json', 'ndjson', 'csv'] as const
/** What the chats take as a file, with room to spare; HTTP streams more. */
const LARGEST_FILE = 8 * 1024 * 1024
const PAGE = 1000
/** Each holds a file in memory, several times over while it is sent. */
const EXPORTS_AT_ONCE = 2
const exporting = new WeakMap<LogStore, number>()

const exportCommand = command({
  name: 'logs export',
  summary: 'Give what a search finds as a file',
  details: 'In chat a file holds 8 MiB at the most. GET /api/logs?format=ndjson streams any size.',
  examples: ['logs export "level>=error" --last 1d --format csv'],
  role: 'viewer',
  args: { ...queryArguments(), format: z.enum(FORMATS).optional().describe('json, ndjson or csv; json unless said') },
  async run({ format = 'json', ...words }, context) {
    const query = readQuery(words, context)
    const { content, lines, whole } = await inTurn(storeOf(context), store => collect(store, query, format))
    const name = `logs-${isoTime(context.now).slice(0, 19).replaceAll(':', '-')}.${format}`
    const url = `${context.publicUrl}/api/logs?format=${format === 'json' ? 'ndjson' : format}&q=${encodeURIComponent(words.query ?? '')}`
    return {
      card: {
        title: lines === 0 ? 'Nothing to export' : `${lines.toLocaleString('en')} lines as ${format}`,
        tone: whole ? 'plain' : 'warning',
        lines: whole ? [] : ['The file holds the newest lines; the rest did not fit. All of them stream from', url],
        ...(lines === 0 ? {} : { file: { name, content } }),
      },
      result: { lines, whole, bytes: content.length, url },
    }
  },
})

const purge = command({
  name: 'logs purge',
  summary: 'Remove log lines for good',
  examples: ['logs purge project:test', 'logs purge "group:prod/old/*"'],
  role: 'admin',
  args: { ...queryArguments(), yes: yes() },
  async run({ yes, ...words }, context) {
    if (!words.query && words.last === undefined && words.project === undefined) {
      throw invalid(
        'query',
        'Say what to remove: a query, --project or --last. To remove everything: logs purge "level>=trace".',
      )
    }
    const query = readQuery(words, context)
    const store = storeOf(context)
    const { total, atLeast } = await store.count(query, WITHIN)
    const many = `${total.toLocaleString('en')}${atLeast ? ' or more' : ''} ${total === 1 ? 'line' : 'lines'}`
    if (context.interactive && !yes && total > 0) {
      return confirmation(
        `Remove ${many} for good?`,
        ['This cannot be undone. "logs export" keeps them elsewhere first.'],
        { label: 'Remove them', line: searchLine('logs purge', words) },
        [{ label: 'Export first', line: searchLine('logs export', words) }],
      )
    }
    const removed = total === 0 ? 0 : await store.purge(query)
    return {
      card: {
        title: removed === 0 ? 'Nothing to remove' : `${removed.toLocaleString('en')} lines are removed`,
        tone: 'muted',
        lines:
          countArchives(context.state).archives > 0
            ? ['Archives made before still have what was in them; "logs archives" lists them.']
            : [],
      },
      result: { removed },
    }
  },
})

const save = command({
  name: 'logs save',
  summary: 'Give a search a name; @name then stands for it',
  examples: ['logs save payments "tag:payments level>=warn"', 'logs search @payments --last 1h'],
  role: 'responder',
  args: {
    name: positional(z.string().regex(/^[\w-]{1,40}$/, 'must be letters, digits, - and _')).describe('A name'),
    query: positional(z.string().min(1).max(2000)).describe('What to look for'),
  },
  run({ name, query }, { state, now, by, config }) {
    parseQuery(query, now, config.timeZone)
    saveSearch(state, { name, query, savedBy: by.name, savedAt: now })
    return {
      card: {
        title: `Saved as @${name}`,
        tone: 'good',
        buttons: [{ label: 'Search it', line: `logs search --query=@${name}` }],
      },
      result: { search: { name, query } },
    }
  },
})

const saved = command({
  name: 'logs saved',
  summary: 'Show the saved searches',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const searches = listSearches(state)
    return {
      card: {
        title: searches.length === 0 ? 'No saved searches' : 'Saved searches',
        tone: 'plain',
        lines:
          searches.length === 0
            ? ['Save one: logs save payments "tag:payments level>=warn"']
            : searches.map(one => [{ bold: `@${one.name}` }, ' ', { code: one.query }, `, by ${one.savedBy}`]),
        buttons: searches.slice(0, 5).map(one => ({ label: `@${one.name}`, line: `logs search --query=@${one.name}` })),
      },
      result: {
        searches: searches.map(one => ({
          name: one.name,
          query: one.query,
          saved_by: one.savedBy,
          saved_at: isoTime(one.savedAt),
        })),
      },
    }
  },
})

const forget = command({
  name: 'logs forget',
  summary: 'Remove a saved search',
  role: 'responder',
  args: { name: positional(z.string().max(41)).describe('Its name') },
  run({ name }, { state }) {
    removeSearch(state, name.replace(/^@/, ''))
    return { card: { title: `@${name.replace(/^@/, '')} is no longer saved`, tone: 'muted' } }
  },
})

export const savedSearchCommands = [exportCommand, purge, save, saved, forget]

async function inTurn<T>(store: LogStore, work: (store: LogStore) => Promise<T>): Promise<T> {
  const others = exporting.get(store) ?? 0
  if (others >= EXPORTS_AT_ONCE)
    throw new Problem('busy', `${others} exports are under way already. Try again in a moment.`, {
      retryAfterMs: 5_000,
    })
  exporting.set(store, others + 1)
  try {
    return await work(store)
  } finally {
    exporting.set(store, exporting.get(store)! - 1)
  }
}

async function collect(store: LogStore, query: Query, format: (typeof FORMATS)[number]) {
  const parts: string[] = format === 'csv' ? [CSV_HEADER] : []
  let bytes = 0
  let lines = 0
  let cursor: string | null = null
  do {
    const page = await store.search({ query, order: 'newest', limit: PAGE, cursor, timeoutMs: WITHIN })
    for (const line of page.lines) {
      const written = write(line, format)
      bytes += Buffer.byteLength(written) + 2
      if (bytes > LARGEST_FILE) return { content: joined(parts, format), lines, whole: false }
      parts.push(written)
      lines++
    }
    cursor = page.next
  } while (cursor !== null)
  return { content: joined(parts, format), lines, whole: true }
}

function write(line: LogLine, format: (typeof FORMATS)[number]): string {
  return format === 'csv' ? csvRecord(line) : JSON.stringify(lineResult(line))
}

function joined(parts: readonly string[], format: (typeof FORMATS)[number]): Buffer {
  if (format === 'json') return Buffer.from(`[\n${parts.join(',\n')}\n]\n`)
  return Buffer.from(format === 'csv' ? parts.join('') : parts.map(part => `${part}\n`).join(''))
}
