// The HTTP intake: every route, and how each refusal is answered.
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { cardText } from '../chat/card-text.ts'
import type { CommandDispatcher, Request as CommandRequest, Receive } from '../chat/channel.ts'
import type { Logger } from '../logger.ts'
import { Problem, type ProblemCode } from '../problem.ts'
import { readKeyBySecret } from '../projects/keys.ts'
import { findProject } from '../projects/projects.ts'
import { type AlertRoutesOptions, alertRoutes } from './alerts.ts'
import { type AuthOptions, isAdminKey, requester, shownSecret } from './auth.ts'
import { readWhole } from './body.ts'
import { docsPage } from './docs-page.ts'
import { type LogRoutesOptions, logRoutes } from './logs.ts'
import { openApi } from './openapi.ts'
import { type PingOptions, receivePing } from './ping.ts'

/** The path at which a chat platform sends its requests; without `receive`, `notConfigured` says why none is answered. */
export type PlatformReceiver = { path: string; notConfigured: string; receive?: Receive | undefined }

export type Readiness = { ready: boolean; parts: Record<string, { ok: boolean; message: string | null }> }

export type IntakeOptions = PingOptions &
  AuthOptions & {
    dispatcher: CommandDispatcher
    version: string
    publicUrl(): string
    alerts: AlertRoutesOptions
    /** Absent in a app without a log store. */
    logs?: LogRoutesOptions
    logger: Logger
    readiness(): Readiness
    metrics(): string
    receivers: readonly PlatformReceiver[]
  }

const PING = /^https?:\/\/[^/]+\/ping\//
const COMMAND_LIMIT = 64 * 1024
const RECEIVER_LIMIT = 1024 * 1024

const STATUS: Record<ProblemCode, 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 500> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  not_a_log: 422,
  limited: 429,
  busy: 503,
  internal: 500,
}

/** The intake as a Hono app; it needs no port to be tested. */
export function createIntake(options: IntakeOptions) {
  const { dispatcher, logger } = options
  const app = new Hono<{ Bindings: HttpBindings }>()

  // Beats pass the router by: they come by the thousand, and routing would be a fifth of what one costs.
  const route = app.fetch
  app.fetch = (request, bindings, context) =>
    PING.test(request.url)
      ? receivePing(options, request, (bindings as HttpBindings | undefined)?.incoming)
      : route(request, bindings, context)

  app.post('/api/commands', async c => {
    const body = await readWhole(c.req.raw, COMMAND_LIMIT)
    if (body === null) throw new Problem('too_large', `A command may be ${COMMAND_LIMIT} bytes long at the most.`)
    const speaker = requester(options, c.req.raw.headers, body, options.clock.now())
    const reply = await dispatcher.run(readCommand(body.toString('utf8')), speaker)
    if (!reply.ok) return c.json(problemBody(reply.problem), STATUS[reply.problem.code], retryHeaders(reply.problem))
    return c.json({
      ok: true,
      card: cardJson(reply.card),
      text: cardText(reply.card, { timeZone: options.timeZone, now: options.clock.now() }),
      result: reply.result,
    })
  })

  app.route('/api/alerts', alertRoutes(options.alerts))
  if (options.logs) app.route('/api/logs', logRoutes(options.logs))
  app.get('/api/config', c => c.json(clientConfig(options, c.req.raw.headers), 200, { 'cache-control': 'max-age=300' }))

  const document = () => openApi(dispatcher.commands, options.publicUrl(), options.version)
  app.get('/openapi.json', c => c.json(document()))
  app.get('/docs', c => c.html(docsPage(document())))
  // Whoever opens the address that Vakt prints.
  app.get('/', c => c.redirect('/docs'))

  app.get('/healthz', c => c.text('ok'))
  app.get('/readyz', c => {
    const readiness = options.readiness()
    return c.json(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', c =>
    c.text(options.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )

  for (const { path, notConfigured, receive } of options.receivers)
    app.post(path, async c => {
      if (!receive) throw new Problem('not_found', notConfigured)
      const body = await readWhole(c.req.raw, RECEIVER_LIMIT)
      if (body === null) throw new Problem('too_large', `The body is larger than ${RECEIVER_LIMIT} bytes.`)
      const answer = await receive(body.toString('utf8'), Object.fromEntries(c.req.raw.headers))
      return new Response(answer.body, { status: answer.status, headers: answer.headers })
    })

  app.notFound(c => {
    const problem = new Problem(
      'not_found',
      `There is nothing at ${c.req.method} ${c.req.path.slice(0, 200)}. "/docs" shows what there is.`,
    )
    return c.json(problemBody(problem), 404)
  })
  app.onError((error, c) => {
    const problem =
      error instanceof Problem
        ? error
        : new Problem('internal', 'Vakt could not answer because of a fault of its own; its log says more.')
    if (!(error instanceof Problem)) logger.error('a request failed', { method: c.req.method, path: c.req.path, error })
    return c.json(problemBody(problem), STATUS[problem.code], retryHeaders(problem))
  })
  return app
}

/** What clients should hold to: the limits of the key's project, or of the first one. */
function clientConfig({ state, adminKey }: IntakeOptions, headers: Headers) {
  const secret = shownSecret(headers)
  const found = secret === null || isAdminKey(secret, adminKey) ? undefined : readKeyBySecret(state, secret)
  const project = found?.project ?? findProject(state)
  return {
    project: found ? project.name : null,
    sampling: { rate: 1 },
    limits: {
      body_bytes: project.bodyLimit,
      lines: project.lineLimit,
      message_bytes: project.messageLimit,
      lines_per_minute: project.rateLimit || null,
    },
    batch: { lines: Math.min(500, project.lineLimit), interval_ms: 1000 },
    encodings: ['gzip', 'deflate', 'br', 'zstd'],
  }
}

function readCommand(text: string): CommandRequest {
  const shapes = 'Send {"line":"checks list"} or {"command":"checks add","args":{"name":"nightly"}} as JSON.'
  let body: { line?: unknown; words?: unknown; command?: unknown; args?: unknown } | null
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw new Problem('invalid', `The body is not JSON (${(error as Error).message}). ${shapes}`, {
      fields: { body: 'is not JSON' },
    })
  }
  if (typeof body?.line === 'string') return { line: body.line }
  if (Array.isArray(body?.words) && body.words.every(word => typeof word === 'string')) return { words: body.words }
  const args = body?.args ?? {}
  if (typeof body?.command !== 'string' || typeof args !== 'object' || Array.isArray(args)) {
    throw new Problem('invalid', `The body names no command. ${shapes}`, {
      fields: { body: 'needs "line", or "command" with "args"' },
    })
  }
  return { command: body.command, args: args as Record<string, unknown> }
}

function problemBody(problem: Problem) {
  return {
    ok: false as const,
    error: { code: problem.code, message: problem.message, ...(problem.fields ? { fields: problem.fields } : {}) },
  }
}

function retryHeaders(problem: Problem): Record<string, string> {
  if (problem.code !== 'busy' && problem.retryAfterMs === undefined) return {}
  return { 'retry-after': String(Math.max(1, Math.ceil((problem.retryAfterMs ?? 5000) / 1000))) }
}

// Bytes of pictures and files travel as base64. A buffer would turn itself into a list of numbers before it is asked.
function cardJson(card: object): unknown {
  return JSON.parse(
    JSON.stringify(card, function (key, value) {
      const whole = (this as Record<string, unknown>)[key]
      return whole instanceof Uint8Array ? Buffer.from(whole).toString('base64') : value
    }),
  )
}
