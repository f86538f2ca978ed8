// Problems that a person reads about: one class with a few codes, which each door maps once.

/** The kinds of problem; each door (HTTP, chat, terminal) maps them to its own form. */
export const PROBLEM_CODES = [
  'invalid',
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'unsupported',
  'not_a_log',
  'limited',
  'busy',
  'internal',
] as const
export type ProblemCode = (typeof PROBLEM_CODES)[number]

/** Words of a command line that are wrong, and what was probably meant in their place. */
export type Slip = { wrong: readonly string[]; right: readonly string[] }

/**
 * What a problem carries beside its message: the wrong fields, how long to wait (ms) before a retry, and whether Vakt's own
 * storage is the reason (a full or failing disk, a damaged or missing file), never load or a limit. `usage` is the usage
 * line of the command, which the message holds too; `slip` what was probably meant.
 */
export type ProblemDetails = {
  fields?: Record<string, string>
  retryAfterMs?: number
  isStorage?: boolean
  usage?: string
  slip?: Slip
  cause?: unknown
}

/** A problem with a message for the person who asked: what happened, to what, and what to do. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly fields: Record<string, string> | undefined
  readonly retryAfterMs: number | undefined
  readonly isStorage: boolean
  readonly usage: string | undefined
  readonly slip: Slip | undefined

  constructor(code: ProblemCode, message: string, details: ProblemDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'Problem'
    this.code = code
    this.fields = details.fields
    this.retryAfterMs = details.retryAfterMs
    this.isStorage = details.isStorage ?? false
    this.usage = details.usage
    this.slip = details.slip
  }
}

/** An `invalid` problem about one field. */
export function invalid(field: string, message: string): Problem {
  return new Problem('invalid', message, { fields: { [field]: message } })
}
