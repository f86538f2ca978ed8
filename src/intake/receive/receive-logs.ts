// Receives log lines by any protocol: who sends them, how many, and the answer only after they are on disk.
import type { IncomingMessage } from 'node:http'
import { NOT_A_LOG } from '../../logs/intake/records.ts'
import { longestRetention } from '../../logs/retention.ts'
import type { AppendResult, Batch, LogWriter } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { findProject, type Project, retentionOf } from '../../projects/projects.ts'
import { releaseSignature } from '../../projects/signatures.ts'
import { readClientAddress } from '../client-address.ts'
import type { Datagram, LogBody, LogProtocol, Reply } from '../protocols/protocol.ts'
import { authenticateAndRead, type ReceiveOptions, readParameters } from './authenticate.ts'
import { decompress } from './compression.ts'
import { readDefaults, readIdempotencyKey } from './log-parameters.ts'

export type ReceiveLogsOptions = ReceiveOptions & {
  logWriter: LogWriter
  timeZone: string
  /** How long lines are kept where their project does not say, ms. */
  retentionMs: number
}

/** Stores the lines of one request. Throws the `Problem` to answer with; nothing is half-stored without saying so. */
export async function receiveLogs(
  options: ReceiveLogsOptions,
  protocol: LogProtocol,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Reply> {
  const { headers } = request
  const now = options.clock.now()
  // Only limits need it, and the list of proxies costs more than the key.
  const address = () => readClientAddress(incoming, headers, options.trustedProxies).address
  const parameters = readParameters(request.url)
  const { raw, project, signature } = await authenticateAndRead(options, request, incoming, parameters, now)
  try {
    const body = await decompress(raw, headers.get('content-encoding'), project.bodyLimit)
    const logs = protocol.parse({ body, headers, parameters, now })
    const defaults = { ...readDefaults(parameters), ...logs.defaults }
    const idempotencyKey = readIdempotencyKey(headers)
    return protocol.answer(await storeLines(options, project, address, { ...logs, defaults }, idempotencyKey, now))
  } catch (error) {
    if (error instanceof Problem) options.telemetry.refusedBatches.add(1, project.name, error.code)
    // The same signature is accepted again for a request that was refused.
    if (signature !== null) options.state.transaction(() => releaseSignature(options.state, signature))
    throw error
  }
}

/** Stores the lines that a listener received. Throws a `Problem`. */
export async function receiveDatagram(
  options: ReceiveLogsOptions,
  protocol: LogProtocol,
  { body, address, project: name }: Datagram,
): Promise<Reply> {
  const now = options.clock.now()
  const project = findProject(options.state, name)
  const logs = protocol.parse({ body, headers: new Headers(), parameters: new URLSearchParams(), now })
  return protocol.answer(await storeLines(options, project, () => address, logs, null, now))
}

async function storeLines(
  options: ReceiveLogsOptions,
  project: Project,
  address: () => string,
  { body, format, defaults = {} }: LogBody,
  idempotencyKey: string | null,
  now: number,
): Promise<AppendResult> {
  takeFromLimits(options, project, address, () => countLines(body, format), now)
  try {
    return await options.logWriter.append({
      // The writer takes the bytes over, and a small Buffer shares its memory with others.
      body: new Uint8Array(body).buffer,
      format,
      project: project.name,
      defaults,
      receivedAt: now,
      limits: { lines: project.lineLimit, messageBytes: project.messageLimit },
      retentionMs: longestRetention(retentionOf(project, options.retentionMs)),
      privacy: project.privacy,
      idempotencyKey,
    })
  } catch (error) {
    // JSON that holds no log is another answer (422) than a body that is not JSON (400).
    if (error instanceof Problem && error.fields && NOT_A_LOG in error.fields)
      throw new Problem('not_a_log', error.message, { fields: error.fields })
    throw error
  }
}

/** How many lines a body has; called only where a limit is set, because JSON has to be parsed for it. */
function countLines(body: Buffer, format: Batch['format']): number {
  const text = body.toString('utf8')
  if (format !== 'json') return text.split('\n').filter(line => line.trim() !== '').length
  try {
    const parsed = JSON.parse(text)
    const list = parsed?.logs ?? parsed?.events ?? parsed
    return Array.isArray(list) ? list.length : 1
  } catch {
    // The log store answers what is wrong with the body.
    return 1
  }
}

function takeFromLimits(
  { rates, telemetry }: ReceiveLogsOptions,
  project: Project,
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
    telemetry.linesRejected.add(count, project.name, 'limited')
    throw new Problem('limited', `${sender()} may send ${perMinute} lines a minute, and they are used up.`, {
      retryAfterMs: taken.retryAfterMs,
    })
  }
}
