// What answers look like in the OpenAPI document: JSON with its schema, plain text, and the errors that a route gives.
import { z } from 'zod'
import { PROBLEM_CODES } from '../../problem.ts'

/** The body of every error but those of pings, which are plain text. */
export const ERROR = z
  .object({
    ok: z.literal(false),
    error: z.object({
      code: z.enum([...PROBLEM_CODES, 'method_not_allowed']),
      message: z.string().describe('A sentence for people: what happened, to what, and what to do.'),
      fields: z.record(z.string(), z.string()).optional().describe('The fields at fault, and what is wrong with each.'),
    }),
  })
  .meta({ id: 'Error' })

/** Why a route answers with an error, by status, and the code that goes with it. */
const ERRORS = {
  400: { code: 'invalid', description: 'The request is malformed; `fields` names what is wrong.' },
  401: {
    code: 'unauthorized',
    description: 'There is no key, an unknown or a revoked one, or a signature that is wrong, too old or used before.',
  },
  403: {
    code: 'forbidden',
    description: 'The role of the key does not allow this, or a request without a key names a host that is not Vakt.',
  },
  404: { code: 'not_found', description: 'What the request names does not exist.' },
  409: { code: 'conflict', description: 'The request conflicts with what exists, such as a name that is taken.' },
  413: { code: 'too_large', description: 'The body is too large, before or after decompression.' },
  415: { code: 'unsupported', description: 'The content type or the encoding of the body is not supported.' },
  422: { code: 'not_a_log', description: 'The body is valid JSON, and none of it can be stored.' },
  429: { code: 'limited', description: 'A limit of the sender is used up.' },
  500: { code: 'internal', description: 'Vakt failed; its own log says why.' },
  503: { code: 'busy', description: 'Vakt cannot take this now, for example because its disk or a queue is full.' },
} as const

type ErrorStatus = keyof typeof ERRORS
/** What limits answer with, so that the client knows how long to wait. */
const RETRY_AFTER = z.object({ 'Retry-After': z.int().min(1).describe('Seconds to wait before the next try.') })

/** A JSON answer. */
export function json<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } }
}

/** A plain text answer. */
export function text<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'text/plain': { schema } } }
}

/** The errors of a route by their statuses. */
export function errors<S extends ErrorStatus>(...statuses: readonly S[]) {
  return Object.fromEntries(
    statuses.map(status => {
      const { code, description } = ERRORS[status]
      const example = { ok: false, error: { code, message: 'What happened, to what, and what to do.' } }
      const content = { 'application/json': { schema: ERROR, example } }
      return [status, { description, content, ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}) }]
    }),
  ) as unknown as { [status in S]: ReturnType<typeof json<typeof ERROR>> }
}

/** The header of a limit, for answers that are not JSON. */
export const retryAfter = { headers: RETRY_AFTER }
