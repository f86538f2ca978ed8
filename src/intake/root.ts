// GET /: a page to browsers, and JSON to clients of Elasticsearch, which ask it before anything else.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { errors, json } from './openapi/responses.ts'
import { withOptionalIntakeKey } from './openapi/security.ts'
import type { ReceiveOptions } from './receive/authenticate.ts'
import { receiveRootProbe } from './receive/receive-probe.ts'
import { toResponse } from './reply.ts'

const ROOT = createRoute({
  method: 'get',
  path: '/',
  operationId: 'getRoot',
  tags: ['Documentation'],
  summary: 'Go to the documentation',
  description: 'A browser is led to `/docs`; clients of Elasticsearch get the answer that they ask for.',
  ...withOptionalIntakeKey,
  responses: {
    200: {
      ...json(
        'To clients: the server as Elasticsearch shows itself.',
        z.looseObject({
          cluster_name: z.string(),
          version: z.looseObject({ number: z.string() }),
          tagline: z.string(),
        }),
      ),
      headers: z.object({ 'X-Elastic-Product': z.literal('Elasticsearch') }),
    },
    302: { description: 'To browsers: go to `/docs`.', headers: z.object({ Location: z.literal('/docs') }) },
    401: json(
      'The key is unknown.',
      z.looseObject({ error: z.looseObject({ type: z.string(), reason: z.string() }), status: z.int() }),
    ),
    ...errors(403),
  },
})

/** The route of the root. */
export function rootRoutes(options: ReceiveOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  app.openapi(ROOT, async c => {
    // The start-up message prints the address of Vakt, so its root leads people to the documentation.
    if (c.req.header('accept')?.includes('text/html')) return c.redirect('/docs', 302)
    return toResponse(await receiveRootProbe(options, c.req.raw, c.env?.incoming)) as never
  })
  return app
}
