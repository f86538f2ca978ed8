// A log line as Vakt stores it, independent of the format it arrived in.

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof LEVELS)[number]

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A line before it is stored. Instants are epoch ms. Missing texts are empty, never null. */
export type NewLine = {
  /** Whether its sender wrote a time without a zone; not stored. */
  isZoneAssumed?: boolean
  /** The time that its sender wrote; the received time when there is none. */
  timestamp: number
  receivedAt: number
  level: Level
  message: string
  project: string
  source: string
  host: string
  /** Hierarchical, such as `prod/api/auth`. */
  group: string
  tags: readonly string[]
  /** The fingerprint of an error, such as `v1:3f2a…`; empty for lines below `error`. */
  fingerprint: string
  stack: string
  traceId: string
  spanId: string
  attributes: { readonly [name: string]: Json }
}

/** A stored line; its `id` never changes and sorts in the order of storing. */
export type LogLine = NewLine & { id: string }
