// Seq's HTTP API: CLEF, and the older JSON of seq-logging and its like. https://docs.datalust.co/docs/posting-raw-events
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem, type ProblemCode } from '../../problem.ts'
import { json, retryAfter } from '../openapi/responses.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { LOG_HEADERS, LOG_QUERY } from '../receive/log-parameters.ts'
import { mediaType } from './content-type.ts'
import type { LogProtocol, Received } from './protocol.ts'

const REFUSAL = z.object({ Error: z.string().describe('What happened, and what to do.') })

const route = (path: string, operationId: string) =>
  createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Logs by other protocols'],
    summary: 'Store events of Serilog and Seq clients',
    description: 'CLEF, one JSON object a line, or `{"Events": […]}`; the key in `X-Seq-ApiKey` or `?apiKey=`.',
    ...withIntakeKey,
    request: {
      query: LOG_QUERY.extend({ clef: z.string().optional().describe('The body is CLEF, whatever its type.') }),
      headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
      body: {
        required: true,
        content: {
          'application/vnd.serilog.clef': { schema: z.string() },
          'application/json': { schema: z.looseObject({ Events: z.array(z.looseObject({})) }) },
        },
      },
    },
    responses: {
      201: json('The events are stored.', z.object({ MinimumLevelAccepted: z.null() })),
      ...Object.fromEntries([400, 401, 404, 413, 415].map(status => [status, json('Nothing is stored.', REFUSAL)])),
      ...Object.fromEntries(
        [500, 503].map(status => [status, { ...json('Nothing is stored; try again.', REFUSAL), ...retryAfter }]),
      ),
    },
  })

export const seq: LogProtocol = {
  kind: 'logs',
  name: 'seq',
  routes: [route('/ingest/clef', 'seqClef'), route('/api/events/raw', 'seqEvents')],
  parse(received) {
    const { body } = received
    if (body.length === 0) throw new Problem('invalid', 'The body is empty. Send {"@t":"…","@mt":"…"}.')
    const hasTimes = body.includes('"@t"') || body.includes('"Timestamp"')
    return { body, format: isClef(received) ? 'wire:clef' : 'wire:seq-events', hasTimes }
  },
  answer: ({ accepted, rejected, errors }) =>
    accepted === 0 && rejected > 0
      ? { status: 400, body: { Error: `No event is stored. ${errors[0]?.message ?? ''}` } }
      : { status: 201, body: { MinimumLevelAccepted: null } },
  refuse: ({ code, message }) => ({ status: STATUS[code], body: { Error: message } }),
}

function isClef({ headers, parameters, path, body }: Received): boolean {
  if (mediaType(headers).includes('clef') || parameters.has('clef') || path.includes('clef')) return true
  return !/^\s*\{\s*"[Ee]vents"|^\s*\[/.test(body.subarray(0, 100).toString('utf8'))
}

/** Seq's clients repeat a request after 5xx, and lose what 429 refuses. */
const STATUS: { readonly [code in ProblemCode]: number } = {
  ...{ invalid: 400, not_a_log: 400, conflict: 400, unauthorized: 401, forbidden: 401, not_found: 404 },
  ...{ too_large: 413, unsupported: 415, limited: 503, internal: 500, busy: 503 },
}
