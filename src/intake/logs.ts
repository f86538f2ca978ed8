// The routes that read and delete log lines: search, export, live tail, one line, purge.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { z } from 'zod'
import type { Requester } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Role } from '../command/command.ts'
import type { LogLine } from '../logs/line.ts'
import { parseQuery } from '../logs/query/parse.ts'
import { scopeToProject } from '../logs/query/scope-query.ts'
import type { Query } from '../logs/query/tree.ts'
import { adviseOnSearch } from '../logs/search-advice.ts'
import { ALL_PROJECTS, expandSavedSearch } from '../logs/searches.ts'
import { lineResult, missingResult } from '../logs/serialize.ts'
import { type LogStore, missingLines, readBy } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import { writeAudit } from '../projects/audit.ts'
import { readProject } from '../projects/projects.ts'
import { roleAllows, roleOf } from '../projects/roles.ts'
import { errorMessage, truncate } from '../text.ts'
import { isoTime, SECOND } from '../time.ts'
import { maskKeys } from './access/shown-keys.ts'
import { type AuthOptions, findRequester } from './auth.ts'
import { readWhole } from './body.ts'
import { KEEP_ALIVE_MS, MAX_DROPPED_LINES, MAX_WAITING_LINES } from './line-events.ts'
import { exportLines, tailLines } from './log-streams.ts'
import { LOG_LINE } from './openapi/log-line.ts'
import { errors, json } from './openapi/responses.ts'
import { withKey } from './openapi/security.ts'
import type { TailPlaces } from './tail-places.ts'

export type LogRoutesOptions = AuthOptions & {
  tailPlaces: TailPlaces
  clock: Clock
  timeZone: string
  store: LogStore
}

const DEFAULT_PAGE_SIZE = 100
const MAX_PAGE_SIZE = 1_000
/** How long one page of a search may take before it is answered with what was found until then. */
const SEARCH_TIMEOUT_MS = 10 * SECOND
const NO_BODY = Buffer.alloc(0)
const MAX_IGNORED_BODY_BYTES = 64 * 1024
const MAX_AUDITED_QUERY_LENGTH = 1_000

type Env = {
  Bindings: HttpBindings
  /** The project that the request is limited to, or null for all; and who asks. */
  Variables: { project: string | null; requester: Requester }
}

const QUERY_TEXT = z
  .string()
  .default('')
  .describe('What to find, as in `logs search`: `timeout level>=warn host:web-1 last:1h` (default: everything).')
const PROJECT = z
  .string()
  .optional()
  .describe('Only this project. A key of a project reads its own project only, whatever is named here.')

const SEARCH = createRoute({
  method: 'get',
  path: '/api/logs',
  operationId: 'searchLogs',
  tags: ['Logs'],
  summary: 'Search log lines, newest first',
  description:
    '`json` answers one page and the cursor of the next. `ndjson` and `csv` stream all lines; an export that cannot be completed breaks off, so half of it is never mistaken for the whole.',
  ...withKey,
  request: {
    query: z.object({
      q: QUERY_TEXT,
      project: PROJECT,
      format: z.enum(['json', 'ndjson', 'csv'], { error: 'must be json, ndjson or csv' }).default('json'),
      limit: z.coerce
        .number('must be a whole number of 1 or more')
        .int('must be a whole number of 1 or more')
        .min(1, 'must be a whole number of 1 or more')
        .optional()
        .describe(
          `How many lines: at most ${MAX_PAGE_SIZE} as JSON (default: ${DEFAULT_PAGE_SIZE}), any number as NDJSON or CSV (default: all).`,
        ),
      cursor: z.string().optional().describe('`next` of an earlier answer to the same query.'),
    }),
  },
  responses: {
    200: {
      description: 'The lines.',
      content: {
        'application/json': {
          schema: z.object({
            logs: z.array(LOG_LINE),
            total: z.int().min(0).describe('How many lines there are in all, exact up to 100,000.'),
            total_at_least: z.literal(true).optional().describe('There are more lines than `total`.'),
            next: z.string().nullable().describe('The cursor of the next page; null on the last one.'),
            searched_to: z.iso
              .datetime()
              .optional()
              .describe('The search ran out of time and looked back to here; `next` goes on from there.'),
            hints: z.array(z.string()).optional().describe('What to try, when no line was found.'),
            missing: z
              .array(
                z.object({
                  partition: z.string(),
                  from: z.iso.datetime(),
                  until: z.iso.datetime(),
                  message: z.string().describe('What happened to it, and what to do.'),
                }),
              )
              .optional()
              .describe(
                'Damaged or removed partitions with lines of about this time, which are in neither `logs` nor `total`.',
              ),
          }),
        },
        'application/x-ndjson': { schema: z.string().describe('A stored line as JSON on each line.') },
        'text/csv': { schema: z.string().describe('CSV (RFC 4180) with a header.') },
      },
    },
    ...errors(400, 401, 403, 429, 500, 503),
  },
})

const PURGE = createRoute({
  method: 'delete',
  path: '/api/logs',
  operationId: 'deleteLogs',
  tags: ['Logs'],
  summary: 'Delete log lines',
  description: 'Needs a key with the role admin.',
  ...withKey,
  request: {
    query: z.object({
      q: QUERY_TEXT.describe('Which lines to delete, as in `logs search`.'),
      project: PROJECT,
      all: z
        .enum(['true', 'false'], { error: 'must be true or false' })
        .optional()
        .describe('Needed to delete every line, which is what an empty `q` means.'),
    }),
  },
  responses: {
    200: json('The lines are deleted.', z.object({ removed: z.int().min(0).describe('How many.') })),
    ...errors(400, 401, 403, 429, 500, 503),
  },
})

const EVENT = z.union([
  z.object({ event: z.literal('ready'), data: z.literal('{}') }).describe('Lines stored from now on are sent.'),
  z
    .object({ event: z.literal('line'), id: z.string().describe('The id of the line.'), data: z.string() })
    .describe('A stored line as JSON.'),
  z
    .object({ event: z.literal('dropped'), data: z.string().regex(/^\{"lines":\d+\}$/) })
    .describe(
      `Lines that were left out, because more than ${MAX_WAITING_LINES} were waiting, or too many came at once.`,
    ),
  z
    .object({ event: z.literal('closed'), data: z.string().describe('`{"message":"…"}`') })
    .describe(
      `The stream ends: the key was revoked, or ${MAX_DROPPED_LINES} lines were left out for a reader that took none.`,
    ),
])

const TAIL = createRoute({
  method: 'get',
  path: '/api/logs/tail',
  operationId: 'tailLogs',
  tags: ['Logs'],
  summary: 'Follow log lines as they come',
  description: `Server-sent events: \`ready\`, then \`line\` for each line and \`dropped\` where some were left out. A comment after every ${KEEP_ALIVE_MS / SECOND} s without lines keeps the connection open.`,
  ...withKey,
  request: { query: z.object({ q: QUERY_TEXT, project: PROJECT }) },
  responses: {
    200: {
      description: 'The events; the schema is that of one event.',
      content: { 'text/event-stream': { schema: EVENT } },
    },
    ...errors(400, 401, 403, 429, 500, 503),
  },
})

const SHOW = createRoute({
  method: 'get',
  path: '/api/logs/{id}',
  operationId: 'getLog',
  tags: ['Logs'],
  summary: 'Read one log line',
  ...withKey,
  request: { params: z.object({ id: z.string() }), query: z.object({ project: PROJECT }) },
  responses: { 200: json('The line.', z.object({ log: LOG_LINE })), ...errors(401, 403, 404, 429, 500, 503) },
})

/** The routes that read and delete log lines. */
export function logRoutes(options: LogRoutesOptions) {
  const { store, clock } = options
  const app = new OpenAPIHono<Env>()

  /** Lines are deleted in other ways than by commands, so this writes the row that the dispatcher writes for them. */
  const audit = (c: Context<Env>, outcome: string, count?: number) => {
    const { platform, id, name, address, key } = c.get('requester')
    const by = { platform, id, name, ...(address ? { address } : {}), ...(key ? { keyId: id } : {}) }
    const query = truncate(maskKeys(new URL(c.req.url).search), MAX_AUDITED_QUERY_LENGTH)
    const facts = count === undefined ? {} : { count }
    writeAudit(options.state, by, `${c.req.method} ${c.req.path}${query}`, outcome, clock.now(), facts)
  }

  /** Refuses requests whose key lacks the role, and limits a project's key to its project. */
  const needs =
    (role: Role): MiddlewareHandler<Env> =>
    async (c, next) => {
      // What a DELETE carries is signed too, although nothing in it counts.
      const rawBody = (await readWhole(c.req.raw, MAX_IGNORED_BODY_BYTES)) ?? NO_BODY
      const requester = await findRequester(options, { request: c.req.raw, incoming: c.env?.incoming, rawBody })
      c.set('requester', requester)
      if (!roleAllows(roleOf(options.state, requester), role)) {
        const problem = new Problem('forbidden', `This needs a key with the role ${role}.`)
        if (role !== 'viewer') audit(c, problem.message)
        throw problem
      }
      c.set('project', requester.key?.project ?? c.req.query('project') ?? null)
      await next()
    }

  /** Searches wait in the turn of the key. */
  const storeOf = (c: Context<Env>) => readBy(store, `api ${c.get('requester').id}`)

  const readQuery = (c: Context<Env>, text: string): Query => {
    const project = c.get('project')
    const own = project === null ? undefined : readProject(options.state, project)
    // A key of a project knows the saved searches of its project only.
    const shared = c.get('requester').key?.project === undefined ? [ALL_PROJECTS] : []
    // Programs also look for words that begin with @.
    const expanded = expandSavedSearch(options.state, text, own ? [own.id, ...shared] : shared, 'stays')
    const query = parseQuery(expanded, clock.now(), options.timeZone)
    return project === null ? query : scopeToProject(query, project)
  }

  app.openapi({ ...SEARCH, middleware: needs('viewer') }, async c => {
    const { q, format, limit, cursor } = c.req.valid('query')
    const query = readQuery(c, q)
    if (format !== 'json') {
      const request = { query, order: 'newest' as const, timeoutMs: SEARCH_TIMEOUT_MS }
      return exportLines(c, storeOf(c), request, format, limit) as never
    }
    if (limit !== undefined && limit > MAX_PAGE_SIZE)
      throw new Problem('invalid', `limit must be a whole number from 1 to ${MAX_PAGE_SIZE} with format=json.`, {
        fields: { limit: 'is out of range' },
      })
    const page = await storeOf(c).search({
      query,
      order: 'newest',
      limit: limit ?? DEFAULT_PAGE_SIZE,
      cursor: cursor ?? null,
      timeoutMs: SEARCH_TIMEOUT_MS,
    })
    const count = await storeOf(c).count(query, SEARCH_TIMEOUT_MS)
    const missing = await missingLines(store, query)
    const isEmpty = page.lines.length + count.total === 0 && page.searchedTo === null && cursor === undefined
    return c.json(
      {
        logs: page.lines.map(toLogLine),
        total: count.total,
        ...(count.atLeast ? { total_at_least: true as const } : {}),
        next: page.next,
        ...(page.searchedTo === null ? {} : { searched_to: isoTime(page.searchedTo) }),
        ...missingResult(missing),
        ...(isEmpty && missing.length === 0 ? { hints: await adviseOnSearch(storeOf(c), query) } : {}),
      },
      200,
    )
  })

  app.openapi({ ...PURGE, middleware: needs('admin') }, async c => {
    const { q, all } = c.req.valid('query')
    const query = readQuery(c, q)
    const { where, from, until } = parseQuery(q, clock.now(), options.timeZone)
    const isNamed =
      where !== null || from !== null || until !== null || isProjectNamed(new URL(c.req.url), c.get('project'))
    if (!isNamed && all !== 'true') {
      throw new Problem('invalid', 'Name the lines to delete in q, or add all=true to delete every line.', {
        fields: { q: 'is empty' },
      })
    }
    const removed = await store.purge(query).catch(error => {
      audit(c, errorMessage(error))
      throw error
    })
    audit(c, 'done', removed)
    return c.json({ removed }, 200)
  })

  app.openapi({ ...TAIL, middleware: needs('viewer') }, async c => {
    const query = readQuery(c, c.req.valid('query').q)
    // The body of a HEAD is never read, so a stream for it would keep its place for ever.
    if (c.req.raw.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' }) as never
    const place = options.tailPlaces.take(c.get('requester'))
    return (await tailLines(c, place, store, query)) as never
  })

  app.openapi({ ...SHOW, middleware: needs('viewer') }, async c => {
    const { id } = c.req.valid('param')
    const line = await storeOf(c).read(id)
    const project = c.get('project')
    if (!line || (project !== null && line.project !== project))
      throw new Problem(
        'not_found',
        `There is no log line ${id.slice(0, 60)}. It may be older than the retention of its project.`,
      )
    return c.json({ log: toLogLine(line) }, 200)
  })
  return app
}

/** Whether a request names the project that it is for, and nothing else that could be meant to name lines: `query=` is not `q=`. */
function isProjectNamed({ searchParams }: URL, project: string | null): boolean {
  return (
    project !== null &&
    searchParams.get('project') === project &&
    [...searchParams.keys()].every(name => KNOWN_TO_PURGE.has(name))
  )
}

const KNOWN_TO_PURGE: ReadonlySet<string> = new Set(['project', 'q', 'all', 'key'])

/** The line as the document has it. */
function toLogLine(line: LogLine): z.output<typeof LOG_LINE> {
  return lineResult(line)
}
