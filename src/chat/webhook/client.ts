// One POST to an address that a person entered: no redirects, no body read, and never to the machine's own metadata.
import { type LookupAddress, lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isForbiddenAddress } from '../../connectivity/ip-address.ts'
import { onUnaskedUpgrade } from '../../connectivity/unasked-upgrade.ts'
import { deliveryError, forbiddenAddress } from './errors.ts'

export type PostAnswer = { status: number; retryAfter: string | undefined }

/** Sends `body` and resolves with the answer. Rejects with a `DeliveryError` within `timeoutMs`. */
export function postJson(
  address: string,
  body: string,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<PostAnswer> {
  const url = new URL(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && isForbiddenAddress(host)) return Promise.reject(forbiddenAddress())
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      // The address is checked at the moment of connecting, so that a name cannot change in between.
      lookup: lookupAllowed,
      signal: AbortSignal.timeout(timeoutMs),
    })
    request.on('response', answer => {
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] })
      // Its body is of no use, and may be long.
      answer.destroy()
    })
    onUnaskedUpgrade(request, ({ statusCode = 0 }) => resolve({ status: statusCode, retryAfter: undefined }))
    request.on('error', error => reject(deliveryError(error)))
    request.end(body)
  })
}

const lookupAllowed: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = (found ?? []) as LookupAddress[]
    if (error) return done(error, '', 4)
    if (addresses.some(({ address }) => isForbiddenAddress(address)))
      return done(forbiddenAddress() as NodeJS.ErrnoException, '', 4)
    if (options.all) return (done as (error: null, found: LookupAddress[]) => void)(null, addresses)
    done(null, addresses[0]!.address, addresses[0]!.family)
  })
}
