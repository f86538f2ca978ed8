// For how long the store remembers the requests that it knows by their body only.
import { MINUTE } from '../time.ts'

/** What idempotency keys made of bodies begin with; no client can send it in a header. */
export const BODY_KEY = '\u0001'

/** How long such a key is remembered while Vakt runs, ms; its downtime before does not count. */
export const BODY_KEY_RETENTION_MS = 15 * MINUTE

/**
 * Before which receipt (epoch ms) keys of bodies may be forgotten. In its first minutes a process forgets none: clients
 * whose answer the stop of the process before it cut off have not come back yet.
 */
export function forgetBefore(now: number, startedAt: number): number | null {
  return now - startedAt < BODY_KEY_RETENTION_MS ? null : now - BODY_KEY_RETENTION_MS
}
