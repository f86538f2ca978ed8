// Receives log lines by any protocol: who sends them, how many, and the answer only after they are on disk.
import type { IncomingMessage } from 'node:http'
import { countElements, countJsonLines, countLines } from '../../logs/intake/count-records.ts'
import { FRAME_END, NOT_A_LOG } from '../../logs/intake/records.ts'
import { lineSettings } from '../../logs/line-settings.ts'
import { longestRetention } from '../../logs/retention.ts'
import { type AppendResult, type Batch, EMITTER_FIELD, type LogWriter } from '../../logs/store.ts'
import { wireFormat } from '../../logs/wire/wire-formats.ts'
import { Problem, type ProblemCode } from '../../problem.ts'
import type { EmitterLimits } from '../../projects/emitter-limit.ts'
import { findProject, type Project, retentionOf } from '../../projects/projects.ts'
import type { RefusedWork } from '../../projects/refused-work.ts'
import { releaseSignature } from '../../projects/signatures.ts'
import type { Rejected } from '../../telemetry.ts'
import { pathIn } from '../access/paths.ts'
import { readClientAddress } from '../client-address.ts'
import { retryAfterHeader } from '../problems.ts'
import type { Asked, Datagram, LogBody, LogProtocol, Reply } from '../protocols/protocol.ts'
import { authenticateAndRead, type ReceiveOptions, readParameters } from './authenticate.ts'
import { bodyTooLarge, decompressFor, tooManyLines } from './limits.ts'
import { readDefaults, readIdempotencyKey, readZoneParameter } from './log-parameters.ts'
import { recordRefusedRequest } from './refusals.ts'
import { repeatKey } from './repeats.ts'

export type ReceiveLogsOptions = ReceiveOptions & {
  logWriter: LogWriter
  timeZone: string
  /** How long lines are kept where their project does not say, ms. */
  retentionMs: number
  refusedWork: RefusedWork
  emitterLimits: EmitterLimits
}

/**
 * Stores the lines of one request, and answers it in the words of its protocol; nothing is half-stored without saying so.
 * `onRefused` takes every error first. Throws the `Problem` to answer with where the protocol has no words for it.
 */
export async function receiveLogs(
  options: ReceiveLogsOptions,
  protocol: LogProtocol,
  request: Request,
  incoming: IncomingMessage | undefined,
  onRefused: (error: unknown) => void,
): Promise<Reply> {
  const { method, headers } = request
  const asked: Asked = { method, headers, path: pathIn(request.url), parameters: readParameters(request.url) }
  let logs: LogBody | null = null
  const open = protocol.answerOpen?.(asked)
  if (open) return open
  try {
    return await store(options, protocol, request, incoming, asked, body => {
      logs = body
    })
  } catch (error) {
    onRefused(error)
    const reply = error instanceof Problem ? refusal(protocol, logs, error, asked) : null
    if (reply === null) throw error
    return reply
  }
}

/** The answer to a refused request in the words of its protocol; null where it has none. */
function refusal(protocol: LogProtocol, logs: LogBody | null, problem: Problem, asked: Asked): Reply | null {
  const reply = logs?.refuse?.(problem) ?? protocol.refuse?.(problem, asked)
  if (!reply) return null
  const retry = reply.status === 429 || reply.status === 503 ? retryAfterHeader(problem) : {}
  return { ...reply, headers: { ...retry, ...reply.headers } }
}

/** Stores the lines of one request; `onParsed` takes them before they are stored. */
async function store(
  options: ReceiveLogsOptions,
  protocol: LogProtocol,
  request: Request,
  incoming: IncomingMessage | undefined,
  asked: Asked,
  onParsed: (logs: LogBody) => void,
): Promise<Reply> {
  const { headers, parameters } = asked
  const now = options.clock.now()
  // Only limits need it, and the list of proxies costs more than the key.
  const address = () => readClientAddress(incoming, headers, options.trustedProxies).address
  const identified = authenticateAndRead(options, request, incoming, parameters, now, protocol)
  const { raw, project, key, signature } = await identified
  const sender = key?.id ?? 'the admin key'
  let bytes = raw.length
  let named = readNames(parameters)
  try {
    refuseWasteful(options, sender, now)
    const encoding = headers.get('content-encoding')
    // A body that is not whole may cost as much as a whole one.
    if (encoding !== null) bytes = Math.min(project.bodyLimit, raw.length * MAX_EXPANSION)
    const body = await decompressFor(project, raw, encoding)
    bytes = body.length
    const logs = protocol.parse({ ...asked, body, now })
    if ('status' in logs) return logs
    onParsed(logs)
    const defaults = { ...readDefaults(parameters), ...logs.defaults }
    named = defaults
    const timeZone = readZoneParameter(parameters)
    const repeated = (logs.hasTimes ?? protocol.hasTimes) ? repeatKey(asked, body, key) : null
    const idempotencyKey = readIdempotencyKey(headers) ?? repeated
    const lines = { ...logs, defaults, timeZone, signature }
    const stored = await storeLines(options, project, sender, address, lines, idempotencyKey, now)
    if (stored.accepted === 0 && stored.rejected > 0) options.refusedWork.charge(sender, bytes, now)
    return (logs.answer ?? protocol.answer)(stored)
  } catch (error) {
    if (error instanceof Problem) {
      recordRefusedRequest(options.telemetry, { ...named, project: project.name, sender }, error, now)
      if (!NOT_CHARGED.has(error.code)) options.refusedWork.charge(sender, bytes, now)
    }
    // The same signature is accepted again for a request that was refused.
    if (signature !== null) options.state.transaction(() => releaseSignature(options.state, signature))
    throw error
  }
}

/** The names in the query, for the counts of refused requests; wrong ones are refused later. */
function readNames(parameters: URLSearchParams): { source?: string; host?: string } {
  return { source: parameters.get('source') ?? '', host: parameters.get('host') ?? '' }
}

/** How many times larger than a body deflate can make what comes out of it. */
const MAX_EXPANSION = 1_032

/** Refusals that are no fault of the sender, or cost nothing. */
const NOT_CHARGED: ReadonlySet<ProblemCode> = new Set(['busy', 'internal', 'limited'])

/** Throws `limited` for a sender that had much refused: its next request is not even decompressed. */
function refuseWasteful({ refusedWork }: ReceiveLogsOptions, sender: string, now: number): void {
  const retryAfterMs = refusedWork.waitFor(sender, now)
  if (retryAfterMs === 0) return
  throw new Problem(
    'limited',
    `${sender === 'the admin key' ? 'The admin key' : `The key ${sender}`} sent too many requests that were refused. Wait, and send what the earlier answers asked for.`,
    { retryAfterMs },
  )
}

const NOTHING_ASKED: Asked = { method: '', path: '', headers: new Headers(), parameters: new URLSearchParams() }

/** Stores the lines that a listener received. Throws a `Problem`. */
export async function receiveDatagram(
  options: ReceiveLogsOptions,
  protocol: LogProtocol,
  { body, address, project: name, lines, idempotencyKey, isCountedElsewhere = false, ...datagram }: Datagram,
): Promise<Reply> {
  const now = options.clock.now()
  const project = findProject(options.state, name)
  try {
    const parsed = protocol.parse({ ...NOTHING_ASKED, body, now })
    if ('status' in parsed) return parsed
    const logs = { ...parsed, defaults: { ...parsed.defaults, ...datagram.defaults }, lines, isCountedElsewhere }
    const stored = await storeLines(options, project, address, () => address, logs, idempotencyKey ?? null, now)
    return (parsed.answer ?? protocol.answer)(stored)
  } catch (error) {
    if (error instanceof Problem && !isCountedElsewhere)
      recordRefusedRequest(options.telemetry, { project: project.name, sender: '', host: address }, error, now)
    throw error
  }
}

/** `lines`: how many there are, where that is known. `isCountedElsewhere`: who calls counts what a limit refuses. */
type LineFacts = {
  timeZone?: string | undefined
  lines?: number | undefined
  isCountedElsewhere?: boolean
  signature?: string | null
}

async function storeLines(
  options: ReceiveLogsOptions,
  project: Project,
  sender: string,
  address: () => string,
  { body, format, defaults = {}, timeZone, lines, isCountedElsewhere = false, signature = null }: LogBody & LineFacts,
  idempotencyKey: string | null,
  now: number,
): Promise<AppendResult> {
  const names = { source: defaults.source ?? '', host: defaults.host ?? '', sender }
  const count = () => lines ?? countRecords(body, format)
  takeFromLimits(options, project, isCountedElsewhere ? null : names, address, count, now)
  const { emitterLimits } = options
  const usedUp = project.emitterLimit === 0 ? null : emitterLimits.usedUp(project.id, project.emitterLimit, now)
  try {
    const stored = await options.logWriter.append({
      body: ownBuffer(body),
      format,
      ...lineSettings(options.state, project, timeZone ?? null, options.timeZone),
      sender,
      defaults,
      receivedAt: now,
      limits: {
        ...{ lines: project.lineLimit, messageBytes: project.messageLimit, bodyBytes: project.bodyLimit },
        ...(usedUp === null || usedUp.emitters.length === 0 ? {} : { usedUp: usedUp.emitters }),
      },
      retentionMs: longestRetention(retentionOf(project, options.retentionMs)),
      idempotencyKey,
      ...(signature === null ? {} : { signature }),
    })
    if (usedUp === null || stored.repeated) return stored
    emitterLimits.charge(project.id, stored.counts, project.emitterLimit, now)
    refuseUsedUp(project, stored, usedUp.retryAfterMs)
    return stored
  } catch (error) {
    if (error instanceof Problem && error.code === 'too_large')
      throw /bytes/.test(error.message) ? bodyTooLarge(project, 'when it is decompressed') : tooManyLines(project)
    // JSON that holds no log is another answer (422) than a body that is not JSON (400).
    if (error instanceof Problem && error.fields && NOT_A_LOG in error.fields)
      throw new Problem('not_a_log', error.message, { fields: error.fields })
    throw error
  }
}

/** Throws `limited` when all lines were rejected because their emitters used up their minute: sent later, they are stored. */
function refuseUsedUp({ emitterLimit }: Project, { accepted, errors }: AppendResult, retryAfterMs: number): void {
  const [first] = errors
  if (accepted > 0 || first === undefined || errors.some(({ field }) => field !== EMITTER_FIELD)) return
  throw new Problem('limited', `${first.message} It may send ${emitterLimit}.`, { retryAfterMs })
}

/** The bytes for the writer, which takes them over; a small Buffer shares its memory with others. */
function ownBuffer(body: Buffer): ArrayBuffer {
  const { buffer, byteLength } = body
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : new Uint8Array(body).buffer
}

/** As the writer reads it, without the mark at its start. */
const decoder = new TextDecoder()

/** How many lines a body has; called only where a limit is set. */
function countRecords(body: Buffer, format: Batch['format']): number {
  const wire = wireFormat(format)
  if (wire) return wire.count(body)
  const text = decoder.decode(body)
  if (format === 'frames') return text.split(FRAME_END).length
  if (format === 'ndjson') return countJsonLines(text)
  return format === 'json' ? countElements(text) : countLines(text)
}

function takeFromLimits(
  { rates, telemetry }: ReceiveLogsOptions,
  project: Project,
  /** Whose lines are counted as rejected; null when somebody else counts them. */
  names: Pick<Rejected, 'source' | 'host' | 'sender'> | null,
  address: () => string,
  lines: () => number,
  now: number,
): void {
  const limits = [
    { perMinute: project.rateLimit, key: () => `lines of ${project.id}`, sender: () => `The project ${project.name}` },
    {
      perMinute: project.addressLimit,
      key: () => `lines of ${project.id} from ${address()}`,
      sender: () => `The address ${address()}`,
    },
  ]
  for (const { key, perMinute, sender } of limits) {
    if (perMinute === 0) continue
    const count = lines()
    const taken = rates.take(key(), count, perMinute, now)
    if (taken.ok) continue
    const message = `${sender()} may send ${perMinute} lines a minute, and they are used up.`
    if (names === null) throw new Problem('limited', message, { retryAfterMs: taken.retryAfterMs })
    telemetry.linesRejected.add(count, project.name, 'limited')
    telemetry.rejections.record(
      { ...names, project: project.name, reason: 'limited', message, lines: count, requests: 0 },
      now,
    )
    throw new Problem('limited', message, { retryAfterMs: taken.retryAfterMs })
  }
}
