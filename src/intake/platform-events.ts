// The routes at which chat platforms send their own requests, such as POST /slack/events.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import type { Receive } from '../chat/channel.ts'
import { Problem } from '../problem.ts'
import { readWhole } from './body.ts'
import { ERROR, errors, text } from './openapi/responses.ts'
import { withoutKey } from './openapi/security.ts'

/** Where a platform sends its requests; without `receive`, `notConfigured` says why none is answered. */
export type PlatformReceiver = {
  name: string
  path: string
  description: string
  notConfigured: string
  receive?: Receive | undefined
}

const MAX_BODY_BYTES = 1024 * 1024

const PAYLOAD = z.looseObject({})
const REFUSAL = z.string().describe('Why, in a sentence.')

/** The routes of the platforms that send requests. */
export function platformRoutes(receivers: readonly PlatformReceiver[]) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  for (const receiver of receivers) {
    const { path, notConfigured, receive } = receiver
    app.openAPIRegistry.registerPath(describeReceiver(receiver))
    app.post(path, async c => {
      if (!receive) throw new Problem('not_found', notConfigured)
      const body = await readWhole(c.req.raw, MAX_BODY_BYTES)
      if (body === null) throw new Problem('too_large', `The body is larger than ${MAX_BODY_BYTES} bytes.`)
      const answer = await receive(body.toString('utf8'), Object.fromEntries(c.req.raw.headers))
      return new Response(answer.body, { status: answer.status, headers: answer.headers })
    })
  }
  return app
}

function describeReceiver({ name, path, description }: PlatformReceiver) {
  return createRoute({
    method: 'post',
    path,
    operationId: `receiveFrom${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    tags: ['Chats'],
    summary: `Receive what the platform ${name} sends`,
    description,
    ...withoutKey,
    request: {
      body: {
        content: {
          'application/json': { schema: PAYLOAD },
          'application/x-www-form-urlencoded': { schema: PAYLOAD },
        },
      },
    },
    responses: {
      200: {
        description: 'The acknowledgement, which may hold the answer.',
        content: { 'text/plain': { schema: z.string() }, 'application/json': { schema: PAYLOAD } },
      },
      400: text('The body is none of this platform.', REFUSAL),
      401: text('The signature is missing, wrong, or too old.', REFUSAL),
      404: {
        description: 'The platform is not configured to send requests here, or nothing answers this one.',
        content: { 'application/json': { schema: ERROR }, 'text/plain': { schema: REFUSAL } },
      },
      ...errors(413),
      500: text('Vakt failed; its own log says why.', REFUSAL),
      503: text('Vakt is stopping.', REFUSAL),
    },
  })
}
