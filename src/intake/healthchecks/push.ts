// Uptime Kuma's push URLs: /api/push/<token>?status=&msg=&ping= is a beat of the check that the token means.
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Arrival } from '../../checks/beat.ts'
import { readCheck, readCheckByUuid } from '../../checks/checks.ts'
import { readCheckIdByPushToken } from '../../checks/healthchecks/check-details.ts'
import { readShownAddress } from '../client-address.ts'
import { type PingOptions, storePing } from '../pings/ping.ts'
import { readParameters } from '../receive/authenticate.ts'
import { jsonAnswer } from './api-answer.ts'
import { PUSH_ROUTES } from './api-schemas.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** What Uptime Kuma takes for a message that says nothing. */
const DEFAULT_MESSAGE = 'OK'
const MAX_RESPONSE_TIME_MS = 100_000_000_000
const NO_QUERY = new URLSearchParams()

/** The routes of push URLs. */
export function pushRoutes(options: PingOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  for (const route of PUSH_ROUTES) {
    app.openAPIRegistry.registerPath(route)
    app.on(route.method.toUpperCase(), route.getRoutingPath(), c =>
      receivePush(options, c.req.param('token') ?? '', c.req.raw, c.env?.incoming),
    )
  }
  return app
}

/** Answers as `/api/push/:pushToken` of Uptime Kuma (server/routers/api-router.js) does: every mistake is 404. */
async function receivePush(
  options: PingOptions,
  token: string,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Response> {
  const uuid = findUuid(options, token)
  if (uuid === undefined) return failed('Monitor not found or not active.')
  const parameters = readParameters(request.url)
  const responseTime = Number.parseFloat(parameters.get('ping') ?? '') || null
  if (responseTime !== null && (responseTime < 0 || responseTime > MAX_RESPONSE_TIME_MS))
    return failed(`Invalid ping value. Must be between 0 and ${MAX_RESPONSE_TIME_MS} ms.`)
  const signal = (parameters.get('status') || 'up') === 'up' ? 'success' : 'fail'
  const message = parameters.get('msg') || DEFAULT_MESSAGE
  const parts = [
    ...(message === DEFAULT_MESSAGE && signal === 'success' ? [] : [message]),
    ...(responseTime === null ? [] : [`response time ${responseTime} ms`]),
  ]
  const body = Buffer.from(parts.join('\n'))
  const client = readShownAddress(incoming, request.headers, options.trustedProxies)
  const arrival: Arrival = {
    ...{ signal, exitStatus: null, rid: null, method: request.method },
    ...{ scheme: client.scheme, remoteAddress: client.address },
    userAgent: request.headers.get('user-agent') ?? '',
    body: body.subarray(0, options.pingBodyLimit),
    bodyBytes: body.length,
    outputBytes: null,
  }
  const { status } = await storePing(options, { uuid, signal, exitStatus: null }, arrival, NO_QUERY)
  if (status === 200) return jsonAnswer({ ok: true })
  if (status === 404) return failed('Monitor not found or not active.')
  const busy = jsonAnswer({ ok: false, msg: 'Vakt is busy. Try again in a few seconds.' }, 503)
  busy.headers.set('retry-after', '5')
  return busy
}

function findUuid({ state }: PingOptions, token: string): string | undefined {
  if (UUID.test(token)) return readCheckByUuid(state, token)?.uuid
  const id = readCheckIdByPushToken(state, token)
  return id === undefined ? undefined : readCheck(state, id)?.uuid
}

function failed(msg: string): Response {
  return jsonAnswer({ ok: false, msg }, 404)
}
