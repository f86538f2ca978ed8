// The port to language models: requests, replies and failures.

export type ToolCall = { id: string; name: string; input: unknown }

/** One turn of the conversation; `raw` is the reply as the provider wants it back, unchanged. */
export type ConversationTurn =
  | { role: 'person'; text: string }
  | { role: 'model'; text: string; calls: readonly ToolCall[]; raw: unknown }
  | { role: 'results'; results: readonly { id: string; text: string }[]; text: string }

export type ToolDefinition = { name: string; description: string; schema: object }

export type ModelRequest = {
  model: string
  system: string
  turns: readonly ConversationTurn[]
  tools: readonly ToolDefinition[]
  /** Whether the model may still call tools. */
  mayCall: boolean
  /** The JSON schema of the final answer. */
  schema: object
  maxTokens: number
  signal: AbortSignal
  /** Called with the number of characters received so far. */
  onProgress(characters: number): void
}

/** Tokens used; `input` counts cached tokens by their cost in ordinary ones. */
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

/** A failed call; `charged` is whether tokens may have been spent. */
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

/** The error for an HTTP status of a provider; `retryAfter` is the header, in seconds or null. */
export function createHttpError(status: number, retryAfter: string | null, message: string): ModelError {
  const seconds = Number(retryAfter)
  const retryAfterMs = retryAfter !== null && Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : null
  if (status === 401 || status === 403) return new ModelError('key', message)
  if (status === 402) return new ModelError('key', message)
  if (status === 404) return new ModelError('unknown model', message)
  if (status === 429) return new ModelError('limited', message, { retryAfterMs })
  if (status === 529 || status >= 500) return new ModelError('overloaded', message, { retryAfterMs })
  return new ModelError('invalid', message)
}
