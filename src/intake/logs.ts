// The log routes: taking lines in, finding them, following them, and taking them away.
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { CommandDispatcher } from '../chat/channel.ts'
import type { LogLine } from '../logs/line.ts'
import { parseQuery } from '../logs/query/parse.ts'
import { scopeToProject } from '../logs/query/scope-query.ts'
import type { Query } from '../logs/query/tree.ts'
import { CSV_HEADER, csvRecord, lineResult } from '../logs/serialize.ts'
import type { LogStore, PageRequest } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import { roleAllows, roleOf } from '../projects/roles.ts'
import { requester } from './auth.ts'
import { type AppendOptions, appendLogs } from './receive-logs.ts'

export type LogRoutesOptions = AppendOptions & { dispatcher: CommandDispatcher; store: LogStore }

const USUAL_PAGE = 100
const LARGEST_PAGE = 1000
const EXPORT_PAGE = 1000
/** How long one page of a search may take before it says how far it got. */
const WITHIN = 10_000
const TAIL_BACKLOG = 1000
const TAIL_ALIVE = 15_000
const NO_BODY = Buffer.alloc(0)

/** The routes below `/api/logs`. */
export function logRoutes(options: LogRoutesOptions) {
  const { state, store, clock } = options
  const app = new Hono<{ Bindings: HttpBindings }>()

  /** The query of a request, held to the project of the key that asks. */
  const readQuery = (request: Request, role: 'viewer' | 'admin'): Query => {
    const speaker = requester(options, request.headers, NO_BODY, clock.now())
    if (!roleAllows(roleOf(state, speaker), role))
      throw new Problem('forbidden', `This needs a key with the role ${role}.`)
    const parameters = new URL(request.url).searchParams
    const query = parseQuery(parameters.get('q') ?? '', clock.now(), options.timeZone)
    const project = speaker.key?.project ?? parameters.get('project')
    return project === null ? query : scopeToProject(query, project)
  }

  app.post('/', async c => {
    const { status, body, headers } = await appendLogs(options, c.req.raw, c.env?.incoming)
    return c.json(body, status, headers)
  })

  app.get('/', async c => {
    const query = readQuery(c.req.raw, 'viewer')
    const format = c.req.query('format') ?? 'json'
    if (format === 'ndjson' || format === 'csv')
      return exportLines(c, store, query, format, readLimit(c.req.query('limit'), Number.POSITIVE_INFINITY))
    if (format !== 'json')
      throw new Problem('invalid', `format=${format.slice(0, 20)} is not known. Use json, ndjson or csv.`, {
        fields: { format: 'must be json, ndjson or csv' },
      })
    const limit = readLimit(c.req.query('limit'), LARGEST_PAGE) ?? USUAL_PAGE
    const page = await store.search({
      query,
      order: 'newest',
      limit,
      cursor: c.req.query('cursor') ?? null,
      timeoutMs: WITHIN,
    })
    const count = await store.count(query, WITHIN)
    return c.json({
      logs: page.lines.map(lineResult),
      total: count.total,
      ...(count.atLeast ? { total_at_least: true } : {}),
      next: page.next,
      ...(page.searchedTo === null ? {} : { searched_to: new Date(page.searchedTo).toISOString() }),
    })
  })

  app.delete('/', async c => {
    const query = readQuery(c.req.raw, 'admin')
    if (query.where === null && query.from === null && query.until === null && c.req.query('all') !== 'true') {
      throw new Problem('invalid', 'Say what to remove in q, or add all=true to remove every line.', {
        fields: { q: 'is empty' },
      })
    }
    return c.json({ removed: await store.purge(query) })
  })

  app.get('/tail', async c => {
    const query = readQuery(c.req.raw, 'viewer')
    const waiting: LogLine[] = []
    let dropped = 0
    let wake = () => {}
    // Before the answer begins: a store that does not open is answered with its sentence.
    const stop = await store.tail(query, lines => {
      const room = Math.max(0, TAIL_BACKLOG - waiting.length)
      waiting.push(...lines.slice(0, room))
      dropped += Math.max(0, lines.length - room)
      wake()
    })
    return streamSSE(c, async sse => {
      sse.onAbort(() => {
        stop()
        wake()
      })
      await sse.writeSSE({ event: 'ready', data: '{}' })
      while (!sse.aborted) {
        for (const line of waiting.splice(0))
          await sse.writeSSE({ event: 'line', id: line.id, data: JSON.stringify(lineResult(line)) })
        if (dropped > 0) await sse.writeSSE({ event: 'dropped', data: JSON.stringify({ lines: dropped }) })
        dropped = 0
        const alive = await new Promise<boolean>(resolve => {
          const timer = setTimeout(() => resolve(true), TAIL_ALIVE)
          wake = () => {
            clearTimeout(timer)
            resolve(false)
          }
          if (waiting.length > 0) wake()
        })
        if (alive) await sse.write(': still here\n\n')
      }
      stop()
    })
  })

  app.get('/:id', async c => {
    const query = readQuery(c.req.raw, 'viewer')
    const line = await store.read(c.req.param('id'))
    const project = projectOf(query)
    if (!line || (project !== null && line.project !== project)) {
      throw new Problem(
        'not_found',
        `There is no log line ${c.req.param('id').slice(0, 60)}; its retention may have passed.`,
      )
    }
    return c.json({ log: lineResult(line) })
  })
  return app
}

function projectOf({ where }: Query): string | null {
  const first = where?.kind === 'and' ? where.parts[0] : where
  return first?.kind === 'field' && first.field === 'project' ? first.value : null
}

function readLimit(text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit
  throw new Problem(
    'invalid',
    `limit must be a whole number from 1${most === Number.POSITIVE_INFINITY ? '' : ` to ${most}`}.`,
    { fields: { limit: 'is out of range' } },
  )
}

function exportLines(
  c: Context,
  store: LogStore,
  query: Query,
  format: 'ndjson' | 'csv',
  limit = Number.POSITIVE_INFINITY,
) {
  const type = format === 'csv' ? 'text/csv' : 'application/x-ndjson'
  c.header('content-type', `${type}; charset=utf-8`)
  c.header('content-disposition', `attachment; filename="logs.${format}"`)
  // Each page waits until the last one was taken: a slow reader holds nothing in memory. One that cannot be read breaks
  // the answer off, so that half an export is never taken for the whole.
  return c.body(ReadableStream.from(exportedPages(store, query, format, limit)).pipeThrough(new TextEncoderStream()))
}

async function* exportedPages(store: LogStore, query: Query, format: 'ndjson' | 'csv', limit: number) {
  if (format === 'csv') yield CSV_HEADER
  let left = limit
  let cursor: string | null = null
  while (left > 0) {
    const request: PageRequest = {
      query,
      order: 'newest',
      limit: Math.min(EXPORT_PAGE, left),
      cursor,
      timeoutMs: WITHIN,
    }
    const page = await store.search(request)
    if (page.lines.length > 0)
      yield page.lines
        .map(line => (format === 'csv' ? csvRecord(line) : `${JSON.stringify(lineResult(line))}\n`))
        .join('')
    left -= page.lines.length
    cursor = page.next
    if (cursor === null) return
  }
}
