// The behaviours of the simulated model, independent of the wire format.

export type TokenUsage = { input: number; output: number; cached?: number }

/** One answer, or one failure. */
export type Behaviour =
  | { kind: 'says'; text: string; usage?: TokenUsage }
  | { kind: 'calls'; calls: readonly { name: string; input: unknown }[]; usage?: TokenUsage }
  /** The safety refusal of the provider: an empty message with its own stop reason. */
  | { kind: 'refuses' }
  /** Stops within its text at the token limit. */
  | { kind: 'runs out'; text: string }
  /** An HTTP error: 401, 429 (with `retryAfter` seconds), 500, 529 … */
  | { kind: 'fails'; status: number; retryAfter?: number; message?: string }
  /** The stream ends after half of the text: with a reset connection, or without an error. */
  | { kind: 'is cut'; text: string; how: 'reset' | 'clean' }
  /** An error within the stream, after the status 200. */
  | { kind: 'breaks'; text: string }
  /** 200 with an invalid body. */
  | { kind: 'babbles' }
  /** No answer until the client gives up or `release` is called. */
  | { kind: 'hangs' }

/** Answers with `value` as JSON text. */
export function answers(value: unknown, usage?: TokenUsage): Behaviour {
  return { kind: 'says', text: JSON.stringify(value), ...(usage ? { usage } : {}) }
}

export const DEFAULT_USAGE: TokenUsage = { input: 1000, output: 200 }
