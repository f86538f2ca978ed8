// Heartbeats over HTTP: the Healthchecks ping protocol, each 200 after its commit.
import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { applyResults } from '../../alerts/lifecycle.ts'
import type { Arrival } from '../../checks/beat.ts'
import { isLateBeat, recordBeat, recordLateBeat } from '../../checks/beats.ts'
import type { BeatKind, Check } from '../../checks/check.ts'
import {
  addCheck,
  type CheckDraft,
  countChecks,
  readCheckByUuid,
  readChecksBySlug,
  updateCheck,
} from '../../checks/checks.ts'
import { graceFor } from '../../checks/schedule.ts'
import type { Clock } from '../../clock.ts'
import { evaluateBeat } from '../../detectors/evaluate-checks.ts'
import type { Logger } from '../../logger.ts'
import { readProjectByPingKey } from '../../projects/projects.ts'
import { noteCheckSatellite } from '../../satellites/satellites.ts'
import type { State } from '../../state/database.ts'
import type { GroupCommit } from '../../state/group-commit.ts'
import type { StorageHealth } from '../../state/storage-health.ts'
import type { Telemetry } from '../../telemetry.ts'
import { DAY, type Period, parsePeriod, periodLength, SECOND } from '../../time.ts'
import { pathIn } from '../access/paths.ts'
import { SECURITY_HEADERS } from '../access/security-headers.ts'
import { hasBody, NO_BODY, readEnds } from '../body.ts'
import { readShownAddress } from '../client-address.ts'
import { readParameters } from '../receive/authenticate.ts'
import type { PingAnswer } from './ping-routes.ts'
import { type Ping, RUN_ID, readPingUrl } from './ping-url.ts'

export type PingOptions = {
  state: State
  commit: GroupCommit
  clock: Clock
  logger: Logger
  trustedProxies: BlockList
  timeZone: string
  /** How many bytes of a body are stored. */
  pingBodyLimit: number
  telemetry: Telemetry
  storage: StorageHealth
  /** Stores a ping in another way, in the running transaction; only a satellite does. */
  keepPing?: (ping: Ping, arrival: Arrival, query: URLSearchParams, now: number) => Recorded
}

/** The answer to a ping, and the kind of the beat that it stored. */
export type Recorded = { answer: PingAnswer; kind: BeatKind | null }

export const OK: PingAnswer = { status: 200, text: 'OK' }
export const CREATED: PingAnswer = { status: 201, text: 'Created' }
export const NOT_FOUND: PingAnswer = { status: 404, text: 'not found' }
const MALFORMED: PingAnswer = { status: 400, text: 'invalid url format' }
const BAD_RUN_ID: PingAnswer = { status: 400, text: 'invalid uuid format' }
export const AMBIGUOUS: PingAnswer = { status: 409, text: 'ambiguous slug' }
export const BUSY: PingAnswer = { status: 503, text: 'busy, try again in a few seconds' }

/** Everybody who knows a ping key may create checks in its project, up to this many. */
const MAX_CHECKS = 20_000
/** A satellite that had a beat of a check may have the next one for at least this long, ms. */
const MIN_WAIT_MS = 7 * DAY
/** The same as in "checks add": the choices of a chat take no longer names. */
const MAX_NAME_LENGTH = 100

/** Answers one request to `/ping/...`. Any method counts, as it does in Healthchecks. */
export async function receivePing(
  options: PingOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Response> {
  const query = readParameters(request.url)
  const url = readPingUrl(pathIn(request.url))
  if (url.kind !== 'ping') return toResponse(url.kind === 'malformed' ? MALFORMED : NOT_FOUND)
  const client = readShownAddress(incoming, request.headers, options.trustedProxies)
  const { kept, total } = hasBody(request) ? await readEnds(request, options.pingBodyLimit) : NO_BODY
  const arrival: Arrival = {
    signal: url.ping.signal,
    exitStatus: url.ping.exitStatus,
    rid: query.get('rid')?.toLowerCase() ?? null,
    method: request.method,
    scheme: client.scheme,
    remoteAddress: client.address,
    userAgent: request.headers.get('user-agent') ?? '',
    body: kept,
    bodyBytes: total,
    outputBytes: readSize(query.get('size')),
  }
  const recorded = toResponse(await storePing(options, url.ping, arrival, query), options.pingBodyLimit)
  return request.method === 'HEAD' ? new Response(null, recorded) : recorded
}

/** Stores a ping as a beat, and resolves with its answer once it is on disk; 503 when it cannot be stored. */
export async function storePing(
  options: PingOptions,
  ping: Ping,
  arrival: Arrival,
  query: URLSearchParams,
): Promise<PingAnswer> {
  try {
    const { answer, kind } = await options.commit(() => recordPing(options, ping, arrival, query))
    if (kind === null) return answer
    options.telemetry.beats[kind]++
    options.storage.recordStored('beats', options.clock)
    return answer
  } catch (error) {
    options.logger.error('a beat could not be stored', { error })
    recordRefusal(options, ping, arrival, query, error)
    return BUSY
  }
}

/** A beat that storage refused is not missed by its job; a line for the log of a run is no beat. */
function recordRefusal(options: PingOptions, ping: Ping, arrival: Arrival, query: URLSearchParams, error: unknown) {
  const at = options.clock.now()
  const beat = ping.signal === 'log' ? {} : { beat: { ping, at, endsRun: ping.signal !== 'start' } }
  const rehearse = () => void recordPing(options, ping, arrival, query)
  options.storage.recordRefusal('beats', error, at, { ...beat, rehearse })
}

/** The size that a beat reports, bytes. One that cannot be read must not lose the beat. */
function readSize(text: string | null): number | null {
  const bytes = text !== null && /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN
  return Number.isSafeInteger(bytes) ? bytes : null
}

/**
 * Finds or creates the check and records the beat, in the running transaction. A refused ping stores nothing. `received` is
 * when and through which satellite it came, where it did not come here.
 */
export function recordPing(
  options: PingOptions,
  ping: Ping,
  arrival: Arrival,
  query: URLSearchParams,
  received: { at: number; satelliteId: number } | null = null,
): Recorded {
  const { state, clock } = options
  const now = clock.now()
  if (options.keepPing) return options.keepPing(ping, arrival, query, now)
  const found = findPinged(state, ping)
  if (found.length > 1) return refused(AMBIGUOUS)
  const existing = found[0]
  const draft = existing ? null : readCheckDraft(options, ping, query)
  if (!existing && !draft) return refused(NOT_FOUND)
  const malformed = refuseArrival(arrival)
  if (malformed) return refused(malformed)
  if (draft && 'text' in draft) return refused(draft)
  const added = existing ?? addCheck(state, draft!, now)
  const answer = existing ? OK : CREATED
  const at = Math.min(received?.at ?? now, now)
  if (received) noteCheckSatellite(state, added.id, received.satelliteId, waitsUntil(added, at))
  if (received && isLateBeat(added, at)) return { answer, kind: recordLateBeat(state, added, arrival, at).kind }
  const check = setSatellite(state, added, received?.satelliteId ?? null)
  const { check: next, turn, kind } = recordBeat(state, check, arrival, at)
  applyResults(state, evaluateBeat(state, next, turn, kind, at), now)
  return { answer, kind }
}

/**
 * Up to when the deadlines of a check wait for a satellite that had a beat of it at `at`: its job may go there again, also after
 * some beats by another way.
 */
function waitsUntil({ downAt, lastBeatAt }: Check, at: number): number {
  const gap = downAt === null || lastBeatAt === null ? 0 : Math.max(0, downAt - lastBeatAt)
  return at + Math.max(MIN_WAIT_MS, 3 * gap)
}

/** The checks that a ping means; more than one when its slug is ambiguous. */
export function findPinged(state: State, ping: Ping): Check[] {
  if (!('uuid' in ping)) return readChecksBySlug(state, ping.pingKey, ping.slug)
  const check = readCheckByUuid(state, ping.uuid)
  return check ? [check] : []
}

/** The answer to a beat that no check takes; null for a good one. */
export function refuseArrival({ exitStatus, rid }: Arrival): PingAnswer | null {
  if ((exitStatus ?? 0) > 255) return MALFORMED
  return rid !== null && !RUN_ID.test(rid) ? BAD_RUN_ID : null
}

/** The check with the door that its beat came through. */
function setSatellite(state: State, check: Check, satelliteId: number | null): Check {
  if (check.satelliteId === satelliteId) return check
  updateCheck(state, check.id, { satelliteId })
  return { ...check, satelliteId }
}

export function refused(answer: PingAnswer): Recorded {
  return { answer, kind: null }
}

/** The check that `create=1` describes, the answer to a malformed description, or null when nothing is to be created. */
export function readCheckDraft(
  options: Pick<PingOptions, 'state' | 'timeZone'>,
  ping: Ping,
  query: URLSearchParams,
): CheckDraft | PingAnswer | null {
  if ('uuid' in ping || query.get('create') !== '1') return null
  const project = readProjectByPingKey(options.state, ping.pingKey)
  if (!project || countChecks(options.state, { projectId: project.id }) >= MAX_CHECKS) return null
  if (ping.slug.length > MAX_NAME_LENGTH) {
    return { status: 400, text: `invalid slug: use at most ${MAX_NAME_LENGTH} characters` }
  }
  const period = readDurationParameter(query.get('period'), A_DAY)
  const every = period === null ? DAY : periodLength(period)
  const grace = readDurationParameter(query.get('grace'), { days: 0, ms: graceFor(every) })
  if (period === null || grace === null) {
    const name = period === null ? 'period' : 'grace'
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
    everyDays: period.days,
    grace: periodLength(grace),
    timeZone: project.timeZone ?? options.timeZone,
    severity: 'critical',
  }
}

const A_DAY: Period = { days: 1, ms: 0 }

function readDurationParameter(text: string | null, defaultPeriod: Period): Period | null {
  if (text === null) return defaultPeriod
  const period = /^\d+$/.test(text) ? { days: 0, ms: Number(text) * SECOND } : parsePeriod(text)
  const ms = period === null ? 0 : periodLength(period)
  return ms >= SECOND && ms <= 365 * DAY ? period : null
}

const RECORDED_HEADERS: Record<string, string> = {
  ...SECURITY_HEADERS,
  'content-type': 'text/plain; charset=utf-8',
  'access-control-allow-origin': '*',
  'cache-control': 'max-age=0, no-cache, no-store, must-revalidate, private',
}

function toResponse({ status, text }: PingAnswer, bodyLimit = 0): Response {
  if (status < 300) {
    return new Response(text, { status, headers: { ...RECORDED_HEADERS, 'ping-body-limit': String(bodyLimit) } })
  }
  const retry = status === 503 ? { 'retry-after': '5' } : {}
  return new Response(text, {
    status,
    headers: { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8', ...retry },
  })
}
