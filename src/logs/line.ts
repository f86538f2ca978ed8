// A log line as Vakt keeps it, whatever it came as.

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof LEVELS)[number]

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A line before it is stored. Instants are epoch ms. Texts that were not given are empty, never null. */
export type NewLine = {
  /** When it happened, as its sender says; the received time when it does not say. */
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
  /** Identity of an error, versioned, such as `v1:3f2a…`; empty for lines below `error`. */
  fingerprint: string
  stack: string
  traceId: string
  spanId: string
  attributes: { readonly [name: string]: Json }
}

/** A stored line; `id` names it for good and sorts as it was stored. */
export type LogLine = NewLine & { id: string }
