// The commands that take log lines out of the store: export to a file, and deletion.

import { z } from 'zod'
import { MEBIBYTE } from '../../src/bytes.ts'
import { countArchives } from '../../src/logs/archives.ts'
import type { LogLine } from '../../src/logs/line.ts'
import { printQuery } from '../../src/logs/query/print.ts'
import type { Query } from '../../src/logs/query/tree.ts'
import { CSV_HEADER, csvRecord, lineResult, missingResult } from '../../src/logs/serialize.ts'
import { type LogStore, missingLines } from '../../src/logs/store.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { fileName, plural } from '../../src/text.ts'
import { confirmation } from '../confirmation.ts'
import { command, yes } from '../context.ts'
import { missingTexts, queryArguments, readQuery, SEARCH_TIMEOUT_MS, storeOf } from './log-query.ts'
import { searchLine } from './logs.ts'

const FORMATS = ['json', 'ndjson', 'csv'] as const
type Format = (typeof FORMATS)[number]

/** Below the limit of every chat platform; HTTP streams more. */
const MAX_FILE_BYTES = 8 * MEBIBYTE
const PAGE_SIZE = 1000
/** Each export has its file in memory, several times while it is sent. */
const MAX_CONCURRENT_EXPORTS = 2
let running = 0

const exportCommand = command({
  name: 'logs export',
  summary: 'Export search results to a file',
  details: 'In chat a file has at most 8 MiB. GET /api/logs?format=ndjson streams results of any size.',
  examples: ['logs export "level>=error" --last 1d --format csv'],
  role: 'viewer',
  args: {
    ...queryArguments(),
    format: z.enum(FORMATS).optional().describe('File format: json, ndjson or csv (default: json)'),
  },
  async run({ format = 'json', ...words }, context) {
    const query = readQuery(words, context)
    const { content, lines, isWhole } = await limited(storeOf(context), store => collect(store, query, format))
    const missing = await missingLines(storeOf(context), query)
    const name = fileName(`logs ${words.query ?? ''}`, context.now, context.config.timeZone, format)
    const url = `${context.publicUrl}/api/logs?format=${format === 'json' ? 'ndjson' : format}&q=${encodeURIComponent(printQuery(query))}`
    return {
      card: {
        title: lines === 0 ? 'No lines to export' : `${plural(lines, 'line')} as ${format}`,
        tone: isWhole && missing.length === 0 ? 'plain' : 'warning',
        lines: [
          ...(isWhole ? [] : ['The file has the newest lines; the others do not fit. Download all lines from', url]),
          ...missingTexts(missing),
        ],
        ...(lines === 0 ? {} : { file: { name, content } }),
      },
      result: { lines, whole: isWhole && missing.length === 0, bytes: content.length, url, ...missingResult(missing) },
    }
  },
})

const purge = command({
  name: 'logs purge',
  summary: 'Delete log lines permanently',
  examples: ['logs purge project:test', 'logs purge "group:prod/old/*"'],
  role: 'admin',
  args: { ...queryArguments(), yes: yes() },
  async run({ yes, ...words }, context) {
    // A key of a project has that project without naming it.
    const isProjectNamed = words.project !== undefined && context.by.project === undefined
    if (!words.query && words.last === undefined && !isProjectNamed) {
      throw invalid(
        'query',
        'Name the lines to delete: a query, --project or --last. To delete all lines: logs purge "level>=trace".',
      )
    }
    const query = readQuery(words, context)
    const store = storeOf(context)
    const { total, atLeast } = await store.count(query, SEARCH_TIMEOUT_MS)
    // A count that ran out of time may have found nothing yet.
    const isNothing = total === 0 && !atLeast
    if (context.interactive && !yes && !isNothing) {
      return confirmation(
        total === 0
          ? 'Delete all lines that match permanently?'
          : `Delete ${atLeast ? 'at least ' : ''}${plural(total, 'line')} permanently?`,
        [
          ...(total === 0 ? ['Counting them takes too long.'] : []),
          'This cannot be undone. "logs export" saves the lines to a file first.',
        ],
        { label: 'Delete them', line: searchLine('logs purge', words) },
        [{ label: 'Export first', line: searchLine('logs export', words) }],
      )
    }
    const removed = isNothing ? 0 : await store.purge(query)
    return {
      card: {
        title: removed === 0 ? 'No lines to delete' : `${plural(removed, 'line')} deleted`,
        tone: 'muted',
        lines:
          countArchives(context.state).archives > 0
            ? ['Archives still contain their lines; "logs archives" shows them.']
            : [],
      },
      result: { removed },
      audit: { count: removed },
    }
  },
})

export const logExportCommands = [exportCommand, purge]

async function limited<T>(store: LogStore, run: (store: LogStore) => Promise<T>): Promise<T> {
  if (running >= MAX_CONCURRENT_EXPORTS)
    throw new Problem('busy', `${running} exports are running. Try again in a moment.`, { retryAfterMs: 5_000 })
  running++
  try {
    return await run(store)
  } finally {
    running--
  }
}

async function collect(store: LogStore, query: Query, format: Format) {
  const records: string[] = format === 'csv' ? [CSV_HEADER] : []
  let bytes = 0
  let lines = 0
  let cursor: string | null = null
  do {
    const page = await store.search({ query, order: 'newest', limit: PAGE_SIZE, cursor, timeoutMs: SEARCH_TIMEOUT_MS })
    for (const line of page.lines) {
      const record = toRecord(line, format)
      bytes += Buffer.byteLength(record) + 2
      if (bytes > MAX_FILE_BYTES) return { content: toFile(records, format), lines, isWhole: false }
      records.push(record)
      lines++
    }
    cursor = page.next
  } while (cursor !== null)
  return { content: toFile(records, format), lines, isWhole: true }
}

function toRecord(line: LogLine, format: Format): string {
  return format === 'csv' ? csvRecord(line) : JSON.stringify(lineResult(line))
}

function toFile(records: readonly string[], format: Format): Buffer {
  if (format === 'json') return Buffer.from(`[\n${records.join(',\n')}\n]\n`)
  return Buffer.from(format === 'csv' ? records.join('') : records.map(record => `${record}\n`).join(''))
}
