// The HTTP intake: all routes, and how refusals are answered.
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { METHODS } from 'hono/router'
import type { Logger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { answerPage, createPageMethods } from './access/cors.ts'
import { type HostNames, refuseForeignHost } from './access/host-check.ts'
import { routedPath } from './access/paths.ts'
import { withSecurityHeaders } from './access/security-headers.ts'
import { maskKeys } from './access/shown-keys.ts'
import { CLIENT_CONFIG_ROUTE, clientConfigRoutes } from './client-config.ts'
import { type CommandRoutesOptions, commandRoutes, describeCommands } from './commands.ts'
import { type HealthRoutesOptions, healthRoutes } from './health.ts'
import { pageHeaders } from './healthchecks/api-answer.ts'
import { healthchecksRoutes } from './healthchecks/api-routes.ts'
import { badgeRoutes } from './healthchecks/badges.ts'
import { pushRoutes } from './healthchecks/push.ts'
import { pressLinkRoutes } from './links/press-links.ts'
import { type LogRoutesOptions, logRoutes } from './logs.ts'
import { createTallies, measure } from './measure.ts'
import { docsRoutes } from './openapi/docs.ts'
import { createDocument, type DocumentOptions } from './openapi/document.ts'
import { type PingOptions, receivePing } from './pings/ping.ts'
import { pingRoutes } from './pings/ping-routes.ts'
import { type PlatformReceiver, platformRoutes } from './platform-events.ts'
import { errorBody, invalidParameters, problemAnswer } from './problems.ts'
import type { Protocol } from './protocols/protocol.ts'
import type { ReceiveOptions } from './receive/authenticate.ts'
import { receiveAlerts } from './receive/receive-alerts.ts'
import { type ReceiveLogsOptions, receiveLogs } from './receive/receive-logs.ts'
import { receiveProbe } from './receive/receive-probe.ts'
import { toResponse } from './reply.ts'
import { rootRoutes } from './root.ts'
import { satelliteRoutes } from './satellites/satellite-routes.ts'
import { createStatusPages, statusRoutes } from './status/status-routes.ts'

export type IntakeOptions = PingOptions &
  CommandRoutesOptions &
  HealthRoutesOptions &
  DocumentOptions & {
    logger: Logger
    names: HostNames
    /** The setting CORS_ORIGINS: origins whose web pages may send lines and alerts. */
    corsOrigins: readonly string[]
    protocols: readonly Protocol[]
    /** How long lines are kept where their project does not say, ms. */
    retentionMs: number
    /** Absent in an app without a log store. */
    logs?: LogRoutesOptions & ReceiveLogsOptions
    receivers: readonly PlatformReceiver[]
  }

const PING = /^https?:\/\/[^/]+\/+ping\//
/** The paths of Healthchecks' API, which web pages may ask. */
const HEALTHCHECKS = /^\/(?:api\/v[123]|badge|b)\//
/** Status pages and their badges; badges with more parts are those of Healthchecks. */
const PUBLISHED = /^https?:\/\/[^/]+\/*(\/status\/[^?#]*|\/badge\/[^?#/]*)(?:[?#]|$)/
const MAX_SHOWN_PATH_LENGTH = 200

/** The intake as a Hono app; it can be tested without a port. */
export function createIntake(options: IntakeOptions) {
  const { dispatcher, logger } = options
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>({
    getPath: routedPath,
    defaultHook: result => {
      if (!result.success) throw invalidParameters(result.error)
    },
  })

  // Beats come by the thousand, and the router would be a fifth of what each one costs, so they do not pass through it.
  const route = app.fetch
  const tallyOf = createTallies(app, options.telemetry)
  const pings = options.telemetry.requestsOf('any', '/ping')
  const pageMethods = createPageMethods([
    CLIENT_CONFIG_ROUTE,
    ...options.protocols.flatMap(({ routes = [] }) => routes),
  ])
  const published = options.telemetry.requestsOf('any', '/status')
  const statusPages = createStatusPages(options)
  app.fetch = (request, bindings, context) => {
    const begun = performance.now()
    const path = PUBLISHED.exec(request.url)?.[1]
    // For anybody, under any name of the host: it holds nothing but what was chosen to be shown.
    const page = path === undefined ? null : statusPages(request, path)
    if (page !== null) return measure(published, page, begun)
    return PING.test(request.url)
      ? measure(pings, receivePing(options, request, (bindings as HttpBindings | undefined)?.incoming), begun)
      : measure(
          tallyOf(request),
          withSecurityHeaders(
            answerPage(
              options.corsOrigins,
              pageMethods,
              request,
              () => answerForeignHost(options, request) ?? route(request, bindings, context),
            ),
          ),
          begun,
        )
  }
  for (const shown of [...pingRoutes(), ...statusRoutes()]) app.openAPIRegistry.registerPath(shown)

  for (const protocol of options.protocols) addProtocol(app, protocol, options)
  if (options.logs) app.route('/', logRoutes(options.logs))
  app.route('/', clientConfigRoutes(options))
  app.route('/', commandRoutes(options))
  app.route('/', healthRoutes(options))
  app.route('/', platformRoutes(options.receivers))
  app.route('/', healthchecksRoutes(options))
  app.route('/', badgeRoutes(options))
  app.route('/', pushRoutes(options))
  app.route('/', satelliteRoutes({ ...options, ...options.logs }))
  app.route('/', pressLinkRoutes(options))
  app.route('/', rootRoutes(options))
  app.route('/', docsRoutes(createDocument(app, () => [describeCommands(dispatcher)], options)))

  app.notFound(async c => {
    const { method, path } = c.req
    const shownPath = path.slice(0, MAX_SHOWN_PATH_LENGTH)
    const allowed = METHODS.map(name => name.toUpperCase())
      .filter(name => app.router.match(name, path)[0].length > 0)
      .flatMap(name => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
    if (method === 'OPTIONS' && allowed.length > 0 && HEALTHCHECKS.test(path))
      return new Response(null, { status: 204, headers: pageHeaders(allowed.filter(name => name !== 'HEAD')) })
    const isProbe = options.logs !== undefined && (allowed.length === 0 || path.includes('/_'))
    const probed = isProbe ? await receiveProbe(options, c.req.raw, c.env?.incoming) : null
    if (probed !== null) return toResponse(probed)
    if (allowed.length === 0)
      throw new Problem('not_found', `There is nothing at ${method} ${shownPath}. "/docs" shows all routes.`)
    const message = `${shownPath} does not take ${method}. It takes ${allowed.join(', ')}.`
    return c.json(errorBody('method_not_allowed', message), 405, { allow: allowed.join(', ') })
  })
  app.onError((error, c) => {
    const problem =
      error instanceof Problem
        ? error
        : new Problem('internal', 'Vakt failed to answer; the log of Vakt has the reason.')
    if (!(error instanceof Problem))
      logger.error('request failed', { method: c.req.method, path: maskKeys(c.req.path), error })
    const { status, body, headers } = problemAnswer(problem)
    return c.json(body, status, headers)
  })
  return app
}

/** Adds the routes of a protocol and their part of the document. */
export function addProtocol(
  app: OpenAPIHono<{ Bindings: HttpBindings }>,
  protocol: Protocol,
  options: Pick<IntakeOptions, 'storage' | 'clock'> & ReceiveOptions & { logs?: ReceiveLogsOptions },
): void {
  const { logs, storage, clock } = options
  if (protocol.kind === 'logs' && !logs) return
  const receive = (request: Request, incoming: HttpBindings['incoming'] | undefined) =>
    protocol.kind === 'logs'
      ? // Also what the state refuses before the log writer is asked, such as the signature of a request.
        receiveLogs(logs!, protocol, request, incoming, error => storage.recordRefusal('log lines', error, clock.now()))
      : receiveAlerts(options, protocol, request, incoming)
  for (const route of protocol.routes ?? []) {
    app.openAPIRegistry.registerPath(route)
    app.on(route.method.toUpperCase(), route.getRoutingPath(), async c =>
      toResponse(await receive(c.req.raw, c.env?.incoming)),
    )
  }
}

/** The refusal of a request under a name that is not Vakt's, or null. */
export function answerForeignHost(options: Pick<IntakeOptions, 'names'>, request: Request): Response | null {
  try {
    refuseForeignHost(options.names, request)
    return null
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { status, body, headers } = problemAnswer(error)
    return Response.json(body, { status, headers })
  }
}
