// OTLP over HTTP, as the SDKs of OpenTelemetry, the Collector, Alloy, Vector and Fluent Bit speak it: logs are stored;
// metrics and traces are answered, so that their exporters do not fail. https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { countElementsUnder } from '../../logs/intake/count-records.ts'
import type { AppendResult } from '../../logs/store.ts'
import { countMessages } from '../../logs/wire/protobuf.ts'
import { Problem, type ProblemCode } from '../../problem.ts'
import { plural } from '../../text.ts'
import { json, retryAfter } from '../openapi/responses.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { LOG_HEADERS, PROJECT_PARAMETER } from '../receive/log-parameters.ts'
import { looksLikeJson, mediaType } from './content-type.ts'
import type { LogProtocol, Received, Reply } from './protocol.ts'

const STATUS_SCHEMA = z.object({
  code: z.int().describe('A code of gRPC.'),
  message: z.string().describe('What happened, and what to do.'),
})

/** What a signal is called, and where a request has its records. */
type Signal = {
  path: string
  operationId: string
  summary: string
  /** What partial success counts, with its field number. */
  rejected: string
  lists: readonly string[]
  fields: readonly number[]
}

const LOGS: Signal = {
  path: '/v1/logs',
  operationId: 'otlpLogs',
  summary: 'Store log records of OpenTelemetry',
  rejected: 'rejectedLogRecords',
  lists: ['logRecords', 'log_records'],
  fields: [1, 2, 2],
}
const METRICS: Signal = {
  path: '/v1/metrics',
  operationId: 'otlpMetrics',
  summary: 'Answer metrics of OpenTelemetry, which are not stored',
  rejected: 'rejectedDataPoints',
  lists: ['dataPoints', 'data_points'],
  fields: [1, 2, 2],
}
const TRACES: Signal = {
  path: '/v1/traces',
  operationId: 'otlpTraces',
  summary: 'Answer traces of OpenTelemetry, which are not stored',
  rejected: 'rejectedSpans',
  lists: ['spans'],
  fields: [1, 2, 2],
}

const BINARY = { schema: z.string().meta({ format: 'binary' }) }

const route = ({ path, operationId, summary, rejected }: Signal) => {
  const error = (description: string) => ({
    ...json(description, STATUS_SCHEMA),
    content: { 'application/json': { schema: STATUS_SCHEMA }, 'application/x-protobuf': BINARY },
  })
  return createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Logs by other protocols'],
    summary,
    description: [
      'OTLP over HTTP, as protobuf or JSON; answers have the type of the request. What is rejected is in `partialSuccess`.',
      'The source is `service.name`, the host `host.name`. A request that is repeated within minutes is stored once.',
    ].join('\n'),
    ...withIntakeKey,
    request: {
      query: z.object({ project: PROJECT_PARAMETER }),
      headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
      body: {
        required: true,
        content: { 'application/json': { schema: z.looseObject({}) }, 'application/x-protobuf': BINARY },
      },
    },
    responses: {
      200: {
        description: 'The records are stored, but for those in `partialSuccess`.',
        content: {
          'application/json': {
            schema: z.object({
              partialSuccess: z.object({
                [rejected]: z.string().regex(/^\d+$/).optional(),
                errorMessage: z.string().optional(),
              }),
            }),
          },
          'application/x-protobuf': BINARY,
        },
      },
      ...Object.fromEntries([400, 401, 404, 413, 415].map(status => [status, error('Nothing is stored.')])),
      ...Object.fromEntries(
        [429, 503].map(status => [status, { ...error('Nothing is stored; try again.'), ...retryAfter }]),
      ),
    },
  })
}

/** The protocol of one signal. */
const otlp = (signal: Signal, parse: LogProtocol['parse']): LogProtocol => ({
  kind: 'logs',
  name: `otlp${signal.path}`,
  routes: [route(signal)],
  hasTimes: true,
  parse,
  // In the type of the request, which only `parse` knows.
  answer: stored => success(signal, true, stored.rejected, reasonOf(stored)),
  refuse: (problem, { headers }) => refuse(problem, !mediaType(headers).includes('protobuf')),
})

export const OTLP: readonly LogProtocol[] = [
  otlp(LOGS, received => {
    const isJson = isJsonRequest(received)
    return {
      body: received.body,
      format: isJson ? 'wire:otlp-json' : 'wire:otlp-protobuf',
      answer: stored => success(LOGS, isJson, stored.rejected, reasonOf(stored)),
      refuse: problem => refuse(problem, isJson),
    }
  }),
  otlp(METRICS, received => answerUnstored(METRICS, received)),
  otlp(TRACES, received => answerUnstored(TRACES, received)),
]

/** Whether a request is JSON. Throws `unsupported` for a type that is neither. */
function isJsonRequest({ headers, body }: Received): boolean {
  const type = mediaType(headers)
  if (type.includes('json')) return true
  if (type.includes('protobuf')) return false
  if (type === '' || type === 'application/octet-stream' || type === 'text/plain') return looksLikeJson(body)
  throw new Problem(
    'unsupported',
    `Content-Type "${type.slice(0, 60)}" is not OTLP. Use application/x-protobuf or application/json.`,
  )
}

/** Vakt stores logs: the exporter of another signal learns in `partialSuccess` that nothing is kept. */
function answerUnstored(signal: Signal, received: Received): Reply {
  const isJson = isJsonRequest(received)
  const count = isJson
    ? countElementsUnder(received.body.toString('utf8'), signal.lists)
    : countMessages(received.body, signal.fields)
  const what = signal === METRICS ? 'metrics' : 'traces'
  return success(
    signal,
    isJson,
    count,
    `Vakt stores logs, not ${what}. Send them elsewhere, or switch their exporter off.`,
  )
}

function reasonOf({ rejected, errors }: AppendResult): string {
  return rejected === 0 ? '' : `${plural(rejected, 'log record')} cannot be stored: ${errors[0]?.message ?? ''}`
}

function success({ rejected: name }: Signal, isJson: boolean, rejected: number, reason: string): Reply {
  const isWhole = rejected === 0 && reason === ''
  if (isJson) {
    const partial = { ...(rejected > 0 ? { [name]: String(rejected) } : {}), errorMessage: reason }
    return { status: 200, body: { partialSuccess: isWhole ? {} : partial } }
  }
  const body = new BinaryWriter()
  if (!isWhole) {
    body.tag(1, 2).fork()
    if (rejected > 0) body.tag(1, 0).int64(rejected)
    if (reason !== '') body.tag(2, 2).string(reason)
    body.join()
  }
  return { status: 200, body: body.finish(), headers: PROTOBUF }
}

const PROTOBUF = { 'content-type': 'application/x-protobuf' }

/** HTTP statuses of which exporters repeat 429 and 503 only, and the codes of gRPC. */
const REFUSALS: { readonly [code in ProblemCode]: readonly [status: number, code: number] } = {
  invalid: [400, 3],
  not_a_log: [400, 3],
  conflict: [400, 9],
  unauthorized: [401, 16],
  forbidden: [401, 7],
  not_found: [404, 5],
  too_large: [413, 8],
  unsupported: [415, 3],
  limited: [429, 8],
  internal: [503, 13],
  busy: [503, 14],
}

/** The refusal as `google.rpc.Status`. */
function refuse({ code, message }: Problem, isJson: boolean): Reply {
  const [status, rpc] = REFUSALS[code]
  if (isJson) return { status, body: { code: rpc, message } }
  return { status, body: new BinaryWriter().tag(1, 0).int32(rpc).tag(2, 2).string(message).finish(), headers: PROTOBUF }
}
