// Vakt's own form of log lines: JSON, NDJSON or plain text to POST /api/logs.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import type { AppendResult, Batch } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { ITEM_ERROR, SENT_LINE } from '../openapi/log-line.ts'
import { ERROR, errors, json } from '../openapi/responses.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { LOG_HEADERS, LOG_QUERY } from '../receive/log-parameters.ts'
import { inUtf8, mediaType } from './content-type.ts'
import { LOGPLEX_TYPE, logplex } from './logplex.ts'
import type { LogProtocol, Received } from './protocol.ts'

const MAX_SHOWN_ERRORS = 100
/** How many characters at the start of a body decide between JSON and text. */
const SNIFFED_CHARACTERS = 200
const FORM = 'application/x-www-form-urlencoded'
const NDJSON = /^application\/(x-ndjson|ndjson|jsonl|jsonlines|x-jsonlines|json-lines|vnd\.serilog\.clef)$/

const ANSWER = z.object({
  accepted: z.int().min(0).describe('How many lines are stored.'),
  rejected: z.int().min(0).describe('How many lines are not stored.'),
  errors: z
    .array(ITEM_ERROR)
    .max(MAX_SHOWN_ERRORS)
    .readonly()
    .describe(`Why lines were rejected, for at most ${MAX_SHOWN_ERRORS} of them.`),
  repeated: z
    .literal(true)
    .optional()
    .describe('The `Idempotency-Key` was used before: this is the first answer again.'),
})

const ROUTE = createRoute({
  method: 'post',
  path: '/api/logs',
  operationId: 'sendLogs',
  tags: ['Logs'],
  summary: 'Store log lines',
  description: [
    'Lines are stored when the answer is 200. A line that cannot be read is rejected alone; `errors` says why.',
    'A body without a content type, and `application/x-www-form-urlencoded` as `curl -d` sends it, is read as JSON when it',
    'begins with `{` or `[`, as a form when it is one with a message (`msg=…&levelname=ERROR`), else as text. `application/x-ndjson` has four other common spellings, and every',
    '`application/…+json` is JSON. A body may be compressed with gzip, deflate, br, zstd or snappy.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: LOG_QUERY,
    headers: LOG_HEADERS,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.union([
            SENT_LINE,
            z.array(SENT_LINE),
            z.object({ logs: z.array(SENT_LINE) }),
            z.object({ events: z.array(SENT_LINE) }),
          ]),
        },
        'application/x-ndjson': {
          schema: z
            .string()
            .min(1)
            .meta({ description: 'One JSON object a line.', example: '{"level":"info","message":"a"}\n' }),
        },
        'text/plain': {
          schema: z.string().min(1).meta({
            description: 'One log line a line; a stack trace belongs to the line above it.',
            example: '2026-11-29T09:00:00Z ERROR payment failed\n',
          }),
        },
      },
    },
  },
  responses: {
    200: json('The lines are stored, but for those in `errors`.', ANSWER),
    ...errors(400, 401, 404, 413, 415, 429, 500, 503),
    422: json('No line could be stored.', z.union([ANSWER, ERROR])),
  },
})

export const nativeLogs: LogProtocol = {
  kind: 'logs',
  name: 'native',
  routes: [ROUTE],
  parse(received) {
    const { headers } = received
    const body = inUtf8(received.body, headers)
    if (LOGPLEX_TYPE.test(mediaType(headers))) return logplex.parse(received)
    if (body.length === 0)
      throw new Problem('invalid', 'The body is empty. Send a log line as JSON, such as {"message":"hello"}.', {
        fields: { body: 'is empty' },
      })
    const form = mediaType(headers) === FORM ? readForm(body) : null
    if (form !== null) return { body: Buffer.from(JSON.stringify(form)), format: 'json' }
    return { body, format: readFormat(headers) ?? sniffFormat(body) }
  },
  answer,
}

/** The format that the content type names; null when only the body can show it. */
function readFormat(headers: Received['headers']): Batch['format'] | null {
  const type = mediaType(headers)
  if (NDJSON.test(type)) return 'ndjson'
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  if (type === 'text/plain') return 'text'
  if (type === '' || type === FORM || type === 'application/octet-stream') return null
  throw new Problem(
    'unsupported',
    `Content-Type "${type.slice(0, 60)}" is not supported. Use application/json, application/x-ndjson or text/plain.`,
    { fields: { 'content-type': 'must be application/json, application/x-ndjson or text/plain' } },
  )
}

/** Names of which one is in every form that a logger sends, such as Python's HTTPHandler. */
const FORM_NAMES = /(?:^|&)(?:message|msg|text|log|body)=/
const FORM_BODY = /^[\w.%+[\]-]{1,200}=[^\s&]*(?:&[\w.%+[\]-]{1,200}=[^\s&]*)*$/

/** The fields of a form; null for what `curl -d` sends as one, lines of text or JSON. */
function readForm(body: Buffer): { [name: string]: string } | null {
  const text = body.toString('utf8')
  return FORM_NAMES.test(text) && FORM_BODY.test(text) ? Object.fromEntries(new URLSearchParams(text)) : null
}

function sniffFormat(body: Buffer): Batch['format'] {
  const start = body.subarray(0, SNIFFED_CHARACTERS).toString('latin1').trimStart()
  return start.startsWith('{') || start.startsWith('[') ? 'json' : 'text'
}

function answer(stored: AppendResult): { status: 200 | 422; body: z.output<typeof ANSWER> } {
  const { accepted, rejected, repeated } = stored
  const body = { accepted, rejected, errors: stored.errors.slice(0, MAX_SHOWN_ERRORS) }
  return { status: accepted === 0 && rejected > 0 ? 422 : 200, body: repeated ? { ...body, repeated } : body }
}
