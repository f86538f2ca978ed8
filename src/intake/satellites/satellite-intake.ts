// The HTTP intake of a satellite: pings, push URLs and log lines by every protocol; everything else is asked at the main.
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { readCheckIdByPushToken } from '../../checks/healthchecks/check-details.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { readKeyById, readKeyBySecret } from '../../projects/keys.ts'
import { readProjectByPingKey } from '../../projects/projects.ts'
import { answerPage, createPageMethods } from '../access/cors.ts'
import type { HostNames } from '../access/host-check.ts'
import { pathIn, routedPath } from '../access/paths.ts'
import { withSecurityHeaders } from '../access/security-headers.ts'
import { maskKeys, readIntakeKey } from '../access/shown-keys.ts'
import { addProtocol, answerForeignHost } from '../app.ts'
import { CLIENT_CONFIG_ROUTE, clientConfigRoutes } from '../client-config.ts'
import { pushRoutes } from '../healthchecks/push.ts'
import { findPinged, type PingOptions, receivePing } from '../pings/ping.ts'
import { readPingUrl } from '../pings/ping-url.ts'
import { problemAnswer } from '../problems.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { readParameters } from '../receive/authenticate.ts'
import type { ReceiveLogsOptions } from '../receive/receive-logs.ts'
import { receiveProbe, receiveRootProbe } from '../receive/receive-probe.ts'
import { toResponse } from '../reply.ts'

export type SatelliteIntakeOptions = PingOptions &
  ReceiveLogsOptions & {
    logger: Logger
    names: HostNames
    corsOrigins: readonly string[]
    protocols: readonly Protocol[]
    /** The address of the main. */
    main: string
    /** Fetches the list of keys and checks; false while the main does not answer. */
    isUpToDate(): Promise<boolean>
    /** Why nothing can be taken; null when all is well. */
    refusal(): string | null
    /** How the satellite is, in JSON. */
    status(): { ready: boolean } & Record<string, unknown>
    metrics(): string
  }

const PING = /^https?:\/\/[^/]+\/+ping\//
const PUSH = /^\/api\/push\/([^/?]+)/
const RETRY_AFTER = { 'retry-after': '5' }

/** The intake of a satellite as a Hono app. */
export function createSatelliteIntake(options: SatelliteIntakeOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>({ getPath: routedPath })
  const protocols = options.protocols.filter(({ kind }) => kind === 'logs')
  const route = app.fetch
  const pageMethods = createPageMethods([CLIENT_CONFIG_ROUTE, ...protocols.flatMap(({ routes = [] }) => routes)])

  app.fetch = (request, bindings, context) => {
    const incoming = (bindings as HttpBindings | undefined)?.incoming
    if (PING.test(request.url)) return ping(options, request, incoming)
    const answer = async () =>
      answerForeignHost(options, request) ??
      (await refuseUnknown(options, request)) ??
      (await route(request, bindings, context))
    return withSecurityHeaders(answerPage(options.corsOrigins, pageMethods, request, answer))
  }

  for (const protocol of protocols) addProtocol(app, protocol, { ...options, logs: options })
  app.route('/', clientConfigRoutes(options))
  app.route('/', pushRoutes(options))
  app.get('/healthz', c => c.text('ok'))
  app.get('/readyz', c => {
    const status = options.status()
    return c.json(status, status.ready ? 200 : 503)
  })
  app.get('/metrics', c =>
    c.text(options.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/', async c =>
    c.req.header('accept')?.includes('text/html')
      ? c.text(`This is a satellite of the Vakt at ${options.main}. It takes beats and log lines.\n`)
      : toResponse(await receiveRootProbe(options, c.req.raw, c.env?.incoming)),
  )

  app.notFound(async c => {
    const probed = await receiveProbe(options, c.req.raw, c.env?.incoming)
    if (probed !== null) return toResponse(probed)
    throw new Problem(
      'not_found',
      `A satellite takes beats and log lines only. Send everything else to ${options.main}.`,
    )
  })
  app.onError((error, c) => {
    const problem =
      error instanceof Problem
        ? error
        : new Problem('internal', 'The satellite failed to answer; its log has the reason.')
    if (!(error instanceof Problem))
      options.logger.error('request failed', { method: c.req.method, path: maskKeys(c.req.path), error })
    const { status, body, headers } = problemAnswer(problem)
    return c.json(body, status, headers)
  })
  return app
}

async function ping(
  options: SatelliteIntakeOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Response> {
  const url = readPingUrl(pathIn(request.url))
  const isKnown = url.kind !== 'ping' || findPinged(options.state, url.ping).length > 0 || mayCreate(options, request)
  const refusal = options.refusal()
  if (refusal !== null) return plain(503, refusal)
  if (!isKnown && !(await options.isUpToDate()))
    return plain(503, 'busy: the check is not known here, and the main does not answer')
  return receivePing(options, request, incoming)
}

/** Whether a ping creates its check in a project that is known. */
function mayCreate({ state }: SatelliteIntakeOptions, request: Request): boolean {
  const pingKey = /^\/ping\/([^/]+)\/./.exec(pathIn(request.url))?.[1]
  const isAsked = readParameters(request.url).get('create') === '1'
  return isAsked && pingKey !== undefined && readProjectByPingKey(state, pingKey) !== undefined
}

function plain(status: number, text: string): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...RETRY_AFTER } })
}

/**
 * The refusal of a request that is not understood yet: its key or push token is not in the list, which may be old. Null when
 * the request can be answered, also by a refusal of its own.
 */
async function refuseUnknown(options: SatelliteIntakeOptions, request: Request): Promise<Response | null> {
  const path = pathIn(request.url)
  if (/^\/(?:healthz|readyz|metrics)?$/.test(path) && request.method === 'GET') return null
  const refusal = options.refusal()
  if (refusal !== null) return busy(refusal)
  if (isSenderKnown(options, request, path) || (await options.isUpToDate())) return null
  return busy('The key is not known here, and the main does not answer. Send it again later.')
}

function busy(message: string): Response {
  const { status, body, headers } = problemAnswer(new Problem('busy', message))
  return Response.json(body, { status, headers })
}

function isSenderKnown({ state }: SatelliteIntakeOptions, request: Request, path: string): boolean {
  const token = PUSH.exec(path)?.[1]
  if (token !== undefined) return readCheckIdByPushToken(state, token) !== undefined
  const id = request.headers.get('x-vakt-key')
  if (id !== null) return readKeyById(state, id) !== undefined
  const shown = readIntakeKey(request.headers, readParameters(request.url))
  return !shown?.secret || readKeyBySecret(state, shown.secret) !== undefined
}
