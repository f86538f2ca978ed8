// Sends requests to the nodes of a cluster, in turn: a node that does not answer rests for a moment.
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { onUnaskedUpgrade } from '../../../connectivity/unasked-upgrade.ts'
import { Problem } from '../../../problem.ts'
import { errorMessage, truncate } from '../../../text.ts'
import type { OpenSearchOptions } from './options.ts'

export type Reply = { status: number; body: unknown }

const REST_MS = 10_000
const DEFAULT_TIMEOUT_MS = 30_000
const RETRY_AFTER_MS = 5_000
const MAX_REASON_LENGTH = 300
/** A machine that is off answers nothing at all. */
const CONNECT_TIMEOUT_MS = 5_000
const GATEWAY_FAILURES = new Set([502, 503, 504])

/** A node could not be asked; another one may answer. Its `cause` is the error of the connection, if there was one. */
export class NodeError extends Error {}

export class OpenSearchClient {
  /** The nodes in the order of the settings. */
  readonly nodes: readonly URL[]
  readonly #headers: Readonly<Record<string, string>>
  readonly #agents: { http: HttpAgent; https: HttpsAgent }
  readonly #restUntil = new Map<string, number>()
  #next = 0

  constructor({ urls, user, password, apiKey, ca }: OpenSearchOptions) {
    this.nodes = urls.map(url => new URL(url))
    const basic = user === null ? null : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`
    const authorization = apiKey === null ? basic : `ApiKey ${apiKey}`
    this.#headers = authorization === null ? {} : { authorization }
    const keep = { keepAlive: true, maxSockets: 16 }
    this.#agents = {
      http: new HttpAgent(keep),
      https: new HttpsAgent(ca === null ? keep : { ...keep, secureContext: trusting(ca) }),
    }
  }

  /**
   * The answer of the first node that gives one. Rejects with `busy` when none does, when the cluster has too much to do, or
   * when it refuses the credentials. Other refusals are answers.
   */
  async send(method: string, path: string, body?: unknown, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Reply> {
    let failure: Error | null = null
    for (const url of this.#inTurn()) {
      try {
        const reply = await this.ask(url, method, path, body, timeoutMs)
        if (isForeign(reply))
          throw new NodeError(
            `${url.host} answers ${reply.status} without JSON: another program, such as a proxy, is at that address`,
          )
        this.#restUntil.delete(url.href)
        const isBusy = reply.status === 429 || reply.status >= 500
        if (!isBusy && reply.status !== 401 && reply.status !== 403) return reply
        failure = busy(url, `answers ${reply.status}: ${reasonOf(reply.body)}`)
        // A node without the others, or a proxy without its node: another one may answer.
        if (!GATEWAY_FAILURES.has(reply.status)) throw failure
      } catch (error) {
        if (!(error instanceof NodeError)) throw error
        failure = error
        this.#restUntil.set(url.href, performance.now() + REST_MS)
      }
    }
    if (failure instanceof Problem) throw failure
    throw new Problem('busy', `The log engine does not answer: ${errorMessage(failure)}.`, {
      retryAfterMs: RETRY_AFTER_MS,
      cause: failure,
    })
  }

  /** The body of a successful answer; a refusal rejects with `internal`. */
  async get<T>(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<T> {
    const reply = await this.send(method, path, body, timeoutMs)
    if (reply.status < 300) return reply.body as T
    throw new Problem('internal', `The log engine refuses a request (${reply.status}): ${reasonOf(reply.body)}`)
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  /** The nodes beginning with another one each time; those that rest come last. */
  #inTurn(): URL[] {
    const first = this.#next++ % this.nodes.length
    const turned = [...this.nodes.slice(first), ...this.nodes.slice(0, first)]
    const now = performance.now()
    const rests = ({ href }: URL) => (this.#restUntil.get(href) ?? 0) > now
    return [...turned.filter(url => !rests(url)), ...turned.filter(rests)]
  }

  /** The answer of one node, whatever it is. Rejects with a `NodeError` when there is none. */
  ask(url: URL, method: string, path: string, body?: unknown, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Reply> {
    const isSecure = url.protocol === 'https:'
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
    const type = typeof body === 'string' ? 'application/x-ndjson' : 'application/json'
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: Error) => reject(new NodeError(`${url.host} ${reason}`, { cause }))
      const request = (isSecure ? httpsRequest : httpRequest)(
        {
          method,
          protocol: url.protocol,
          hostname: url.hostname.replace(/^\[|\]$/g, ''),
          port: url.port || (isSecure ? 443 : 80),
          path: `${url.pathname.replace(/\/$/, '')}/${path}`,
          agent: isSecure ? this.#agents.https : this.#agents.http,
          headers: { ...this.#headers, ...(text === null ? {} : { 'content-type': type }) },
        },
        response => {
          readBody(response).then(
            own => resolve({ status: response.statusCode ?? 0, body: own }),
            error => fail(`broke off its answer (${errorMessage(error)})`),
          )
        },
      )
      const timer = setTimeout(() => {
        fail(`gave no answer within ${Math.round(timeoutMs / 1_000)} s`)
        request.destroy()
      }, timeoutMs)
      request.on('socket', socket => {
        if (!socket.connecting) return
        const connecting = setTimeout(() => {
          fail(`cannot be reached (no connection within ${CONNECT_TIMEOUT_MS / 1_000} s)`)
          request.destroy()
        }, CONNECT_TIMEOUT_MS)
        socket.once('connect', () => clearTimeout(connecting))
        socket.once('close', () => clearTimeout(connecting))
      })
      onUnaskedUpgrade(request, ({ statusCode }) => fail(`answered with status ${statusCode}`))
      request.on('close', () => clearTimeout(timer))
      request.on('error', error => fail(`cannot be reached (${errorMessage(error)})`, error))
      request.end(text ?? undefined)
    })
  }
}

/** Whether another program answers: the page of a proxy, or a redirection. */
function isForeign({ status, body }: Reply): boolean {
  return (status < 300 && typeof body === 'string') || (status >= 300 && status < 400)
}

/** Trusts these certificates (PEM) beside those that are known. Made once: a connection each would parse all of them. */
function trusting(ca: string): SecureContext {
  return createSecureContext({ ca: [...getCACertificates(), ca] })
}

async function readBody(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}

function busy(url: URL, reason: string): Problem {
  return new Problem('busy', `The log engine at ${url.host} ${reason}`, { retryAfterMs: RETRY_AFTER_MS })
}

/** Why a request was refused, as the engine says it. */
export function reasonOf(body: unknown): string {
  if (typeof body === 'string') return truncate(body, MAX_REASON_LENGTH)
  const { error } = (body ?? {}) as { error?: { reason?: string; root_cause?: { reason?: string }[] } | string }
  if (typeof error === 'string') return truncate(error, MAX_REASON_LENGTH)
  const reason = error?.root_cause?.[0]?.reason ?? error?.reason ?? 'without a reason'
  return truncate(reason, MAX_REASON_LENGTH)
}
