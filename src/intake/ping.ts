// Heartbeats over HTTP: the Healthchecks ping protocol, each 200 after its commit.
import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { applyOutcomes } from '../alerts/lifecycle.ts'
import { type Arrival, BODY_LIMIT } from '../checks/beat.ts'
import { recordBeat } from '../checks/beats.ts'
import { addCheck, type CheckDraft, countChecks, readCheckByUuid, readChecksBySlug } from '../checks/checks.ts'
import { graceFor } from '../checks/schedule.ts'
import type { Clock } from '../clock.ts'
import { evaluateBeat } from '../detectors/evaluate-checks.ts'
import type { Logger } from '../logger.ts'
import { readProjectByPingKey } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { GroupCommit } from '../state/group-commit.ts'
import { DAY, parseDuration, SECOND } from '../time.ts'
import { hasBody, NO_BODY, readStart } from './body.ts'
import { readClientAddress } from './client-address.ts'
import { isRunId, type Ping, readPingUrl } from './ping-url.ts'

export type PingOptions = {
  state: State
  commit: GroupCommit
  clock: Clock
  logger: Logger
  trustedProxies: BlockList
  timeZone: string
}

type Outcome = { status: number; text: string }

const OK: Outcome = { status: 200, text: 'OK' }
const CREATED: Outcome = { status: 201, text: 'Created' }
const NOT_FOUND: Outcome = { status: 404, text: 'not found' }
const MALFORMED: Outcome = { status: 400, text: 'invalid url format' }
const BAD_RUN_ID: Outcome = { status: 400, text: 'invalid uuid format' }
const AMBIGUOUS: Outcome = { status: 409, text: 'ambiguous slug' }
const BUSY: Outcome = { status: 503, text: 'busy, try again in a few seconds' }

/** Somebody who knows a ping key may create checks; this many in a project are enough. */
const MOST_CHECKS = 20_000
/** As "checks add" has it; chats offer no longer names. */
const LONGEST_NAME = 100

/** Answers one request to `/ping/...`. Any method counts, as it does in Healthchecks. */
export async function receivePing(
  options: PingOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Response> {
  const { path, query } = splitUrl(request.url)
  const asked = readPingUrl(path)
  if (asked.kind !== 'ping') return answer(asked.kind === 'malformed' ? MALFORMED : NOT_FOUND)
  const peer = readClientAddress(incoming, request.headers, options.trustedProxies)
  const { kept, total } = hasBody(request) ? await readStart(request, BODY_LIMIT) : NO_BODY
  const arrival: Arrival = {
    signal: asked.ping.signal,
    exitStatus: asked.ping.exitStatus,
    rid: query.get('rid')?.toLowerCase() ?? null,
    method: request.method,
    scheme: peer.scheme,
    remoteAddress: peer.address,
    userAgent: request.headers.get('user-agent') ?? '',
    body: kept,
    bodyBytes: total,
  }
  try {
    const recorded = answer(await options.commit(() => record(options, asked.ping, arrival, query)))
    return request.method === 'HEAD' ? new Response(null, recorded) : recorded
  } catch (error) {
    options.logger.error('a beat could not be stored', { error })
    return answer(BUSY)
  }
}

const NO_QUERY = new URLSearchParams()

// By hand: URL parsing would be a good part of what a beat costs.
function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const begin = url.indexOf('/', url.indexOf('//') + 2)
  const mark = url.indexOf('?', begin)
  if (mark < 0) return { path: url.slice(begin), query: NO_QUERY }
  return { path: url.slice(begin, mark), query: new URLSearchParams(url.slice(mark + 1)) }
}

/** Finds or creates the check and records the beat, all in the running transaction; nothing is kept of a refused one. */
function record(options: PingOptions, ping: Ping, arrival: Arrival, query: URLSearchParams): Outcome {
  const { state, clock } = options
  const now = clock.now()
  const found = 'uuid' in ping ? [readCheckByUuid(state, ping.uuid)] : readChecksBySlug(state, ping.pingKey, ping.slug)
  if (found.length > 1) return AMBIGUOUS
  const existing = found[0]
  const draft = existing ? null : newCheck(options, ping, query)
  if (!existing && !draft) return NOT_FOUND
  if ((arrival.exitStatus ?? 0) > 255) return MALFORMED
  if (arrival.rid !== null && !isRunId(arrival.rid)) return BAD_RUN_ID
  if (draft && 'text' in draft) return draft
  const check = existing ?? addCheck(state, draft!, now)
  const { check: next, turn } = recordBeat(state, check, arrival, now)
  applyOutcomes(state, evaluateBeat(state, next, turn), now)
  return existing ? OK : CREATED
}

/** The check that `create=1` asks for, a refusal of what it says, or null when nothing is to be created. */
function newCheck(options: PingOptions, ping: Ping, query: URLSearchParams): CheckDraft | Outcome | null {
  if ('uuid' in ping || query.get('create') !== '1') return null
  const project = readProjectByPingKey(options.state, ping.pingKey)
  if (!project || countChecks(options.state, { projectId: project.id }) >= MOST_CHECKS) return null
  if (ping.slug.length > LONGEST_NAME) {
    return { status: 400, text: `invalid slug: use at most ${LONGEST_NAME} characters` }
  }
  const every = readSpan(query.get('period'), DAY)
  const grace = readSpan(query.get('grace'), graceFor(every ?? DAY))
  if (every === null || grace === null) {
    const name = every === null ? 'period' : 'grace'
    return {
      status: 400,
      text: `invalid ${name}: use a duration from 1s to 365d such as 90s, 5m, 2h or 1d, or whole seconds`,
    }
  }
  return {
    projectId: project.id,
    name: ping.slug,
    slug: ping.slug,
    every,
    grace,
    timeZone: options.timeZone,
    severity: 'critical',
  }
}

function readSpan(text: string | null, usual: number): number | null {
  if (text === null) return usual
  const ms = /^\d+$/.test(text) ? Number(text) * SECOND : parseDuration(text)
  return ms !== null && ms >= SECOND && ms <= 365 * DAY ? ms : null
}

const RECORDED_HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'access-control-allow-origin': '*',
  'ping-body-limit': String(BODY_LIMIT),
  'cache-control': 'max-age=0, no-cache, no-store, must-revalidate, private',
}

function answer({ status, text }: Outcome): Response {
  if (status < 300) return new Response(text, { status, headers: RECORDED_HEADERS })
  const retry = status === 503 ? { 'retry-after': '5' } : {}
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...retry } })
}
