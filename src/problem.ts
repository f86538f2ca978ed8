// What can go wrong that a person should read about: one class, a few codes, mapped once by each door.

/** The kinds of refusal; each door (HTTP, chat, terminal) maps them once to its own form. */
export type ProblemCode =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'unsupported'
  | 'not_a_log'
  | 'limited'
  | 'busy'
  | 'internal'

/** What a problem may carry beside its sentence: the field at fault, and how long to wait (ms) before trying again. */
export type ProblemDetails = { fields?: Record<string, string>; retryAfterMs?: number; cause?: unknown }

/** A refusal with a sentence written for the person who asked: what happened, to what, and what to do. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly fields: Record<string, string> | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'Problem'
    this.code = code
    this.fields = details.fields
    this.retryAfterMs = details.retryAfterMs
  }
}

/** `invalid` with the name of the one field at fault. */
export function invalid(field: string, message: string): Problem {
  return new Problem('invalid', message, { fields: { [field]: message } })
}
