// Loki's push API, as promtail, Alloy, Fluent Bit, Vector, Docker's driver and the loggers of many languages speak it.
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem, type ProblemCode } from '../../problem.ts'
import { retryAfter, text } from '../openapi/responses.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { LOG_HEADERS, PROJECT_PARAMETER } from '../receive/log-parameters.ts'
import { looksLikeJson, mediaType } from './content-type.ts'
import type { LogProtocol, Received, Reply } from './protocol.ts'

const REASON = z.string().describe('What is wrong, as text.')

const route = (path: string, operationId: string, summary: string) =>
  createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Logs by other protocols'],
    summary,
    description: [
      'The push API of Grafana Loki, as JSON or as protobuf compressed with snappy. Labels and structured metadata become',
      'fields and attributes; the source is `service_name`, `service`, `app`, `container`, `job` and the like. A request that is',
      'repeated within minutes is stored once.',
    ].join('\n'),
    ...withIntakeKey,
    request: {
      query: z.object({ project: PROJECT_PARAMETER }),
      headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
      body: {
        required: true,
        content: {
          'application/json': {
            schema: z.object({
              streams: z.array(
                z.object({
                  stream: z.record(z.string(), z.string()).describe('The labels.'),
                  values: z
                    .array(z.array(z.unknown()).min(2).max(3))
                    .describe('Time (ns since 1970, as text), line, and structured metadata.'),
                }),
              ),
            }),
          },
          'application/x-protobuf': { schema: z.string().meta({ format: 'binary' }) },
        },
      },
    },
    responses: {
      204: { description: 'The lines are stored.' },
      ...Object.fromEntries([400, 401, 404, 413, 415].map(status => [status, text('Nothing is stored.', REASON)])),
      ...Object.fromEntries(
        [429, 500, 503].map(status => [status, { ...text('Nothing is stored; try again.', REASON), ...retryAfter }]),
      ),
    },
  })

export const loki: LogProtocol = {
  kind: 'logs',
  name: 'loki',
  routes: [
    route('/loki/api/v1/push', 'lokiPush', 'Store log lines of Loki clients'),
    route('/api/prom/push', 'lokiPushOld', 'Store log lines of old Loki clients'),
  ],
  hasTimes: true,
  parse(received) {
    if (received.body.length === 0) throw new Problem('invalid', 'The body is empty. Send {"streams": […]}.')
    return { body: received.body, format: readFormat(received) }
  },
  answer: ({ accepted, rejected, errors }) =>
    accepted === 0 && rejected > 0
      ? { status: 400, body: `No line is stored. ${errors[0]?.message ?? ''}\n` }
      : { status: 204, body: null },
  refuse: problem => ({ status: STATUS[problem.code], body: `${problem.message}\n` }) satisfies Reply,
}

/** JSON where it is named or to be seen; everything else is protobuf in snappy, as Loki reads it. */
function readFormat({ headers, body }: Received): 'wire:loki-json' | 'wire:loki-snappy' | 'wire:loki-protobuf' {
  const type = mediaType(headers)
  if (type.includes('json')) return 'wire:loki-json'
  const isNamed = type.includes('protobuf')
  if (!isNamed && looksLikeJson(body)) return 'wire:loki-json'
  // What Content-Encoding names is decompressed already.
  return /snappy/i.test(headers.get('content-encoding') ?? '') ? 'wire:loki-protobuf' : 'wire:loki-snappy'
}

const STATUS: { readonly [code in ProblemCode]: number } = {
  ...{ invalid: 400, not_a_log: 400, conflict: 400, unauthorized: 401, forbidden: 401, not_found: 404 },
  ...{ too_large: 413, unsupported: 415, limited: 429, internal: 500, busy: 503 },
}
