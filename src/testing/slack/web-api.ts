// The Web API's door: reads a request, checks token, scope, limits and faults, runs the method, and answers as Slack does.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fault, Faults } from './faults.ts'
import { METHODS } from './methods/index.ts'
import type { Call, Method } from './methods/method.ts'
import { createRateLimits } from './rate-limits.ts'
import { asObject, asText, type Obj, SlackRefusal } from './wire.ts'

/** One request to the Web API as a test reads it. */
export interface ApiRequest {
  method: string
  args: Obj
  token: string
  at: number
  /** `ok`, Slack's error code, `status 500`, or `no answer`. */
  answer: string
}

/** What the door needs to know of the workspace and its app. */
export interface WebApi {
  call: Omit<Call, 'args' | 'violate'>
  faults: Faults
  tokens: { bot: string; app: string; scopes: readonly string[]; revoked: boolean }
  limited: () => boolean
  requests: ApiRequest[]
  violate: (text: string) => void
}

/** Answers one request for `name`; the body was read before. */
export function createWebApi(api: WebApi) {
  const limits = createRateLimits(api.call.workspace.now)

  return async (name: string, request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> => {
    const args = readArgs(body, request.headers['content-type'] ?? '')
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? asText(args.token)
    const entry: ApiRequest = { method: name, args, token, at: api.call.workspace.now(), answer: 'no answer' }
    api.requests.push(entry)
    const say = (status: number, content: Obj, headers: Record<string, string> = {}) => {
      entry.answer = status !== 200 ? `status ${status}` : content.ok === true ? 'ok' : asText(content.error)
      if (response.writableEnded || response.destroyed) return
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
      response.end(JSON.stringify(content))
    }
    const method = METHODS[name]
    const fault = api.faults.take(name, args.channel)
    if (fault !== undefined && (await suffer(fault, say, () => method && run(name, method, args, token)))) return
    if (method === undefined) {
      api.violate(`unknown method ${name}`)
      return say(200, { ok: false, error: 'unknown_method' })
    }
    const retryAfter = api.limited() ? limits.check(name, method.tier, args.channel) : undefined
    if (retryAfter !== undefined)
      return say(429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(retryAfter) })
    say(200, run(name, method, args, token))
  }

  function run(name: string, method: Method, args: Obj, token: string): Obj {
    try {
      authorize(method, token)
      const violate = (text: string) => api.violate(`${name}: ${text}`)
      return { ok: true, ...method.run({ ...api.call, args, violate }) }
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error
      return refuse(name, error)
    }
  }

  function authorize(method: Method, token: string): void {
    const { bot, app, scopes, revoked } = api.tokens
    if (token === '') throw new SlackRefusal('not_authed')
    if (token !== bot && token !== app) throw new SlackRefusal('invalid_auth')
    if (revoked) throw new SlackRefusal('token_revoked')
    if ((token === app) !== (method.appLevel === true)) throw new SlackRefusal('not_allowed_token_type')
    if (method.appLevel === true || method.scopes.length === 0) return
    if (!method.scopes.some(scope => scopes.includes(scope)))
      throw new SlackRefusal('missing_scope', [`needed: ${method.scopes.join(',')}`])
  }

  /** A refusal of what was sent is an error of the app; a refusal because of the world is not. */
  function refuse(name: string, error: SlackRefusal): Obj {
    const blame = /^(invalid_(blocks|arguments|attachments|metadata)|msg_|no_text|too_many|view_too|metadata_too)/
    if (blame.test(error.code) && !error.isOfWorkspace)
      api.violate(`${name}: ${error.code} ${error.messages.join('; ')}`.trim())
    const needed = error.code === 'missing_scope' ? { needed: error.messages[0]?.slice(8) } : {}
    return {
      ok: false,
      error: error.code,
      ...needed,
      ...(error.messages.length > 0 && { response_metadata: { messages: error.messages } }),
    }
  }

  /** Plays a fault; true when the request is done with. */
  async function suffer(
    fault: Fault,
    say: (status: number, content: Obj, headers?: Record<string, string>) => void,
    carryOut: () => unknown,
  ): Promise<boolean> {
    if (fault.kind === 'slow') {
      await wait(fault.ms)
      return false
    }
    if (fault.kind === 'hang') return true
    if (fault.kind === 'acceptThenTimeout') {
      carryOut()
      return true
    }
    if (fault.kind === 'status') say(fault.status, { ok: false, error: 'internal_error' })
    else if (fault.kind === 'error') say(200, { ok: false, error: fault.code })
    else {
      const header: Record<string, string> =
        fault.retryAfter === undefined ? {} : { 'retry-after': `${fault.retryAfter}` }
      say(429, { ok: false, error: 'ratelimited' }, header)
    }
    return true
  }
}

function readArgs(body: Buffer, contentType: string): Obj {
  const text = body.toString()
  if (!contentType.startsWith('application/json')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return asObject(JSON.parse(text)) ?? {}
  } catch {
    return {}
  }
}
