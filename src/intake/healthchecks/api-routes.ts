// Healthchecks' management API, versions 1 to 3: list, create, change, pause, resume and delete checks, and read their pings.
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { endCheckAlerts, renameInAlerts } from '../../alerts/check-alerts.ts'
import { listBeats } from '../../checks/beats.ts'
import type { Check } from '../../checks/check.ts'
import { countChecks, listChecks, pauseCheck, readCheckByUuid, removeCheck, renewCheck } from '../../checks/checks.ts'
import { listFlips } from '../../checks/flips.ts'
import { listDetails, readDetails } from '../../checks/healthchecks/check-details.ts'
import { checkDocument, flipDocument, pingDocument, type View } from '../../checks/healthchecks/check-document.ts'
import { type CheckSpec, readSpec, SpecError } from '../../checks/healthchecks/check-spec.ts'
import { createFromSpec, findUnique, type SpecTarget, updateFromSpec } from '../../checks/healthchecks/save-spec.ts'
import { uniqueKey } from '../../checks/unique-key.ts'
import { listChannels } from '../../notifications/routing/channels.ts'
import { rerouteOpenAlerts } from '../../notifications/routing/recipients.ts'
import { Problem } from '../../problem.ts'
import { writeAudit } from '../../projects/audit.ts'
import { DAY, SECOND } from '../../time.ts'
import { problemAnswer } from '../problems.ts'
import { readParameters } from '../receive/authenticate.ts'
import { ApiError, answerApi, jsonAnswer, textAnswer } from './api-answer.ts'
import { type ApiCaller, findCaller, type HealthchecksOptions } from './api-key.ts'
import { API_ROUTES, type ApiRoute } from './api-schemas.ts'
import { projectBadges } from './badges.ts'

/** Everybody who knows a key may create checks in its project, up to this many. */
const MAX_CHECKS = 20_000
const MAX_SHOWN_PINGS = 1_000
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const SHA1 = /^[0-9a-f]{40}$/i
const MAX_UNIX_SECONDS = 10_000_000_000

/** A request whose caller is known. */
type Call = { options: HealthchecksOptions; caller: ApiCaller; view: View; request: Request }
/** The parameters of its path. */
type Names = { readonly [name: string]: string }

/** What answers each route, and whether it changes something. */
const HANDLERS: {
  readonly [route in ApiRoute]: { needs: 'read' | 'write'; run: (call: Call, names: Names) => Response }
} = {
  list: { needs: 'read', run: list },
  create: { needs: 'write', run: create },
  get: { needs: 'read', run: (call, names) => jsonAnswer(shown(call, findCheck(call, names, true))) },
  update: { needs: 'write', run: update },
  remove: { needs: 'write', run: remove },
  pause: { needs: 'write', run: pause },
  resume: { needs: 'write', run: resume },
  pings: { needs: 'write', run: pings },
  body: { needs: 'write', run: pingBody },
  flips: { needs: 'read', run: flips },
  channels: { needs: 'write', run: channels },
  badges: { needs: 'read', run: badges },
}

/** The routes of the API. */
export function healthchecksRoutes(options: HealthchecksOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  for (const { name, route, methods } of API_ROUTES) {
    app.openAPIRegistry.registerPath(route)
    app.on(route.method.toUpperCase(), route.getRoutingPath(), c => {
      const names = c.req.param() as Names
      const version = /^v([123])$/.exec(names.version ?? '')?.[1]
      return answerApi(methods, async () => {
        if (version === undefined) throw new ApiError(404, 'The versions of this API are v1, v2 and v3.')
        if (name === 'status') return textAnswer('OK')
        const { needs, run } = HANDLERS[name]
        const caller = await findCaller(options, c.req.raw, c.env?.incoming, needs)
        const view: View = {
          version: Number(version),
          readOnly: caller.readOnly,
          publicUrl: options.publicUrl().replace(/\/+$/, ''),
          channelIds: openChannels(options).map(({ id }) => id),
          now: options.clock.now(),
        }
        return answerProblems(() => run({ options, caller, view, request: c.req.raw }, names))
      })
    })
  }
  return app
}

/** What the rules of checks refuse is an error of the API too. */
function answerProblems(run: () => Response): Response {
  try {
    return run()
  } catch (error) {
    if (error instanceof SpecError) throw new ApiError(400, error.message)
    if (error instanceof Problem) throw new ApiError(problemAnswer(error).status, error.message)
    throw error
  }
}

function openChannels({ state }: HealthchecksOptions) {
  return listChannels(state).filter(({ origin }) => origin !== 'person')
}

function shown({ options: { state }, view }: Call, check: Check): object {
  return checkDocument(check, readDetails(state, check), view)
}

/** The check of a path. By its `unique_key` only where that is allowed; another project's is 403, as in Healthchecks. */
function findCheck({ options: { state }, caller }: Call, { id = '' }: Names, byUniqueKey = false): Check {
  if (byUniqueKey && SHA1.test(id)) {
    const found = listChecks(state, { projectId: caller.project.id }).find(check => uniqueKey(check) === id)
    if (!found) throw new ApiError(404, 'not found')
    return found
  }
  if (SHA1.test(id)) throw new ApiError(405, 'A unique_key only reads. Changes need the uuid of the check.')
  const found = UUID.test(id) ? readCheckByUuid(state, id.toLowerCase()) : undefined
  if (!found) throw new ApiError(404, 'not found')
  if (found.projectId !== caller.project.id) throw new ApiError(403, 'The check belongs to another project.')
  return found
}

function list({ options: { state }, caller, view, request }: Call): Response {
  const parameters = readParameters(request.url)
  const tags = parameters.getAll('tag')
  const slug = parameters.get('slug')
  const all = listChecks(state, { projectId: caller.project.id })
  const details = listDetails(state, caller.project.id, all)
  const checks = all.flatMap((check, place) => {
    const own = details[place]!
    const ownTags = own.tags.split(/\s+/)
    const isShown = tags.every(tag => ownTags.includes(tag)) && (!slug || check.slug === slug)
    return isShown ? [checkDocument(check, own, view)] : []
  })
  return jsonAnswer({ checks })
}

function create(call: Call): Response {
  const { options, caller } = call
  const { state } = options
  const spec = readSpec(caller.json)
  const existing = findUnique(state, caller.project.id, spec)
  if (!existing && countChecks(state, { projectId: caller.project.id }) >= MAX_CHECKS)
    throw new ApiError(403, `The project already has ${MAX_CHECKS.toLocaleString('en')} checks, and may have no more.`)
  const check = existing ? applySpec(call, existing, spec) : createFromSpec(state, spec, target(call))
  if (spec.channels !== undefined) rerouteOpenAlerts(state)
  record(call, existing ? 'update' : 'create', check)
  return jsonAnswer(shown(call, check), existing ? 200 : 201)
}

function update(call: Call, names: Names): Response {
  const check = findCheck(call, names)
  const spec = readSpec(call.caller.json)
  const updated = applySpec(call, check, spec)
  if (spec.channels !== undefined) rerouteOpenAlerts(call.options.state)
  record(call, 'update', updated)
  return jsonAnswer(shown(call, updated))
}

function applySpec(call: Call, check: Check, spec: CheckSpec): Check {
  const { state } = call.options
  return state.transaction(() => {
    const updated = updateFromSpec(state, check, spec, target(call))
    renameInAlerts(state, check, updated)
    return updated
  })
}

function target({ options, caller, view }: Call): SpecTarget {
  const timeZone = caller.project.timeZone ?? options.timeZone
  return {
    projectId: caller.project.id,
    version: view.version,
    timeZone,
    channels: openChannels(options),
    now: view.now,
  }
}

function remove(call: Call, names: Names): Response {
  const { state } = call.options
  const check = findCheck(call, names)
  const document = shown(call, check)
  endCheckAlerts(state, check, call.caller.actor.name, call.view.now)
  removeCheck(state, check)
  record(call, 'delete', check)
  return jsonAnswer(document)
}

function pause(call: Call, names: Names): Response {
  const { state } = call.options
  const check = findCheck(call, names)
  if (check.status === 'paused') return jsonAnswer(shown(call, check))
  const paused = pauseCheck(state, check, call.view.now)
  endCheckAlerts(state, paused, call.caller.actor.name, call.view.now)
  record(call, 'pause', paused)
  return jsonAnswer(shown(call, paused))
}

function resume(call: Call, names: Names): Response {
  const check = findCheck(call, names)
  if (check.status !== 'paused') return textAnswer('check is not paused', 409)
  const resumed = renewCheck(call.options.state, check, call.view.now)
  record(call, 'resume', resumed)
  return jsonAnswer(shown(call, resumed))
}

function pings(call: Call, names: Names): Response {
  const check = findCheck(call, names)
  const beats = listBeats(call.options.state, check.id, MAX_SHOWN_PINGS)
  return jsonAnswer({ pings: beats.map((beat, place) => pingDocument(beat, check.beats - place, check, call.view)) })
}

function pingBody(call: Call, names: Names): Response {
  const check = findCheck(call, names)
  const place = /^\d{1,15}$/.test(names.n ?? '') ? check.beats - Number(names.n) : -1
  const body = place < 0 ? null : listBeats(call.options.state, check.id, MAX_SHOWN_PINGS)[place]?.body
  if (!body?.length) throw new ApiError(404, 'not found')
  return textAnswer(new Uint8Array(body))
}

function flips(call: Call, names: Names): Response {
  const check = findCheck(call, names, true)
  const parameters = readParameters(call.request.url)
  const start = readSeconds(parameters, 'start', MAX_UNIX_SECONDS)
  const end = readSeconds(parameters, 'end', MAX_UNIX_SECONDS)
  const seconds = readSeconds(parameters, 'seconds', (365 * DAY) / SECOND)
  const from = Math.max(start === null ? 0 : start * SECOND, seconds === null ? 0 : call.view.now - seconds * SECOND)
  const found = listFlips(call.options.state, check.id, from, end === null ? Number.MAX_SAFE_INTEGER : end * SECOND)
  return jsonAnswer({ flips: found.map(flipDocument) })
}

function readSeconds(parameters: URLSearchParams, name: string, max: number): number | null {
  const text = parameters.get(name)
  if (text === null || text === '') return null
  const seconds = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= max) return seconds
  throw new ApiError(400, `${name} must be a whole number from 0 to ${max}`)
}

function channels({ options }: Call): Response {
  const found = openChannels(options).map(({ id, name }) => ({ id, name, kind: id.split(':', 1)[0] }))
  return jsonAnswer({ channels: found })
}

function badges({ options: { state }, caller, view }: Call): Response {
  const all = listChecks(state, { projectId: caller.project.id })
  const tags = listDetails(state, caller.project.id, all).flatMap(({ tags }) =>
    tags.split(/\s+/).filter(tag => tag !== ''),
  )
  return jsonAnswer({ badges: projectBadges(state, caller.project, [...new Set(['*', ...tags])], view.publicUrl) })
}

/** Every change is in the audit, as those of commands are. */
function record({ options: { state }, caller, view }: Call, what: string, check: Check): void {
  writeAudit(state, caller.actor, `api v${view.version}: ${what} check "${check.name}"`, 'done', view.now)
}
