// One request to a push service: no redirects, a bounded answer, and never to the machine's own metadata.
import { type LookupAddress, lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isForbiddenAddress } from '../../connectivity/ip-address.ts'
import { onUnaskedUpgrade } from '../../connectivity/unasked-upgrade.ts'
import { HOUR, SECOND } from '../../time.ts'
import { DeliveryError } from '../channel.ts'

/** What a push service answered: its JSON, or an empty object where it is none. */
export type PushAnswer = { [name: string]: unknown }

export type PushRequest = {
  method: 'GET' | 'POST'
  url: string
  headers?: { readonly [name: string]: string }
  /** Sent as JSON, or as the fields of a form. */
  body?: { readonly [name: string]: unknown }
  isForm?: boolean
  timeoutMs: number
  /** The name of the service in sentences, such as `ntfy`. */
  service: string
  /** The refusal in the service's own words, from its answer. */
  reasonIn(answer: PushAnswer): string | undefined
}

const MAX_ANSWER_BYTES = 64 * 1024
const DEFAULT_RETRY_MS = 30 * SECOND
/** Connecting failed, so nothing was sent. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

/** Sends a request and resolves with its answer. Rejects with a `DeliveryError`, whose sentence holds no secret, within `timeoutMs`. */
export async function sendPush(push: PushRequest): Promise<PushAnswer> {
  const { status, retryAfter, answer } = await exchange(push)
  if (status >= 200 && status < 300) return answer
  const reason = push.reasonIn(answer)
  const said = reason === undefined ? `status ${status}` : `status ${status}: ${reason.slice(0, 200)}`
  if (status === 429)
    throw new DeliveryError('limited', `${push.service} asks to send less (${said}).`, {
      retryAfterMs: retryMs(retryAfter),
      scope: 'all',
    })
  if (status >= 500) throw new DeliveryError('unsure', `${push.service} answered with ${said}.`)
  if (status === 413 || status === 400)
    throw new DeliveryError('invalid_form', `${push.service} does not take this message (${said}).`)
  throw new DeliveryError('refused', `${push.service} refuses the message (${said}).`)
}

function exchange(push: PushRequest): Promise<{ status: number; retryAfter: string | undefined; answer: PushAnswer }> {
  const url = new URL(push.url)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && isForbiddenAddress(host)) return Promise.reject(forbidden(push.service))
  const body = bodyOf(push)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: push.method,
      headers: {
        ...push.headers,
        ...(body === ''
          ? {}
          : {
              'content-type': push.isForm ? 'application/x-www-form-urlencoded' : 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
      },
      // The address is checked at the moment of connecting, so that a name cannot change in between.
      lookup: lookupAllowed(push.service),
      signal: AbortSignal.timeout(push.timeoutMs),
    })
    request.on('response', response => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= MAX_ANSWER_BYTES) chunks.push(chunk)
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          answer: size > MAX_ANSWER_BYTES ? {} : readAnswer(Buffer.concat(chunks).toString('utf8')),
        }),
      )
      response.on('error', error => reject(errorOf(push.service, error)))
    })
    onUnaskedUpgrade(request, ({ statusCode = 0 }) =>
      resolve({ status: statusCode, retryAfter: undefined, answer: {} }),
    )
    request.on('error', error => reject(errorOf(push.service, error)))
    request.end(body)
  })
}

function bodyOf({ body, isForm }: PushRequest): string {
  if (body === undefined) return ''
  if (!isForm) return JSON.stringify(body)
  return new URLSearchParams(Object.entries(body).map(([name, value]) => [name, String(value)])).toString()
}

function readAnswer(text: string): PushAnswer {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as PushAnswer) : {}
  } catch {
    return {}
  }
}

function errorOf(service: string, error: Error & { code?: string }): DeliveryError {
  if (error instanceof DeliveryError) return error
  const code = error.code ?? ''
  if (error.name === 'TimeoutError' || error.name === 'AbortError' || code === 'ABORT_ERR')
    return new DeliveryError('unsure', `${service} did not answer in time.`)
  if (NOT_SENT.test(code)) return new DeliveryError('unreachable', `${service} cannot be reached (${code}).`)
  return new DeliveryError('unsure', `The connection to ${service} was lost (${code || 'no reason given'}).`)
}

function forbidden(service: string): DeliveryError {
  return new DeliveryError('refused', `Vakt does not send to the address of ${service}.`)
}

const lookupAllowed =
  (service: string): LookupFunction =>
  (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = (found ?? []) as LookupAddress[]
      if (error) return done(error, '', 4)
      if (addresses.some(({ address }) => isForbiddenAddress(address)))
        return done(forbidden(service) as NodeJS.ErrnoException, '', 4)
      if (options.all) return (done as (error: null, found: LookupAddress[]) => void)(null, addresses)
      done(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

function retryMs(retryAfter: string | undefined): number {
  const ms = Number(retryAfter) * SECOND
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, HOUR) : DEFAULT_RETRY_MS
}
