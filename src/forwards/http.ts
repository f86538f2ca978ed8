// One POST of a forward: no redirects, a short answer, and never to an address that Vakt connects to for nobody.
import { lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isForbiddenAddress } from '../connectivity/ip-address.ts'
import { onUnaskedUpgrade } from '../connectivity/unasked-upgrade.ts'
import { HOUR, SECOND } from '../time.ts'
import { ForwardError } from './forward.ts'

const TIMEOUT_MS = 30 * SECOND
/** What is read of an answer; it says what is wrong at its start. */
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_REASON_LENGTH = 300
/** The receiver does not take the lines as they are. */
const REFUSED_STATUSES = new Set([400, 413, 422])

/** Sends a body and resolves with the answer of a receiver that took it. Rejects with a `ForwardError`. */
export function post(
  url: URL,
  body: string | Uint8Array,
  type: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && isForbiddenAddress(host)) return Promise.reject(forbidden())
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) },
      lookup: lookupAllowed,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    request.on('response', answer => readAnswer(answer).then(resolve, reject))
    onUnaskedUpgrade(request, ({ statusCode }) =>
      reject(new ForwardError(`The receiver answered with status ${statusCode}.`)),
    )
    request.on('error', error => reject(lost(error)))
    request.end(body)
  })
}

/** Checks an address at the moment of connecting, so that a name cannot change in between. */
export const lookupAllowed: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return done(error, '', 4)
    if (found.some(({ address }) => isForbiddenAddress(address)))
      return done(forbidden() as NodeJS.ErrnoException, '', 4)
    if (options.all) return (done as (error: null, found: unknown) => void)(null, found)
    done(null, found[0]!.address, found[0]!.family)
  })
}

/** Resolves a host with an address that Vakt connects to. Rejects with a `ForwardError`. */
export function resolveAllowed(host: string): Promise<{ address: string; family: number }> {
  return new Promise((resolve, reject) =>
    lookupAllowed(host, {}, (error, address, family) => {
      if (error) reject(lost(error))
      else resolve({ address: address as string, family: family! })
    }),
  )
}

/** The error for an address that Vakt sends nothing to. */
export function forbidden(): ForwardError {
  return new ForwardError('Vakt does not connect to that address: it is link-local, or of the metadata of a cloud.')
}

/** The error for a receiver that cannot be reached, or a connection that was lost. */
export function lost(error: Error & { code?: string }): ForwardError {
  if (error instanceof ForwardError) return error
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return new ForwardError(`The receiver did not answer within ${TIMEOUT_MS / SECOND} s.`)
  return new ForwardError(`The receiver cannot be reached (${error.code ?? error.message}).`, { cause: error })
}

async function readAnswer(answer: IncomingMessage): Promise<string> {
  const status = answer.statusCode ?? 0
  const text = await readStart(answer)
  if (status >= 200 && status < 300) return text
  const reason = text.replace(/\s+/g, ' ').trim().slice(0, MAX_REASON_LENGTH)
  const said = reason === '' ? '' : `: ${reason}`
  if (status >= 300 && status < 400)
    throw new ForwardError(
      `The receiver answered with status ${status}. Redirects are not followed: use the final address.`,
    )
  if (status === 401 || status === 403)
    throw new ForwardError(
      `The receiver refused the key (status ${status}${said}). Remove the forward and add it with the right one.`,
    )
  throw new ForwardError(`The receiver answered with status ${status}${said}.`, {
    isRefused: REFUSED_STATUSES.has(status),
    retryAfterMs: retryMs(answer.headers['retry-after']),
  })
}

async function readStart(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  try {
    for await (const piece of answer) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes >= MAX_ANSWER_BYTES) break
    }
  } catch (error) {
    throw lost(error as Error)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function retryMs(header: string | undefined): number | undefined {
  const ms = Number(header) * SECOND
  return ms > 0 ? Math.min(ms, HOUR) : undefined
}
