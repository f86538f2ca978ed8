// What the simulated model answers to one request, in words that hold for every wire format.

export type Usage = { input: number; output: number; cached?: number }

/** One answer, or one way to fail. */
export type Behaviour =
  | { kind: 'says'; text: string; usage?: Usage }
  | { kind: 'calls'; calls: readonly { name: string; input: unknown }[]; usage?: Usage }
  /** The safety refusal of the provider: an empty message with its own stop reason. */
  | { kind: 'refuses' }
  /** Stops in the middle of its text because its tokens ran out. */
  | { kind: 'runs out'; text: string }
  /** An HTTP error: 401, 429 (with `retryAfter` seconds), 500, 529 … */
  | { kind: 'fails'; status: number; retryAfter?: number; message?: string }
  /** The stream ends after half of the text: with a reset connection, or as if all were well. */
  | { kind: 'is cut'; text: string; how: 'reset' | 'clean' }
  /** An error in the middle of the stream, after the status 200. */
  | { kind: 'breaks'; text: string }
  /** 200 with a body that is no protocol at all. */
  | { kind: 'babbles' }
  /** Nothing comes until the client gives up or `release` is called. */
  | { kind: 'hangs' }

/** Answers with `value` as JSON text. */
export function answers(value: unknown, usage?: Usage): Behaviour {
  return { kind: 'says', text: JSON.stringify(value), ...(usage ? { usage } : {}) }
}

export const USUAL_USAGE: Usage = { input: 1000, output: 200 }
