// Splunk's HTTP Event Collector: events, raw lines, acknowledgements and health.
// https://docs.splunk.com/Documentation/Splunk/latest/Data/HECRESTendpoints
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { EVENT_CODE, EVENT_NUMBER } from '../../logs/wire/splunk.ts'
import { Problem, type ProblemCode } from '../../problem.ts'
import { readIntakeKey } from '../access/shown-keys.ts'
import { json, retryAfter } from '../openapi/responses.ts'
import { withIntakeKey, withoutKey } from '../openapi/security.ts'
import { LOG_HEADERS, LOG_QUERY } from '../receive/log-parameters.ts'
import type { Asked, LogProtocol, Reply } from './protocol.ts'

const ANSWER = z.looseObject({
  text: z.string(),
  code: z.int().describe('0 is success; others are those of Splunk.'),
  ackId: z.int().optional().describe('Of a request with a channel; it is acknowledged already.'),
})
const REFUSAL = ANSWER.extend({ detail: z.string().optional().describe('What happened, and what to do.') })
const CHANNEL = { channel: z.string().optional().describe('Asks for acknowledgements.') }

const refusals = {
  ...Object.fromEntries([400, 401, 403, 404, 413, 415].map(status => [status, json('Nothing is stored.', REFUSAL)])),
  ...Object.fromEntries(
    [500, 503].map(status => [status, { ...json('Nothing is stored; try again.', REFUSAL), ...retryAfter }]),
  ),
}

const EVENT = z.looseObject({
  event: z.unknown().describe('A text or an object.'),
  time: z.union([z.number(), z.string()]).optional().describe('Seconds since 1970.'),
  host: z.string().optional(),
  source: z.string().optional(),
  sourcetype: z.string().optional(),
  index: z.string().optional(),
  fields: z.record(z.string(), z.unknown()).optional(),
})

const storing = (path: string, operationId: string, summary: string, isRaw: boolean) =>
  createRoute({
    method: 'post',
    path,
    operationId,
    tags: ['Logs by other protocols'],
    summary,
    description:
      'As clients of Splunk send it; `Authorization: Splunk <key>`. Events may follow one another without a comma.',
    ...withIntakeKey,
    request: {
      query: LOG_QUERY.extend(CHANNEL),
      headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
      body: {
        required: true,
        content: isRaw ? { 'text/plain': { schema: z.string() } } : { 'application/json': { schema: EVENT } },
      },
    },
    responses: { 200: json('The events are stored.', ANSWER), ...refusals },
  })

const ACK = createRoute({
  method: 'post',
  path: '/services/collector/ack',
  operationId: 'splunkAcks',
  tags: ['Logs by other protocols'],
  summary: 'Ask which events of Splunk clients are stored',
  description: 'All that were answered are: Vakt answers after the lines are on disk.',
  ...withIntakeKey,
  request: {
    query: z.object(CHANNEL),
    body: { content: { 'application/json': { schema: z.object({ acks: z.array(z.int()) }) } } },
  },
  responses: { 200: json('True for each.', z.object({ acks: z.record(z.string(), z.literal(true)) })), ...refusals },
})

const health = (path: string, operationId: string) =>
  createRoute({
    method: 'get',
    path,
    operationId,
    tags: ['Logs by other protocols'],
    summary: 'Tell Splunk clients that events are accepted',
    ...withoutKey,
    responses: { 200: json('Events are accepted.', ANSWER) },
  })

export const splunk: LogProtocol = {
  kind: 'logs',
  name: 'splunk',
  routes: [
    storing('/services/collector', 'splunkCollector', 'Store events of Splunk clients', false),
    storing('/services/collector/event', 'splunkEvents', 'Store events of Splunk clients', false),
    storing('/services/collector/event/1.0', 'splunkEvents1', 'Store events of Splunk clients', false),
    storing('/services/collector/raw', 'splunkRaw', 'Store raw lines of Splunk clients', true),
    storing('/services/collector/raw/1.0', 'splunkRaw1', 'Store raw lines of Splunk clients', true),
    ACK,
    health('/services/collector/health', 'splunkHealth'),
    health('/services/collector/health/1.0', 'splunkHealth1'),
  ],
  answerOpen: ({ path }) =>
    /\/health(?:\/1\.0)?\/*$/.test(path) ? { status: 200, body: { text: 'HEC is healthy', code: 17 } } : null,
  parse({ body, path, headers, parameters }) {
    if (/\/ack\/*$/.test(path)) return acknowledge(body)
    if (body.length === 0) throw new Problem('invalid', 'The body is empty.', { fields: { [EVENT_CODE]: '5' } })
    const channel = headers.get('x-splunk-request-channel') ?? parameters.get('channel')
    const answer = channel === null ? {} : { answer: () => success(nextAckId++) }
    if (/\/raw(?:\/1\.0)?\/*$/.test(path)) return { body, format: 'text', ...answer }
    return { body, format: 'wire:splunk-events', hasTimes: body.includes('"time"'), ...answer }
  },
  answer: () => success(),
  refuse,
}

let nextAckId = 0

function success(ackId?: number): Reply {
  return { status: 200, body: { text: 'Success', code: 0, ...(ackId === undefined ? {} : { ackId }) } }
}

/** Whatever was answered is on disk. */
function acknowledge(body: Buffer): Reply {
  try {
    const { acks } = JSON.parse(body.toString('utf8')) as { acks: unknown[] }
    return { status: 200, body: { acks: Object.fromEntries(acks.map(id => [String(Number(id)), true])) } }
  } catch {
    throw new Problem('invalid', 'Send {"acks": [0, 1, …]}.', { fields: { [EVENT_CODE]: '6' } })
  }
}

/** Splunk's status, text and code. Its clients repeat a request only after 503, so limits are one, too. */
const REFUSALS: { readonly [code in ProblemCode]: readonly [status: number, text: string, code: number] } = {
  invalid: [400, 'Invalid data format', 6],
  not_a_log: [400, 'Invalid data format', 6],
  conflict: [400, 'Invalid data format', 6],
  unauthorized: [403, 'Invalid token', 4],
  forbidden: [403, 'Invalid token', 4],
  not_found: [404, 'Incorrect index', 7],
  too_large: [413, 'Request entity too large', 27],
  unsupported: [415, 'Invalid data format', 6],
  limited: [503, 'Server is busy', 9],
  busy: [503, 'Server is busy', 9],
  internal: [500, 'Internal server error', 8],
}
const TEXTS: { readonly [code: string]: string } = {
  5: 'No data',
  12: 'Event field is required',
  13: 'Event field cannot be blank',
}

function refuse({ code, message, fields = {} }: Problem, { headers, parameters }: Asked): Reply {
  if (code === 'unauthorized' && readIntakeKey(headers, parameters) === null)
    return { status: 401, body: { text: 'Token is required', code: 2, detail: message } }
  const [status, text, usual] = REFUSALS[code]
  const own = fields[EVENT_CODE]
  const number = fields[EVENT_NUMBER]
  return {
    status,
    body: {
      text: TEXTS[own ?? ''] ?? text,
      code: own === undefined ? usual : Number(own),
      ...(number === undefined ? {} : { [EVENT_NUMBER]: Number(number) }),
      detail: message,
    },
  }
}
