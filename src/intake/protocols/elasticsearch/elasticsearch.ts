// Elasticsearch's way to send log lines: bulk requests and single documents, as its clients and shippers send them.
import { randomBytes } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import type { AppendResult } from '../../../logs/store.ts'
import { Problem, type ProblemCode } from '../../../problem.ts'
import { retryAfter } from '../../openapi/responses.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { LOG_QUERY } from '../../receive/log-parameters.ts'
import type { Asked, LogBody, LogProtocol, Received, Reply, Route } from '../protocol.ts'
import { bulkReply, documentReply, errorReply, refusedBulkReply } from './answers.ts'
import { type BulkItem, DEFAULT_INDEX, readBulk } from './bulk-body.ts'
import { retriesItems } from './clients.ts'

/** Refusals of single lines: other documents of the request may be well. */
const OF_LINES: ReadonlySet<ProblemCode> = new Set(['invalid', 'not_a_log'])
/** Refusals that pass with time. */
const TEMPORARY: ReadonlySet<ProblemCode> = new Set(['limited', 'busy'])
const UNREADABLE_TYPE = /cbor|smile|yaml/i
const RANDOM_ID_BYTES = 9
/** How much of the documents is looked through for a time. */
const TIME_SEARCH_BYTES = 64 * 1024
/** A name of a time: documents with times, or ids, are the same documents when they come again. */
const TIME = /"(?:@timestamp|timestamp|time|ts|@t|datetime|timereported)" *:/i

const ERROR = z.looseObject({
  error: z.looseObject({ type: z.string(), reason: z.string() }),
  status: z.int(),
})
const ITEM = z.looseObject({
  _index: z.string().optional(),
  _id: z.string().optional(),
  status: z.int().optional().describe('201: stored. 400: this document is refused. 429: send it again later.'),
  error: z.looseObject({ type: z.string().optional(), reason: z.string().optional() }).optional(),
})
const BULK_ANSWER = z.looseObject({
  took: z.int().optional(),
  errors: z.boolean().optional().describe('Whether any item is not stored.'),
  items: z.array(z.partialRecord(z.enum(['create', 'index', 'update', 'delete']), ITEM)).optional(),
})
const DOCUMENT_ANSWER = z.looseObject({ _index: z.string(), _id: z.string(), result: z.literal('created') })
const PRODUCT = z.object({ 'X-Elastic-Product': z.literal('Elasticsearch') })
const FILTER_PATH = z.string().optional().describe('The parts of the answer to send: `errors,items.*.status`.')
const INDEX = z
  .string()
  .describe('The index or data stream: an attribute `_index` of each line, and its source where it names none.')

const ERROR_DESCRIPTIONS = {
  400: 'The request is malformed, and nothing is stored.',
  401: 'There is no key, or an unknown one.',
  403: 'The key may not send log lines.',
  404: 'The project does not exist.',
  413: 'The body is too large.',
  415: 'The content type or the encoding is not supported.',
  429: 'A limit of the sender is used up.',
  500: 'Vakt failed; its own log says why.',
  503: 'Vakt cannot take this now. Send it again.',
} as const
const ERRORS = Object.fromEntries(
  Object.entries(ERROR_DESCRIPTIONS).map(([status, description]) => [
    status,
    {
      description,
      content: { 'application/json': { schema: ERROR } },
      ...(status === '429' || status === '503' ? retryAfter : {}),
    },
  ]),
)

const BULK_DESCRIPTION = [
  'Each document becomes a log line; the names of the Elastic Common Schema are known (`log.level`, `service.name`,',
  '`host.name`, `error.stack_trace`, `trace.id` …). The actions `create` and `index` store a document; `update` and `delete`',
  'are refused item by item, because lines never change. A document that cannot be read is refused alone.',
  '',
  'Clients point their `hosts` at Vakt: `GET /` and the paths that begin with `_` answer what they ask before they send, such',
  'as `/_license`, `/_cluster/health` and `/_index_template`. Templates, pipelines and lifecycle policies are accepted and',
  'not used.',
].join('\n')

const METHODS = { post: '', put: 'Put' } as const

function routesOf(
  path: string,
  id: string,
  summary: string,
  isBulk: boolean,
  methods: readonly (keyof typeof METHODS)[] = ['post', 'put'],
): Route[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const params = z.object(Object.fromEntries(names.map(name => [name, name === 'index' ? INDEX : z.string()])))
  const schema = z.string().min(1).meta({ example: '{"create":{"_index":"app"}}\n{"message":"hello"}\n' })
  const content = isBulk
    ? { 'application/x-ndjson': { schema } }
    : { 'application/json': { schema: z.looseObject({}).meta({ example: { message: 'hello' } }) } }
  const answer = isBulk ? BULK_ANSWER : DOCUMENT_ANSWER
  const stored = { content: { 'application/json': { schema: answer } }, headers: PRODUCT }
  return methods.map(
    method =>
      createRoute({
        method,
        path,
        operationId: `${id}${METHODS[method]}`,
        tags: ['Logs by other protocols'],
        summary,
        ...(isBulk ? { description: BULK_DESCRIPTION } : {}),
        ...withIntakeKey,
        request: {
          ...(names.length > 0 ? { params } : {}),
          query: LOG_QUERY.extend({ filter_path: FILTER_PATH }),
          body: { required: true, content },
        },
        responses: {
          ...(isBulk
            ? { 200: { description: 'Each item has its own status.', ...stored } }
            : { 201: { description: 'The document is stored.', ...stored } }),
          ...ERRORS,
        },
      }) as unknown as Route,
  )
}

/** `POST /_bulk` and its forms. */
export const elasticsearchBulk: LogProtocol = {
  kind: 'logs',
  name: 'elasticsearch',
  routes: [
    ...routesOf('/_bulk', 'elasticsearchBulk', 'Store documents of Elasticsearch', true),
    ...routesOf('/{index}/_bulk', 'elasticsearchIndexBulk', 'Store documents in an index', true, ['post']),
  ],
  parse(received) {
    refuseBinary(received)
    const { items, documents } = readBulk(received.body, indexIn(received.path))
    const filterPath = received.parameters.get('filter_path')
    return {
      body: documents,
      format: 'ndjson',
      hasTimes: TIME.test(documents.toString('latin1', 0, TIME_SEARCH_BYTES)) || items.some(({ id }) => id !== null),
      answer: stored => bulkReply(items, stored.errors, filterPath, randomBytes(RANDOM_ID_BYTES).toString('base64url')),
      refuse: problem => refuseBulk(items, problem, received, filterPath),
    }
  },
  answer: unanswered,
  refuse: refuseRequest,
}

/** A single document, as `POST /<index>/_doc`. */
export const elasticsearchDocuments: LogProtocol = {
  kind: 'logs',
  name: 'elasticsearch document',
  routes: [
    ...routesOf('/{index}/_doc', 'elasticsearchDocument', 'Store a document of Elasticsearch', false, ['post']),
    ...routesOf('/{index}/_doc/{id}', 'elasticsearchDocumentId', 'Store a document with an id', false, ['put']),
    ...routesOf('/{index}/_create/{id}', 'elasticsearchCreate', 'Store a new document with an id', false, ['put']),
  ],
  parse(received) {
    refuseBinary(received)
    const index = indexIn(received.path) ?? DEFAULT_INDEX
    const id = segmentsOf(received.path)[2] ?? randomBytes(RANDOM_ID_BYTES).toString('base64url')
    return { ...readDocument(received.body, index), answer: stored => answerDocument(stored, index, id) }
  },
  answer: unanswered,
  refuse: refuseRequest,
}

/** The document as a bulk body of one line; it may be printed over several lines. */
function readDocument(body: Buffer, index: string): LogBody {
  const text = body.toString('utf8')
  if (!text.trimStart().startsWith('{'))
    throw new Problem('invalid', 'The body is no JSON object. Send one document, such as {"message":"hello"}.', {
      fields: { body: 'is no JSON object' },
    })
  const named = text.replace(/^\s*\{\s*"/, `{"_index":${JSON.stringify(index)},"`)
  return { body: Buffer.from(named), format: 'json' }
}

function answerDocument({ rejected, errors }: AppendResult, index: string, id: string): Reply {
  return rejected === 0 ? documentReply(index, id) : errorReply(new Problem('not_a_log', errors[0]!.message), 400)
}

/** A refusal of lines, or one that passes with time for a client that tries items again, is answered item by item. */
function refuseBulk(
  items: readonly BulkItem[],
  problem: Problem,
  { headers }: Asked,
  filterPath: string | null,
): Reply {
  const isByItem = OF_LINES.has(problem.code) || (TEMPORARY.has(problem.code) && retriesItems(headers))
  return isByItem ? refusedBulkReply(items, problem, filterPath) : refuseRequest(problem)
}

/** Clients give up on a request with 429, and send it again after a 503. */
function refuseRequest(problem: Problem): Reply {
  if (TEMPORARY.has(problem.code)) return errorReply(problem, 503)
  return problem.code === 'not_a_log' ? errorReply(problem, 400) : errorReply(problem)
}

/** Every request has an answer of its own. */
function unanswered(): Reply {
  throw new Error('a request of Elasticsearch was not parsed')
}

function refuseBinary({ headers }: Received): void {
  const type = headers.get('content-type') ?? ''
  if (UNREADABLE_TYPE.test(type))
    throw new Problem(
      'unsupported',
      `Content-Type header [${type.slice(0, 60)}] is not supported. Use application/x-ndjson or application/json.`,
    )
}

/** The index in a path such as `/app/_bulk`; null in `/_bulk`. Throws `invalid` for a name that no index has: every document gets it. */
function indexIn(path: string): string | null {
  const [first] = segmentsOf(path)
  if (first === undefined || first.startsWith('_')) return null
  if (Buffer.byteLength(first) <= MAX_INDEX_BYTES) return first
  const reason = `has more than ${MAX_INDEX_BYTES} bytes`
  throw new Problem('invalid', `The name of the index ${reason}.`, { fields: { index: reason } })
}

/** As Elasticsearch has it. */
const MAX_INDEX_BYTES = 255

function segmentsOf(path: string): string[] {
  return path
    .split('/')
    .filter(segment => segment !== '')
    .map(decoded)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
