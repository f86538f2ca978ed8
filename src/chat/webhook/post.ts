// One POST to an address that somebody gave: no redirects, little read of the answer, and never to the machine's own metadata.
import { type LookupAddress, lookup } from 'node:dns'
import { request as plain } from 'node:http'
import { request as secure } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { DeliveryError } from '../channel.ts'

/**
 * Addresses that no webhook is at: link-local ones, where clouds answer with credentials, and those of no single machine.
 * Private networks are allowed, for Vakt runs inside them.
 */
const FORBIDDEN = new BlockList()
for (const [network, bits] of [
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['::', 128],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv6')

/** Connecting failed, so nothing was sent. */
const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

/** Sends `body` and gives the status of the answer. Rejects with a `DeliveryError`, within `within` ms. */
export function postJson(
  address: string,
  body: string,
  headers: Record<string, string>,
  within: number,
): Promise<{ status: number; retryAfter: string | undefined }> {
  const url = new URL(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && isForbidden(host)) return Promise.reject(forbidden())
  const request = url.protocol === 'https:' ? secure : plain
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      // Looked at when it is connected to, so that a name cannot lead elsewhere in between.
      lookup: allowedLookup,
      signal: AbortSignal.timeout(within),
    })
    sent.on('response', answer => {
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] })
      // What it says is of no use, and may be long.
      answer.destroy()
    })
    sent.on('error', error => reject(asDeliveryError(error)))
    sent.end(body)
  })
}

const allowedLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = (found ?? []) as LookupAddress[]
    if (error) return done(error, '', 4)
    if (addresses.some(one => isForbidden(one.address))) return done(forbidden() as NodeJS.ErrnoException, '', 4)
    if (options.all) return (done as (error: null, found: LookupAddress[]) => void)(null, addresses)
    done(null, addresses[0]!.address, addresses[0]!.family)
  })
}

function isForbidden(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return FORBIDDEN.check(mapped, 'ipv4')
  return FORBIDDEN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function forbidden(): DeliveryError {
  return new DeliveryError('refused', 'The webhook leads to an address that Vakt does not send to.')
}

function asDeliveryError(error: Error & { code?: string }): DeliveryError {
  if (error instanceof DeliveryError) return error
  const code = error.code ?? ''
  if (error.name === 'TimeoutError' || error.name === 'AbortError' || code === 'ABORT_ERR')
    return new DeliveryError('unsure', 'The webhook did not answer in time.')
  if (NEVER_SENT.test(code)) return new DeliveryError('unreachable', `The webhook cannot be reached (${code}).`)
  return new DeliveryError('unsure', `The connection to the webhook broke (${code || 'no reason given'}).`)
}
