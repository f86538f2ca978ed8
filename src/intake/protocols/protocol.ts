// A protocol: how other programs send log lines or alerts to Vakt. A new one is a file here and a line in index.ts.
import type { createRoute, RouteConfig } from '@hono/zod-openapi'
import type { Clock } from '../../clock.ts'
import type { SocketConfig } from '../../config/socket-settings.ts'
import type { Logger } from '../../logger.ts'
import type { AppendResult, Batch } from '../../logs/store.ts'
import type { Problem, ProblemCode } from '../../problem.ts'
import type { KeyReader } from '../receive/authenticate.ts'
import type { WebhookSignature } from '../receive/webhook-signature.ts'
import type { ReadReports, Reported } from './reported-alert.ts'

/** A route with its part of the OpenAPI document, made with `createRoute`. */
export type Route = ReturnType<typeof createRoute<string, RouteConfig>>

/** What a request shows before its body is read; `path` is as it was sent, without the query. */
export type Asked = { method: string; path: string; headers: Headers; parameters: URLSearchParams }

/** A request whose sender is known, with its body decompressed and within the limits of the sender's project. */
export type Received = Asked & { body: Buffer; now: number }

/** Log lines in a form that the log store reads, and what they are given where they do not say it themselves. */
export type LogBody = {
  body: Buffer
  format: Batch['format']
  defaults?: Batch['defaults']
  /** `hasTimes` of the protocol, where it depends on the request. */
  hasTimes?: boolean
  /** The answer where it depends on the request; in place of the protocol's own. */
  answer?(stored: AppendResult): Reply
  /** The answer when these lines are refused as a whole; in place of the protocol's own. */
  refuse?(problem: Problem): Reply
}

/** What a sender is answered: an object becomes JSON, a string plain text, bytes themselves, unless `headers` name another type. */
export type Reply = {
  status: number
  body: object | string | Uint8Array | null
  headers?: { readonly [name: string]: string }
}

/** Bytes that came in by other ways than HTTP; `project` is the first one unless it is named. */
export type Datagram = {
  body: Buffer
  address: string
  project?: string
  /** In addition to those of the protocol. */
  defaults?: Batch['defaults']
  /** Known again when its sender repeats it. */
  idempotencyKey?: string
  /** How many lines it has, where that is known. */
  lines?: number
  /** Whether the listener counts what is lost: lines that are refused may come again. */
  isCountedElsewhere?: boolean
}

/** Lines that a listener gives up. The message must not quote them. */
export type DroppedLines = { address: string; lines: number; reason: ProblemCode; message: string }

/** What a listener needs beside the lines that it receives. */
export type ListenerContext = {
  sockets: SocketConfig
  /** The address to listen on. */
  host: string
  clock: Clock
  logger: Logger
  /** Counts lines of a project (the first one unless it is named) that are given up. */
  drop(project: string | undefined, dropped: DroppedLines): void
  /** Whether an address may have any number of connections: loopback, and proxies that are trusted. */
  isTrusted(address: string): boolean
  /** The most lines that a batch of a project may have. Throws `not_found`. */
  maxLines(project: string | undefined): number
}

/** Receives without HTTP, for example syslog on a UDP port. `open` resolves once it receives; `close` loses nothing that was read. */
export type Listener = {
  open(receive: (datagram: Datagram) => Promise<Reply>, context: ListenerContext): Promise<{ close(): Promise<void> }>
}

/** A protocol of log lines, over HTTP routes or by a listener. */
export type LogProtocol = {
  kind: 'logs'
  name: string
  routes?: readonly Route[]
  listener?: Listener
  /** Whether its lines carry their times: then a body that comes again within minutes is a repetition, and is stored once. */
  hasTimes?: boolean
  /** Where its clients put their key, where that is none of the usual places. */
  readKey?: KeyReader
  /** The answer to a request that needs no key, such as whether the server lives; null for every other. */
  answerOpen?(asked: Asked): Reply | null
  /**
   * The lines of a request, or the answer where it brings none. Throws a `Problem` for a body that is none of this
   * protocol's.
   */
  parse(received: Received): LogBody | Reply
  answer(stored: AppendResult): Reply
  /**
   * The answer to a refused request as clients of this protocol read it; `Retry-After` is added to a 429 and a 503. Absent:
   * Vakt's own errors.
   */
  refuse?(problem: Problem, asked: Asked): Reply
}

/** A protocol of alerts, over HTTP routes. */
export type AlertProtocol = {
  kind: 'alerts'
  name: string
  /** What its alerts name as their detector. */
  detector: string
  routes: readonly Route[]
  /** How its sender signs, where it does; checked where the URL names a key in `?signed_by=`. */
  signature?: WebhookSignature
  /** How long an alert may stay without a report before it ends, ms, where neither report nor URL say; absent is for ever. */
  silenceMs?: number
  /** The alerts of a request, in order. Throws a `Problem` for a body that is none of this protocol's. */
  parse(received: Received): ReadReports
  answer(reported: Reported): Reply
}

export type Protocol = LogProtocol | AlertProtocol
