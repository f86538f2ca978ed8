// The port to language models: what is asked, what comes back, and how it can fail.

export type ToolCall = { id: string; name: string; input: unknown }

/** One turn of the conversation; `raw` is what the provider wants back of its own words, untouched. */
export type Turn =
  | { role: 'person'; text: string }
  | { role: 'model'; text: string; calls: readonly ToolCall[]; raw: unknown }
  | { role: 'results'; results: readonly { id: string; text: string }[]; text: string }

export type Tool = { name: string; description: string; schema: object }

export type ModelRequest = {
  model: string
  system: string
  turns: readonly Turn[]
  tools: readonly Tool[]
  /** Whether it may still call tools. */
  mayCall: boolean
  /** The JSON schema that its final answer must follow. */
  schema: object
  maxTokens: number
  signal: AbortSignal
  /** Called with how many characters have come so far. */
  onProgress(characters: number): void
}

/** `input` counts cached tokens by what they cost in ordinary ones. */
export type ModelUsage = { input: number; output: number }

export type ModelReply = {
  text: string
  calls: readonly ToolCall[]
  raw: unknown
  stop: 'done' | 'calls' | 'length' | 'refused'
  usage: ModelUsage
}

/** Rejects only with `ModelError`. */
export interface Model {
  ask(request: ModelRequest): Promise<ModelReply>
}

export type ModelFailure =
  | 'key'
  | 'unknown model'
  | 'limited'
  | 'overloaded'
  | 'unreachable'
  | 'cut'
  | 'stopped'
  | 'invalid'
  | 'refused'
  | 'unreadable'

/** A call that failed; `charged` says that tokens may have been spent all the same. */
export class ModelError extends Error {
  readonly failure: ModelFailure
  readonly charged: boolean
  readonly retryAfterMs: number | null

  constructor(failure: ModelFailure, message: string, more: { charged?: boolean; retryAfterMs?: number | null } = {}) {
    super(message)
    this.name = 'ModelError'
    this.failure = failure
    this.charged = more.charged ?? false
    this.retryAfterMs = more.retryAfterMs ?? null
  }
}

/** What an HTTP status of a provider means. `retryAfter` is the header, in seconds or absent. */
export function failureOf(status: number, retryAfter: string | null, message: string): ModelError {
  const seconds = Number(retryAfter)
  const retryAfterMs = retryAfter !== null && Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : null
  if (status === 401 || status === 403) return new ModelError('key', message)
  if (status === 402) return new ModelError('key', message)
  if (status === 404) return new ModelError('unknown model', message)
  if (status === 429) return new ModelError('limited', message, { retryAfterMs })
  if (status === 529 || status >= 500) return new ModelError('overloaded', message, { retryAfterMs })
  return new ModelError('invalid', message)
}
