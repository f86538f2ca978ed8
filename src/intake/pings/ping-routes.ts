// The ping URLs in the OpenAPI document, and the answers that pings are given.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { retryAfter, text } from '../openapi/responses.ts'
import { withoutKey } from '../openapi/security.ts'
import { RUN_ID } from './ping-url.ts'

/** The texts of the answers by status. */
const ANSWERS = {
  200: z.literal('OK'),
  201: z.literal('Created'),
  400: z.string().meta({ examples: ['invalid url format', 'invalid uuid format', 'invalid period: use a duration …'] }),
  404: z.literal('not found'),
  409: z.literal('ambiguous slug'),
  503: z.literal('busy, try again in a few seconds'),
} as const

/** An answer to a ping, of those that the document has. */
export type PingAnswer = {
  [S in keyof typeof ANSWERS]: { status: S; text: z.output<(typeof ANSWERS)[S]> }
}[keyof typeof ANSWERS]

const DURATION = z
  .string()
  .regex(/^(\d+|(\d+(\.\d+)?(ms|s|m|h|d|w))+)$/)
  .optional()

/** The parameters of every ping; `readCheckDraft` in ping.ts reads them, without this schema. */
const QUERY = z.object({
  rid: z
    .string()
    .regex(RUN_ID)
    .optional()
    .meta({ description: 'The id of a run, a UUID: pairs its start with its end.', format: 'uuid' }),
  size: z
    .string()
    .optional()
    .describe('The size in bytes of what the run made, such as a backup; `checks add --watch-size` watches it.'),
})

const SLUG_QUERY = QUERY.extend({
  create: z.string().optional().describe('`1` creates a check with this slug if there is none.'),
  period: DURATION.meta({
    description:
      'With `create=1`: the time between two beats, 1s to 365d; a bare number is seconds, and whole days follow the wall clock (default: 1d).',
  }),
  grace: DURATION.meta({
    description:
      'With `create=1`: how late a beat may be, 1s to 365d (default: half the period, and at most 1h; 2h for a period of a day and more).',
  }),
})

const RECORDED_HEADERS = z.object({
  'Ping-Body-Limit': z.string().regex(/^\d+$/).describe('How many bytes of a body are kept (`PING_BODY_LIMIT`).'),
  'Access-Control-Allow-Origin': z.literal('*'),
  'Cache-Control': z.string(),
})

const UUID = z.object({
  uuid: z
    .string()
    .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    .meta({ description: 'The UUID of the check, in lower case; `checks show <name>` shows it.', format: 'uuid' }),
})
const SLUG = z.object({
  ping_key: z
    .string()
    .regex(/^[-a-zA-Z0-9_]+$/)
    .describe('The ping key of the project; `projects show` shows it.'),
  slug: z
    .string()
    .regex(/^[-a-z0-9_]+$/)
    .describe('The slug of the check, in lower case.'),
})
const EXIT_STATUS = z.object({
  exit_status: z.int().min(0).max(255).describe('The exit status of the job; 0 is success, all others are failures.'),
})

const BY_UUID = { params: UUID, query: QUERY, statuses: [200, 400, 404, 503] } as const
const BY_SLUG = { params: SLUG, query: SLUG_QUERY, statuses: [200, 201, 400, 404, 409, 503] } as const

const PATHS = [
  { path: '/ping/{uuid}', id: 'ping', summary: 'Report success', ...BY_UUID },
  { path: '/ping/{uuid}/start', id: 'pingStart', summary: 'Report that the job starts', ...BY_UUID },
  { path: '/ping/{uuid}/fail', id: 'pingFail', summary: 'Report a failure', ...BY_UUID },
  { path: '/ping/{uuid}/log', id: 'pingLog', summary: 'Attach a log; the status stays as it is', ...BY_UUID },
  {
    path: '/ping/{ping_key}/{slug}',
    id: 'pingSlug',
    summary: 'Report success by slug, or an exit status by UUID',
    description:
      'Two kinds of URL have this form: `/ping/<ping key>/<slug>`, and `/ping/<uuid>/<exit status>`, such as `/ping/<uuid>/$?` in a script. A UUID first means the second.',
    ...BY_SLUG,
  },
  {
    path: '/ping/{ping_key}/{slug}/start',
    id: 'pingSlugStart',
    summary: 'Report that the job starts, by slug',
    ...BY_SLUG,
  },
  { path: '/ping/{ping_key}/{slug}/fail', id: 'pingSlugFail', summary: 'Report a failure, by slug', ...BY_SLUG },
  { path: '/ping/{ping_key}/{slug}/log', id: 'pingSlugLog', summary: 'Attach a log, by slug', ...BY_SLUG },
  {
    path: '/ping/{ping_key}/{slug}/{exit_status}',
    id: 'pingSlugExitStatus',
    summary: 'Report the exit status of a job, by slug',
    ...BY_SLUG,
    params: SLUG.extend(EXIT_STATUS.shape),
  },
] as const

const METHODS = { get: '', head: 'Head', post: 'Post' } as const
const BODY = {
  description:
    'The output of the job, of any type and encoding. Of a longer one than `PING_BODY_LIMIT` (100,000 bytes) the beginning and the end are kept.',
  content: { 'text/plain': { schema: z.string() } },
}

/** Every ping URL by each of the methods that clients use. Any other method counts as a beat too. */
export function pingRoutes() {
  return PATHS.flatMap(({ path, id, summary, params, query, statuses, ...rest }) =>
    Object.entries(METHODS).map(([method, suffix]) =>
      createRoute({
        method: method as keyof typeof METHODS,
        path,
        operationId: `${id}${suffix}`,
        tags: ['Pings'],
        summary,
        ...rest,
        ...withoutKey,
        request: { params, query, ...(method === 'post' ? { body: BODY } : {}) },
        responses: Object.fromEntries(statuses.map(status => [status, answer(status, method === 'head')])),
      }),
    ),
  )
}

const DESCRIPTIONS = {
  200: 'The beat is stored.',
  201: 'The check was created, and the beat is stored.',
  400: 'The URL, the run id, or the period or grace of a new check is malformed. Nothing is stored.',
  404: 'There is no such check.',
  409: 'Several checks of the project have this slug.',
  503: 'The beat could not be stored.',
} as const

function answer(status: keyof typeof ANSWERS, isHead: boolean) {
  const description = DESCRIPTIONS[status]
  const headers = status < 300 ? { headers: RECORDED_HEADERS } : status === 503 ? retryAfter : {}
  return { ...(isHead ? { description } : text(description, ANSWERS[status])), ...headers }
}
