// The routes of Healthchecks' API, of badges and of push URLs in the OpenAPI document.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { withIntakeKey, withoutKey } from '../openapi/security.ts'
import type { Route } from '../protocols/protocol.ts'

export type ApiRoute =
  | 'list'
  | 'create'
  | 'get'
  | 'update'
  | 'remove'
  | 'pause'
  | 'resume'
  | 'pings'
  | 'body'
  | 'flips'
  | 'channels'
  | 'badges'

const ERROR = z.looseObject({ error: z.string() })
const json = (description: string, schema: z.ZodType) => ({ description, content: { 'application/json': { schema } } })
const error = (description: string) => json(description, ERROR)
const errors = {
  400: error('The request is malformed.'),
  401: error('There is no key, or a wrong one.'),
  403: error('The check belongs to another project, or the project has too many checks.'),
  404: error('There is no such check, ping or body.'),
  405: error('A unique_key only reads.'),
  413: error('The body is too large.'),
  429: {
    ...error('Too many wrong keys came from this address.'),
    headers: z.object({ 'Retry-After': z.int().min(1) }),
  },
}

const CHECK = z
  .looseObject({
    name: z.string(),
    slug: z.string(),
    tags: z.string(),
    desc: z.string(),
    grace: z.int().describe('Seconds.'),
    n_pings: z.int(),
    status: z.enum(['new', 'up', 'grace', 'down', 'paused', 'started']).describe('`started` in version 1 only.'),
    started: z.boolean(),
    last_ping: z.string().nullable(),
    next_ping: z.string().nullable(),
    manual_resume: z.boolean(),
    methods: z.string(),
    badge_url: z.string(),
    unique_key: z.string().optional().describe('For read-only keys, in place of the uuid and the URLs.'),
    uuid: z.string().optional(),
    ping_url: z.string().optional(),
    channels: z.string().optional().describe('The channels that the API chose; empty where the routes of Vakt decide.'),
    timeout: z.int().optional().describe('Seconds between two pings.'),
    schedule: z.string().optional().describe('A cron expression.'),
    tz: z.string().optional(),
  })
  .meta({ id: 'HealthchecksCheck' })
const PING = z.looseObject({ type: z.string(), date: z.string(), n: z.int(), body_url: z.string().nullable() })
const SPEC = z
  .looseObject({ name: z.string().optional() })
  .meta({ example: { name: 'backup', timeout: 86400, grace: 3600 } })

const VERSION = z.enum(['v1', 'v2', 'v3']).describe('The version of the API.')
const ID = z.string().describe('The uuid of the check; to read, also its unique_key.')
const versioned = z.object({ version: VERSION })
const ofCheck = z.object({ version: VERSION, id: ID })
const body = { content: { 'application/json': { schema: SPEC } } }

type Definition = {
  name: ApiRoute | 'status'
  method: 'get' | 'post' | 'delete'
  path: string
  summary: string
  params: z.ZodObject
  methods: readonly string[]
  responses: object
  request?: object
}

const LIST_METHODS = ['GET', 'POST']
const CHECK_METHODS = ['POST', 'DELETE', 'GET']
const CHECKS = '/api/{version}/checks'
const ONE = `${CHECKS}/{id}`
const shown = { 200: json('The check.', CHECK) }

const DEFINITIONS: readonly Definition[] = [
  {
    ...{ name: 'list', method: 'get', path: CHECKS, summary: 'List checks', params: versioned, methods: LIST_METHODS },
    request: { query: z.object({ tag: z.string().optional(), slug: z.string().optional() }) },
    responses: { 200: json('The checks.', z.object({ checks: z.array(CHECK) })) },
  },
  {
    ...{ name: 'create', method: 'post', path: CHECKS, summary: 'Create a check, or find it by `unique`' },
    ...{ params: versioned, methods: LIST_METHODS, request: { body } },
    responses: { 200: json('The check that `unique` found, changed.', CHECK), 201: json('The new check.', CHECK) },
  },
  {
    name: 'get',
    method: 'get',
    path: ONE,
    summary: 'Read a check',
    params: ofCheck,
    methods: CHECK_METHODS,
    responses: shown,
  },
  {
    ...{ name: 'update', method: 'post', path: ONE, summary: 'Change a check', params: ofCheck },
    ...{ methods: CHECK_METHODS, request: { body }, responses: shown },
  },
  {
    name: 'remove',
    method: 'delete',
    path: ONE,
    summary: 'Delete a check',
    params: ofCheck,
    methods: CHECK_METHODS,
    responses: shown,
  },
  {
    name: 'pause',
    method: 'post',
    path: `${ONE}/pause`,
    summary: 'Pause a check',
    params: ofCheck,
    methods: ['POST'],
    responses: shown,
  },
  {
    ...{ name: 'resume', method: 'post', path: `${ONE}/resume`, summary: 'Resume a check', params: ofCheck },
    methods: ['POST'],
    responses: {
      ...shown,
      409: {
        description: 'It is not paused.',
        content: { 'text/plain': { schema: z.literal('check is not paused') } },
      },
    },
  },
  {
    ...{ name: 'pings', method: 'get', path: `${ONE}/pings`, summary: 'List the pings of a check', params: ofCheck },
    methods: ['GET'],
    responses: { 200: json('The pings, newest first.', z.object({ pings: z.array(PING) })) },
  },
  {
    ...{
      name: 'body',
      method: 'get',
      path: `${ONE}/pings/{n}/body`,
      summary: 'Read the body of a ping',
      methods: ['GET'],
    },
    params: ofCheck.extend({ n: z.string().describe('The number of the ping, from 1.') }),
    responses: { 200: { description: 'The body as it came.', content: { 'text/plain': { schema: z.string() } } } },
  },
  {
    ...{ name: 'flips', method: 'get', path: `${ONE}/flips`, summary: 'List the changes of status of a check' },
    ...{ params: ofCheck, methods: ['GET'] },
    request: {
      query: z.object({ start: z.string().optional(), end: z.string().optional(), seconds: z.string().optional() }),
    },
    responses: {
      200: json('Newest first.', z.object({ flips: z.array(z.object({ timestamp: z.string(), up: z.int() })) })),
    },
  },
  {
    ...{
      name: 'channels',
      method: 'get',
      path: '/api/{version}/channels',
      summary: 'List channels',
      params: versioned,
    },
    methods: ['GET'],
    responses: {
      200: json(
        'The channels.',
        z.object({ channels: z.array(z.object({ id: z.string(), name: z.string(), kind: z.string() })) }),
      ),
    },
  },
  {
    ...{
      name: 'badges',
      method: 'get',
      path: '/api/{version}/badges',
      summary: 'List badges by tag',
      params: versioned,
    },
    methods: ['GET'],
    responses: {
      200: json(
        'The addresses of badges.',
        z.object({ badges: z.record(z.string(), z.record(z.string(), z.string())) }),
      ),
    },
  },
  {
    ...{ name: 'status', method: 'get', path: '/api/{version}/status', summary: 'Check that the API answers' },
    ...{ params: versioned, methods: ['GET'] },
    responses: { 200: { description: 'It does.', content: { 'text/plain': { schema: z.literal('OK') } } } },
  },
]

/** The routes of the API, and the methods that their paths take from web pages. */
export const API_ROUTES = DEFINITIONS.map(({ name, methods, params, request, responses, ...route }) => ({
  name,
  methods,
  route: createRoute({
    ...route,
    operationId: `healthchecks${name[0]!.toUpperCase()}${name.slice(1)}`,
    tags: ["Healthchecks' API"],
    ...(name === 'status' ? withoutKey : withIntakeKey),
    request: { params, ...request },
    responses: { ...responses, ...(name === 'status' ? {} : errors), 404: error('There is nothing of that name.') },
  } as never) as unknown as Route,
}))

const FILE = z.string().meta({ description: 'A name that ends in `.svg`, `.json` or `.shields`.' })
const BADGE = {
  200: {
    description: 'The badge.',
    content: {
      'image/svg+xml': { schema: z.string() },
      'application/json': { schema: z.looseObject({}) },
    },
  },
  403: json('The host is not a name of this Vakt.', z.looseObject({})),
  404: error('There is no such badge.'),
}
const badgeRoute = (name: string, path: string, params: z.ZodObject) =>
  createRoute({
    method: 'get',
    path,
    operationId: `badgeOf${name}`,
    tags: ["Healthchecks' API"],
    summary: `Read the badge of a ${name.toLowerCase()}`,
    ...withoutKey,
    request: { params },
    responses: BADGE,
  }) as unknown as Route

const KEY = z.string().describe('The key of the badges of a project.')

/** The routes of badges. */
export const BADGE_ROUTES = [
  {
    name: 'tag',
    route: badgeRoute(
      'Tag',
      '/badge/{badge_key}/{signature}/{file}',
      z.object({ badge_key: KEY, signature: z.string(), file: FILE }),
    ),
  },
  {
    name: 'project',
    route: badgeRoute('Project', '/badge/{badge_key}/{file}', z.object({ badge_key: KEY, file: FILE })),
  },
  {
    name: 'check',
    route: badgeRoute(
      'Check',
      '/b/{states}/{file}',
      z.object({ states: z.string().describe('3 shows late checks as late, 2 as up.'), file: FILE }),
    ),
  },
] as const

const PUSHED = z.object({ ok: z.literal(true) })
const NOT_PUSHED = z.object({ ok: z.literal(false), msg: z.string() })

/** The push URLs of Uptime Kuma. */
export const PUSH_ROUTES = (['get', 'post'] as const).map(
  method =>
    createRoute({
      method,
      path: '/api/push/{token}',
      operationId: method === 'get' ? 'pushUptimeKuma' : 'pushUptimeKumaPost',
      tags: ['Pings'],
      summary: 'Report a beat as to a push monitor of Uptime Kuma',
      ...withoutKey,
      request: {
        params: z.object({ token: z.string().describe('The uuid of the check, or the token that an import kept.') }),
        query: z.object({
          status: z.string().optional().describe('`up` (default) is a success, all others are failures.'),
          msg: z.string().optional().describe('What the job says; kept as the body of the beat.'),
          ping: z.string().optional().describe('A response time in ms; kept with the message.'),
        }),
      },
      responses: {
        200: json('The beat is stored.', PUSHED),
        403: json('The host is not a name of this Vakt.', z.looseObject({})),
        404: json('There is no such check, or the request is malformed.', NOT_PUSHED),
        503: {
          ...json('The beat could not be stored.', NOT_PUSHED),
          headers: z.object({ 'Retry-After': z.int().min(1) }),
        },
      },
    }) as unknown as Route,
)
