// Problems as HTTP answers: their status, their body, and when to try again.
import type { z } from 'zod'
import { Problem, type ProblemCode } from '../problem.ts'
import { SECOND } from '../time.ts'
import type { ERROR } from './openapi/responses.ts'

const STATUS = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  not_a_log: 422,
  limited: 429,
  internal: 500,
  busy: 503,
} as const satisfies Record<ProblemCode, number>

/** How long a sender waits when the problem does not name a time. */
const RETRY_AFTER_MS = 5 * SECOND

/** The answer to a request that ends in a problem. */
export function problemAnswer(problem: Problem) {
  const { code, message, fields } = problem
  return { status: STATUS[code], body: errorBody(code, message, fields), headers: retryHeaders(problem) }
}

type ErrorBody = z.output<typeof ERROR>

/** The body of an error. */
export function errorBody(
  code: ErrorBody['error']['code'],
  message: string,
  fields?: Record<string, string>,
): ErrorBody {
  return { ok: false, error: { code, message, ...(fields ? { fields } : {}) } }
}

/** `Retry-After` of a problem that time mends. */
export function retryHeaders(problem: Problem): Record<string, string> {
  const { code, retryAfterMs } = problem
  return code === 'busy' || code === 'limited' || retryAfterMs !== undefined ? retryAfterHeader(problem) : {}
}

/** `Retry-After` of a problem after which the sender tries again, whatever its code. */
export function retryAfterHeader({ retryAfterMs }: Problem): Record<string, string> {
  return { 'retry-after': String(Math.max(1, Math.ceil((retryAfterMs ?? RETRY_AFTER_MS) / SECOND))) }
}

/** What is wrong with the parameters of a request, as one problem that names every field. */
export function invalidParameters(error: z.core.$ZodError): Problem {
  const fields = Object.fromEntries(error.issues.map(issue => [issue.path.join('.'), issue.message]))
  const sentence = Object.entries(fields)
    .map(([name, message]) => `${name} ${message}.`)
    .join(' ')
  return new Problem('invalid', sentence, { fields })
}
