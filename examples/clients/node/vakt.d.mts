// The types of vakt.mjs.

/** The levels of Vakt, of console, npm, syslog, winston and bunyan, and the numbers of pino and bunyan. */
export type VaktLevel =
  | 'trace'
  | 'debug'
  | 'info'
  | 'warn'
  | 'error'
  | 'fatal'
  | 'silly'
  | 'verbose'
  | 'http'
  | 'log'
  | 'notice'
  | 'warning'
  | 'err'
  | 'crit'
  | 'critical'
  | 'alert'
  | 'emerg'
  | number

export interface VaktOptions {
  /** Where Vakt is: `http://127.0.0.1:8080` (default: VAKT_URL). */
  url?: string | undefined
  /** A key of `keys create` (default: VAKT_KEY). */
  key?: string | undefined
  /** The name of the program (default: VAKT_SOURCE, else the name of its file). */
  source?: string | undefined
  /** The machine (default: VAKT_HOST, else its host name). */
  host?: string | undefined
  /** How long a line waits for a batch to fill, ms (default: VAKT_GATHER_MS, else 1000). */
  gatherMs?: number | undefined
  /** The first pause before a batch is tried again, ms; it doubles (default: VAKT_RETRY_MS, else 500). */
  retryMs?: number | undefined
  /** The longest such pause, ms (default: VAKT_RETRY_MAX_MS, else 60000). */
  retryMaxMs?: number | undefined
  /** How long one request may take, ms (default: VAKT_TIMEOUT_MS, else 10000). */
  timeoutMs?: number | undefined
  /** How long `close` and the end of the program may take, ms (default: VAKT_CLOSE_MS, else 5000). */
  closeMs?: number | undefined
  /** How many lines may wait in memory (default: VAKT_MAX_LINES, else 10000). */
  maxLines?: number | undefined
  /** How many bytes may wait in memory (default: VAKT_MAX_BYTES, else 16 MiB). */
  maxBytes?: number | undefined
}

/** An object whose fields are attributes (`group`, `tags`, `fingerprint`, `trace_id` and `span_id` are the line's own), or an error. */
export type VaktFields = object | null | undefined

/** `message` is a text or an error; pino's order, fields and then a text, works too. */
export interface VaktLogMethod {
  (message: unknown, fields?: VaktFields): void
  (fields: object, message: string): void
}

export interface Vakt {
  log(level: VaktLevel, message: unknown, fields?: VaktFields): void
  log(level: VaktLevel, fields: object, message: string): void
  trace: VaktLogMethod
  debug: VaktLogMethod
  info: VaktLogMethod
  warn: VaktLogMethod
  error: VaktLogMethod
  fatal: VaktLogMethod
  /** A logger whose lines all have these fields. */
  child(fields: object): Vakt
  /** Sends the lines so far; false when that takes longer than `timeoutMs` (default: `closeMs`). */
  flush(timeoutMs?: number): Promise<boolean>
  /** Sends what is left, within `closeMs`; false when lines were lost. Logging goes on to work. */
  close(): Promise<boolean>
}

/** A logger that never throws and never ends the program. */
export function createVakt(options?: VaktOptions): Vakt
