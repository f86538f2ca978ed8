// GET /api/config: the limits that clients of the log intake hold to.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../problem.ts'
import { findProject, type Project } from '../projects/projects.ts'
import { SECOND } from '../time.ts'
import { readIntakeKey } from './access/shown-keys.ts'
import { limitWrongKeys } from './access/wrong-keys.ts'
import { type AuthOptions, findKey, isAdminKey } from './auth.ts'
import { errors, json } from './openapi/responses.ts'
import { withOptionalIntakeKey } from './openapi/security.ts'
import { readParameters } from './receive/authenticate.ts'
import { isSigned, readSignature, type SignedRequest } from './signed.ts'

const MAX_BATCH_LINES = 500
const BATCH_INTERVAL_MS = SECOND
const CACHE_SECONDS = 300
const NO_BODY = Buffer.alloc(0)

const CONFIG = z.object({
  project: z.string().nullable().describe('The project of the key; null without one.'),
  sampling: z.object({ rate: z.number().min(0).max(1).describe('The share of lines to send.') }),
  limits: z.object({
    body_bytes: z.int().describe('The largest body, after decompression.'),
    lines: z.int().describe('The most lines in a request.'),
    message_bytes: z.int().describe('Longer messages are cut.'),
    lines_per_minute: z.int().nullable().describe('The most lines in a minute; null is no limit.'),
  }),
  batch: z
    .object({ lines: z.int(), interval_ms: z.int() })
    .describe('A good size of a request, and how often to send.'),
  encodings: z.array(z.string()).describe('What a body may be compressed with.'),
})

/** The route of the limits, which web pages may ask, too. */
export const CLIENT_CONFIG_ROUTE = createRoute({
  method: 'get',
  path: '/api/config',
  operationId: 'getClientConfig',
  tags: ['Logs'],
  summary: 'Read the limits for senders of log lines',
  description:
    'Those of the project of the key; without a key, those of the project `default`. Cacheable for 5 minutes.',
  ...withOptionalIntakeKey,
  responses: {
    200: {
      ...json('The limits.', CONFIG),
      headers: z.object({ 'Cache-Control': z.literal(`max-age=${CACHE_SECONDS}`) }),
    },
    ...errors(403, 429, 500, 503),
  },
})

/** The route of the limits for clients. */
export function clientConfigRoutes(options: AuthOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  app.openapi(CLIENT_CONFIG_ROUTE, async c => {
    const own = await findOwnProject(options, { request: c.req.raw, incoming: c.env?.incoming, rawBody: NO_BODY })
    const project = own ?? findProject(options.state)
    return c.json(
      {
        project: own?.name ?? null,
        sampling: { rate: 1 },
        limits: {
          body_bytes: project.bodyLimit,
          lines: project.lineLimit,
          message_bytes: project.messageLimit,
          lines_per_minute: project.rateLimit || null,
        },
        batch: { lines: Math.min(MAX_BATCH_LINES, project.lineLimit), interval_ms: BATCH_INTERVAL_MS },
        encodings: ['gzip', 'deflate', 'br', 'zstd'],
      },
      200,
      { 'cache-control': `max-age=${CACHE_SECONDS}` },
    )
  })
  return app
}

/** The project of the key that a request shows; null for the admin key, without a key, and with a wrong one. */
async function findOwnProject(options: AuthOptions, signed: SignedRequest): Promise<Project | null> {
  const { request, incoming } = signed
  const identify = () => {
    if (isSigned(request.headers)) return readSignature(options, signed, options.clock.now()).project
    const shown = readIntakeKey(request.headers, readParameters(request.url))
    return shown === null || isAdminKey(options, shown, request, incoming)
      ? null
      : findKey(options.state, shown).project
  }
  try {
    return await limitWrongKeys(options, request, incoming, identify)
  } catch (error) {
    if (error instanceof Problem && error.code === 'unauthorized') return null
    throw error
  }
}
