// GET /api/config: the limits that clients of the log intake hold to.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { readKeyBySecret } from '../projects/keys.ts'
import { findProject } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'
import { isAdminKey, readSecret } from './auth.ts'
import { errors, json } from './openapi/responses.ts'
import { withOptionalKey } from './openapi/security.ts'

const MAX_BATCH_LINES = 500
const BATCH_INTERVAL_MS = SECOND
const CACHE_SECONDS = 300

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

const ROUTE = createRoute({
  method: 'get',
  path: '/api/config',
  operationId: 'getClientConfig',
  tags: ['Logs'],
  summary: 'Read the limits for senders of log lines',
  description:
    'Those of the project of the key; without a key, those of the project `default`. Cacheable for 5 minutes.',
  ...withOptionalKey,
  responses: {
    200: {
      ...json('The limits.', CONFIG),
      headers: z.object({ 'Cache-Control': z.literal(`max-age=${CACHE_SECONDS}`) }),
    },
    ...errors(500, 503),
  },
})

/** The route of the limits for clients. */
export function clientConfigRoutes({ state, adminKey }: { state: State; adminKey: string }) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  app.openapi(ROUTE, c => {
    const secret = readSecret(c.req.raw.headers)
    const found = secret === null || isAdminKey(secret, adminKey) ? undefined : readKeyBySecret(state, secret)
    const project = found?.project ?? findProject(state)
    return c.json(
      {
        project: found ? project.name : null,
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
