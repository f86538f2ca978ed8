// The REST half on the wire: reads a request, applies ordered faults, checks it, runs its route and checks the answer.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Buckets } from './buckets.ts'
import { commandRoutes, identityRoutes } from './command-routes.ts'
import type { Fault, Faults } from './faults.ts'
import { interactionRoutes } from './interaction-routes.ts'
import { messageRoutes } from './message-routes.ts'
import type { Json } from './message-rules.ts'
import { describedRoute, requestErrors, responseErrors, unknownQuery } from './oracle.ts'
import { invalidForm, Refusal, refusals } from './refusal.ts'
import { readBody } from './request-body.ts'
import type { RouteResponse, Routes } from './routing.ts'
import type { Recorded, World } from './world-types.ts'

export interface Rest {
  world: World
  faults: Faults
  buckets: Buckets
  /** Where the gateway is, for `/gateway/bot`. */
  gatewayRoutes: Routes
}

const BASE = '/api/v10'
const ROUTES: Routes = { ...messageRoutes, ...interactionRoutes, ...commandRoutes, ...identityRoutes }

/** Answers one HTTP request; nothing it meets escapes as an exception. */
export async function serve(rest: Rest, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world, faults } = rest
  const url = new URL(request.url ?? '/', 'http://localhost')
  const method = request.method ?? 'GET'
  const path = decodeURIComponent(url.pathname.startsWith(`${BASE}/`) ? url.pathname.slice(BASE.length) : url.pathname)
  const { body, files, tooLarge } = await readBody(request)
  const template = describedRoute(path)?.template ?? path
  const record: Recorded = { method, path, template, body, files, at: world.now() }
  world.requests.push(record)
  const fault = faults.take(method, path)
  record.hung = fault?.kind === 'hang' || fault?.kind === 'accept-then-timeout'
  world.changed()
  if (fault?.kind === 'hang') return
  if (fault?.kind === 'slow') await new Promise(resolve => setTimeout(resolve, fault.ms))
  const inherent = struckBy(fault)
  if (inherent) return send(record, response, inherent.reply, inherent.headers)
  const { reply, headers } = answer(rest, record, url.searchParams, request.headers.authorization, tooLarge)
  world.changed()
  if (fault?.kind === 'accept-then-timeout') return
  send(record, response, reply, headers)
  world.changed()
}

function struckBy(fault: Fault | undefined): { reply: RouteResponse; headers: Record<string, string> } | undefined {
  if (fault?.kind === 'fail')
    return {
      reply: { status: fault.status, body: fault.body ?? { message: 'An ordered fault', code: 0 } },
      headers: {},
    }
  if (fault?.kind !== 'limit') return undefined
  return limited(
    fault.retryAfter,
    fault.global,
    fault.bare ? {} : { 'x-ratelimit-scope': fault.global ? 'global' : 'user' },
    fault.bare,
  )
}

function limited(retryAfter: number, global: boolean, extra: Record<string, string>, bare = false) {
  const headers = {
    ...extra,
    ...(!bare && { 'retry-after': String(retryAfter) }),
    ...(global && { 'x-ratelimit-global': 'true' }),
  }
  return {
    reply: { status: 429, body: { message: 'You are being rate limited.', retry_after: retryAfter, global } },
    headers,
  }
}

function answer(
  rest: Rest,
  record: Recorded,
  query: URLSearchParams,
  authorization: string | undefined,
  tooLarge: boolean,
) {
  const { world } = rest
  let headers: Record<string, string> = {}
  try {
    const route = routeOf(rest, record)
    if (!isByToken(record) && authorization !== `Bot ${world.token}`) throw refusals.unauthorized()
    const { channel_id, guild_id, webhook_token, interaction_token } = route.params
    const major = channel_id ?? guild_id ?? webhook_token ?? interaction_token ?? ''
    const verdict = rest.buckets.spend(record.method, record.template, major, !isByToken(record))
    headers = verdict.headers
    if (verdict.retryAfter)
      return limited(verdict.retryAfter, verdict.global ?? false, { ...headers, 'x-ratelimit-scope': 'user' })
    if (tooLarge) throw refusals.tooLarge()
    demandGoodForm(world, record, route.params, query)
    const reply = route.run(world, {
      params: route.params,
      query,
      body: (record.body ?? {}) as Json,
      files: record.files,
    })
    for (const wrong of responseErrors(record.method, record.template, reply.status, reply.body))
      world.violations.push(`simulator: ${record.method} ${record.template} answered wrongly: ${wrong}`)
    return { reply, headers }
  } catch (error) {
    return { reply: refused(world, record, error), headers: oldEditHeaders(error, headers) }
  }
}

function routeOf({ gatewayRoutes }: Rest, record: Recorded) {
  const described = describedRoute(record.path)
  const run = { ...ROUTES, ...gatewayRoutes }[`${record.method} ${record.template}`]
  if (described && run) return { run, params: described.params }
  if (!described) throw refusals.noSuchRoute()
  throw described.methods.includes(record.method)
    ? new Refusal(501, 0, 'The simulator does not know this route')
    : refusals.methodNotAllowed()
}

function demandGoodForm(world: World, record: Recorded, params: Record<string, string>, query: URLSearchParams): void {
  for (const [name, value] of Object.entries(params))
    if (name.endsWith('_id') && !/^\d+$/.test(value))
      throw invalidForm([{ path: [name], code: 'NUMBER_TYPE_COERCE', message: `Value "${value}" is not snowflake.` }])
  for (const name of unknownQuery(record.method, record.template, query))
    world.violations.push(`${record.method} ${record.path}: unknown query parameter ${name}`)
  const errors = requestErrors(record.method, record.template, record.body)
  if (errors.length) throw invalidForm(errors)
}

/** Errors of the bot become violations; refusals that a correct bot can meet (10008, 10062, 30046, 403…) do not. */
function refused(world: World, record: Recorded, error: unknown): RouteResponse {
  const refusal = error instanceof Refusal ? error : new Refusal(500, 0, `simulator: ${String((error as Error).stack)}`)
  const mistakes = [50035, 50006, 40060, 40005, 30034]
  if (mistakes.includes(refusal.code) || ([404, 405, 500, 501].includes(refusal.status) && refusal.code === 0))
    world.violations.push(
      `${record.method} ${record.path}: ${refusal.message} ${JSON.stringify(refusal.body.errors ?? '')}`,
    )
  return { status: refusal.status, body: refusal.body }
}

function oldEditHeaders(error: unknown, headers: Record<string, string>): Record<string, string> {
  const after = error instanceof Refusal && error.status === 429 ? error.body.retry_after : undefined
  return after === undefined ? headers : { ...headers, 'retry-after': String(after), 'x-ratelimit-scope': 'shared' }
}

/** Interaction answers carry their own token and need no Authorization. */
const isByToken = ({ template }: Recorded) =>
  template.startsWith('/interactions/') || template.startsWith('/webhooks/{webhook_id}/{webhook_token}')

function send(record: Recorded, response: ServerResponse, reply: RouteResponse, headers: Record<string, string>): void {
  record.status = reply.status
  const text = reply.body === undefined ? '' : JSON.stringify(reply.body)
  response.writeHead(reply.status, { ...headers, ...(text && { 'content-type': 'application/json' }) })
  response.end(text)
}
