// One POST to an address that a person entered: no redirects, no body read, and never to the machine's own metadata.
import { type LookupAddress, lookup } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { deliveryError, forbiddenAddress } from './errors.ts'

/**
 * Addresses that no webhook has: link-local ones, where clouds answer with credentials, and those of no single machine.
 * Private networks are allowed, because Vakt runs inside them.
 */
const FORBIDDEN = new BlockList()
for (const [network, bits] of [
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // The metadata of Alibaba Cloud, Azure's agent, and Oracle Cloud.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.0', 24],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['::', 128],
  // 169.254.0.0/16 by NAT64 (RFC 6052) and by 6to4 (RFC 3056).
  ['64:ff9b::a9fe:0', 112],
  ['2002:a9fe::', 32],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv6')

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
  if (isIP(host) && isForbidden(host)) return Promise.reject(forbiddenAddress())
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
    request.on('error', error => reject(deliveryError(error)))
    request.end(body)
  })
}

const lookupAllowed: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = (found ?? []) as LookupAddress[]
    if (error) return done(error, '', 4)
    if (addresses.some(({ address }) => isForbidden(address)))
      return done(forbiddenAddress() as NodeJS.ErrnoException, '', 4)
    if (options.all) return (done as (error: null, found: LookupAddress[]) => void)(null, addresses)
    done(null, addresses[0]!.address, addresses[0]!.family)
  })
}

function isForbidden(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return FORBIDDEN.check(mapped, 'ipv4')
  return FORBIDDEN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
