// Taking log lines in: who sends them, how much, in what form; answered only after they are on disk.
import type { IncomingMessage } from 'node:http'
import { NOT_A_LOG } from '../logs/intake/records.ts'
import { LEVELS, type Level } from '../logs/line.ts'
import { longestRetention } from '../logs/retention.ts'
import type { Batch, LogWriter } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import { type Project, retentionOf } from '../projects/projects.ts'
import type { Rates } from '../projects/rates.ts'
import { releaseSignature } from '../projects/signatures.ts'
import { queryOf, receive, type SenderOptions } from './authenticate.ts'
import { readClientAddress } from './client-address.ts'
import { decompress } from './compression.ts'

export type AppendOptions = SenderOptions & {
  logWriter: LogWriter
  timeZone: string
  retentionMs: number
}

type AppendAnswer = {
  status: 200 | 422
  body: {
    accepted: number
    rejected: number
    errors: readonly { index: number; field: string; message: string }[]
    repeated?: boolean
  }
  headers: Record<string, string>
}

const MOST_TOLD = 100

/** Stores the lines of one request. Throws the `Problem` to answer with; nothing is half-stored without saying so. */
export async function appendLogs(
  options: AppendOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<AppendAnswer> {
  const { state, logWriter, rates, clock } = options
  const now = clock.now()
  const peer = readClientAddress(incoming, request.headers, options.trustedProxies)
  const parameters = queryOf(request.url)
  const { raw, project, signature } = await receive(options, request, parameters, peer.address, now)
  try {
    const format = readFormat(request.headers.get('content-type'), raw)
    const body = await decompress(raw, request.headers.get('content-encoding'), project.bodyLimit)
    const actual = format ?? sniff(body)
    holdToLimits(rates, project, peer.address, () => countLines(body, actual), now)
    const stored = await logWriter.append(toBatch(options, project, body, actual, request.headers, parameters, now))
    const status = stored.accepted === 0 && stored.rejected > 0 ? 422 : 200
    const told = stored.errors.slice(0, MOST_TOLD)
    const answer = { accepted: stored.accepted, rejected: stored.rejected, errors: told }
    return { status, body: stored.repeated ? { ...answer, repeated: true } : answer, headers: {} }
  } catch (error) {
    // What was not accepted may be sent again with the same signature.
    if (signature !== null) state.transaction(() => releaseSignature(state, signature))
    // JSON that is no log is told apart from what is no JSON.
    if (error instanceof Problem && error.fields && NOT_A_LOG in error.fields)
      throw new Problem('not_a_log', error.message, { fields: error.fields })
    throw error
  }
}

/** What the content type says; null when only the body can tell (curl -d says a form, many say nothing). */
function readFormat(contentType: string | null, raw: Buffer): Batch['format'] | null {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase()
  if (raw.length === 0)
    throw new Problem('invalid', 'The body is empty. Send a log as JSON, such as {"message":"hello"}.', {
      fields: { body: 'is empty' },
    })
  if (/^application\/(x-ndjson|ndjson|jsonl|jsonlines|x-jsonlines|json-lines)$/.test(type)) return 'ndjson'
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  if (type === 'text/plain') return 'text'
  if (type === '' || type === 'application/x-www-form-urlencoded' || type === 'application/octet-stream') return null
  throw new Problem(
    'unsupported',
    `Content-Type "${type.slice(0, 60)}" is not known. Use application/json, application/x-ndjson or text/plain.`,
    {
      fields: { 'content-type': 'must be application/json, application/x-ndjson or text/plain' },
    },
  )
}

function sniff(body: Buffer): Batch['format'] {
  const start = body.subarray(0, 200).toString('latin1').trimStart()
  return start.startsWith('{') || start.startsWith('[') ? 'json' : 'text'
}

/** How many lines a body holds; asked only where a limit is set, for JSON has to be parsed to tell. */
function countLines(body: Buffer, format: Batch['format']): number {
  const text = body.toString('utf8')
  if (format !== 'json') return text.split('\n').filter(line => line.trim() !== '').length
  try {
    const parsed = JSON.parse(text)
    const list = parsed?.logs ?? parsed?.events ?? parsed
    return Array.isArray(list) ? list.length : 1
  } catch {
    // The reader will say what is wrong with it.
    return 1
  }
}

function holdToLimits(rates: Rates, project: Project, address: string, lines: () => number, now: number): void {
  const limits = [
    { key: `lines of ${project.id}`, perMinute: project.rateLimit, what: `The project ${project.name}` },
    { key: `lines of ${project.id} from ${address}`, perMinute: project.addressLimit, what: `The address ${address}` },
  ]
  for (const { key, perMinute, what } of limits) {
    if (perMinute === 0) continue
    const taken = rates.take(key, lines(), perMinute, now)
    if (!taken.ok)
      throw new Problem('limited', `${what} may send ${perMinute} lines a minute and has used them.`, {
        retryAfterMs: taken.retryAfterMs,
      })
  }
}

function toBatch(
  options: AppendOptions,
  project: Project,
  body: Buffer,
  format: Batch['format'],
  headers: Headers,
  parameters: URLSearchParams,
  now: number,
): Batch {
  const given = (name: string) => parameters.get(name) ?? undefined
  const level = given('level')?.toLowerCase()
  if (level !== undefined && !LEVELS.includes(level as Level)) {
    throw new Problem('invalid', `level=${level.slice(0, 20)} is not a level. Use ${LEVELS.join(', ')}.`, {
      fields: { level: `must be one of ${LEVELS.join(', ')}` },
    })
  }
  const key = headers.get('idempotency-key')
  if (key !== null && key.length > 200)
    throw new Problem('invalid', 'Idempotency-Key may have 200 characters at the most.', {
      fields: { 'idempotency-key': 'is too long' },
    })
  const tags = given('tags')
    ?.split(',')
    .map(tag => tag.trim())
    .filter(Boolean)
  return {
    // A copy of its own, which can be handed to the writer without the pool it came from.
    body: new Uint8Array(body).buffer,
    format,
    project: project.name,
    defaults: {
      ...(given('source') === undefined ? {} : { source: given('source')! }),
      ...(given('host') === undefined ? {} : { host: given('host')! }),
      ...(given('group') === undefined ? {} : { group: given('group')! }),
      ...(level === undefined ? {} : { level: level as Level }),
      ...(tags === undefined ? {} : { tags }),
    },
    receivedAt: now,
    limits: { lines: project.lineLimit, messageBytes: project.messageLimit },
    retentionMs: longestRetention(retentionOf(project, options.retentionMs)),
    privacy: project.privacy,
    idempotencyKey: key,
  }
}
