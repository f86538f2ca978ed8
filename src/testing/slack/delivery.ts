// What the simulator sends to the app, and what became of it, whichever way it was sent.
import type { Obj } from './wire.ts'

export type Kind = 'slash_commands' | 'interactive' | 'events_api'

/** One thing sent to the app. */
export interface Delivery {
  kind: Kind
  payload: Obj
  retry?: { num: number; reason: string }
}

/** What became of a delivery. */
export interface Outcome {
  /** True when the app acknowledged it in time. */
  acked: boolean
  /** Why it was not acknowledged: no connection, timeout, or an HTTP status. */
  why?: string
  /** What the acknowledgement carried. */
  reply: Obj
  /** How long the acknowledgement took, in real ms. */
  ms: number
}
