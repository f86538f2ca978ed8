// Who asks Healthchecks' API: a key in the header, as a password, or as `api_key` in the body of a POST.
import type { IncomingMessage } from 'node:http'
import { Problem } from '../../problem.ts'
import { readKeyBySecret } from '../../projects/keys.ts'
import { findProject, type Project } from '../../projects/projects.ts'
import { readBasicKey, readShownKey, type ShownKey } from '../access/shown-keys.ts'
import { limitWrongKeys } from '../access/wrong-keys.ts'
import { type AuthOptions, isAdminKey } from '../auth.ts'
import { readWhole } from '../body.ts'
import { readClientAddress } from '../client-address.ts'
import { problemAnswer } from '../problems.ts'
import { readParameters } from '../receive/authenticate.ts'
import { isSigned } from '../signed.ts'
import { ApiError } from './api-answer.ts'

export type HealthchecksOptions = AuthOptions & { publicUrl(): string; timeZone: string }

/** Who asks, for which project, and with what body. */
export type ApiCaller = {
  project: Project
  /** May only read, and sees no ping URL. */
  readOnly: boolean
  json: { readonly [name: string]: unknown }
  actor: { platform: 'api'; id: string; name: string; address: string }
}

const WRONG_KEY = 'wrong api key'
const MAX_BODY_BYTES = 256 * 1024

/**
 * The caller of a request that changes something (`write`) or reads. A key with the role responder or admin may do both,
 * a viewer's may read. Throws `ApiError`: 401 as Healthchecks answers it, 400 for a body that is no JSON object.
 */
export async function findCaller(
  options: AuthOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
  needs: 'read' | 'write',
): Promise<ApiCaller> {
  const json = request.method === 'POST' ? await readJsonBody(request) : {}
  const identify = () => identifyCaller(options, request, incoming, json, needs)
  try {
    return await limitWrongKeys(options, request, incoming, identify)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { status, headers } = problemAnswer(error)
    throw new ApiError(status, error.message, headers)
  }
}

function identifyCaller(
  options: AuthOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
  json: ApiCaller['json'],
  needs: 'read' | 'write',
): ApiCaller {
  const { state, trustedProxies } = options
  if (isSigned(request.headers)) throw new Problem('unauthorized', "Healthchecks' API takes no signed requests.")
  const shown = shownKey(request, json)
  if (!shown?.secret) throw new Problem('unauthorized', 'missing api key')
  const { address } = readClientAddress(incoming, request.headers, trustedProxies)
  if (isAdminKey(options, shown, request, incoming)) {
    const project = findProject(state, readParameters(request.url).get('project') ?? undefined)
    return { project, readOnly: false, json, actor: { platform: 'api', id: 'admin', name: 'admin', address } }
  }
  const found = readKeyBySecret(state, shown.secret)
  if (!found) throw new Problem('unauthorized', WRONG_KEY)
  const isViewer = found.key.role === 'viewer'
  // The answer is that of Healthchecks; a right key that may not do this is no guess, which would count against its address.
  if (found.key.signed || found.key.role === 'intake' || (isViewer && needs === 'write'))
    throw new ApiError(401, WRONG_KEY)
  const { key, project } = found
  const actor = { platform: 'api' as const, id: key.id, name: `key ${key.id}`, keyId: key.id, address }
  return { project, readOnly: isViewer, json, actor }
}

function shownKey(request: Request, json: ApiCaller['json']): ShownKey | null {
  const shown = readShownKey(request.headers)
  if (shown !== null && shown.secret !== '') return shown
  const password = readBasicKey(request.headers)
  if (password !== null) return { secret: password, mayBeAdmin: false }
  return typeof json.api_key === 'string' ? { secret: json.api_key, mayBeAdmin: false } : null
}

async function readJsonBody(request: Request): Promise<ApiCaller['json']> {
  const body = await readWhole(request, MAX_BODY_BYTES)
  if (body === null) throw new ApiError(413, 'the request body is too large')
  if (body.length === 0) return {}
  const value = parseJson(body.toString('utf8'))
  // What Ansible's module sends where there is nothing to send.
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ApiError(400, 'json validation error: value is not an object')
  return value as ApiCaller['json']
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 'could not parse request body')
  }
}
