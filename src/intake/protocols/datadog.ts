// Datadog's intake of logs, as its agent, its libraries, Vector and Fluent Bit send them.
// https://docs.datadoghq.com/api/latest/logs/#send-logs
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import type { Batch } from '../../logs/store.ts'
import type { ProblemCode } from '../../problem.ts'
import { pathIn } from '../access/paths.ts'
import { readIntakeKey } from '../access/shown-keys.ts'
import { json, retryAfter } from '../openapi/responses.ts'
import { withIntakeKey, withoutKey } from '../openapi/security.ts'
import { LOG_HEADERS, PROJECT_PARAMETER } from '../receive/log-parameters.ts'
import { looksLikeJson, mediaType } from './content-type.ts'
import type { LogProtocol } from './protocol.ts'

const REFUSAL = z.object({
  errors: z.array(z.object({ status: z.string(), title: z.string(), detail: z.string() })),
})
const ITEM = z.looseObject({
  message: z.string().optional(),
  ddsource: z.string().optional(),
  ddtags: z.string().optional().describe('Tags, separated by commas: `env:prod,team:shop`.'),
  hostname: z.string().optional(),
  service: z.string().optional(),
  status: z.string().optional().describe('The level.'),
})

const route = (path: string, operationId: string, status: 200 | 202) =>
  createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Logs by other protocols'],
    summary: 'Store logs of Datadog clients',
    description: 'Objects or lines; the key in `DD-API-KEY`, or, as old clients have it, in the path.',
    // A key in the path is no scheme of OpenAPI.
    ...(path.includes('{') ? withoutKey : withIntakeKey),
    request: {
      ...(path.includes('{') ? { params: z.object({ key: z.string() }) } : {}),
      query: z.object({
        project: PROJECT_PARAMETER,
        ...Object.fromEntries(['ddsource', 'ddtags', 'hostname', 'service'].map(name => [name, z.string().optional()])),
      }),
      headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
      body: {
        required: true,
        content: {
          'application/json': { schema: z.union([ITEM, z.array(ITEM)]) },
          'text/plain': { schema: z.string() },
        },
      },
    },
    responses: {
      [status]: json('The lines are stored.', z.object({})),
      ...Object.fromEntries([400, 401, 403, 404, 413, 415].map(code => [code, json('Nothing is stored.', REFUSAL)])),
      ...Object.fromEntries(
        [429, 500, 503].map(code => [code, { ...json('Nothing is stored; try again.', REFUSAL), ...retryAfter }]),
      ),
    },
  })

const OLD = /\/v1\/input(?:\/([^/]+))?\/*$/

export const datadog: LogProtocol = {
  kind: 'logs',
  name: 'datadog',
  routes: [
    route('/api/v2/logs', 'datadogLogs', 202),
    route('/v1/input', 'datadogInput', 200),
    route('/v1/input/{key}', 'datadogInputByKey', 200),
  ],
  readKey({ headers, url }, parameters) {
    const inPath = OLD.exec(pathIn(url))?.[1]
    return inPath === undefined ? readIntakeKey(headers, parameters) : { secret: inPath, mayBeAdmin: false }
  },
  parse({ body, headers, parameters, path }) {
    const stored = { status: OLD.test(path) ? 200 : 202, body: {} }
    // How agents ask whether their key is right.
    if (body.length <= 2 && /^(?:\{\}|\[\]|)$/.test(body.toString('latin1'))) return stored
    const isJson = mediaType(headers).includes('json') || looksLikeJson(body)
    return {
      body,
      format: isJson ? 'json' : 'text',
      defaults: readDefaults(parameters),
      hasTimes: isJson && /"(?:@?timestamp|date)"/.test(body.subarray(0, SNIFFED_BYTES).toString('latin1')),
      answer: ({ accepted, rejected, errors }) =>
        accepted === 0 && rejected > 0 ? refusal(400, errors[0]?.message ?? '') : stored,
    }
  },
  answer: () => ({ status: 202, body: {} }),
  refuse: ({ code, message }) => refusal(STATUS[code], message),
}

/** How much of a body shows whether its items have times. */
const SNIFFED_BYTES = 4_096

function readDefaults(parameters: URLSearchParams): NonNullable<Batch['defaults']> {
  const [service, ddsource, hostname, ddtags] = ['service', 'ddsource', 'hostname', 'ddtags'].map(name =>
    parameters.get(name),
  )
  const source = service || ddsource
  const tags = (ddtags ?? '').split(',').filter(tag => tag !== '')
  return {
    ...(source ? { source } : {}),
    ...(hostname ? { host: hostname } : {}),
    ...(tags.length > 0 ? { tags } : {}),
  }
}

function refusal(status: number, detail: string) {
  return { status, body: { errors: [{ status: String(status), title: TITLES[status] ?? 'Error', detail }] } }
}

const TITLES: { readonly [status: number]: string } = {
  ...{ 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 413: 'Request Entity Too Large' },
  ...{
    415: 'Unsupported Media Type',
    429: 'Too Many Requests',
    500: 'Internal Server Error',
    503: 'Service Unavailable',
  },
}
const STATUS: { readonly [code in ProblemCode]: number } = {
  ...{ invalid: 400, not_a_log: 400, conflict: 400, unauthorized: 403, forbidden: 403, not_found: 404 },
  ...{ too_large: 413, unsupported: 415, limited: 429, internal: 500, busy: 503 },
}
