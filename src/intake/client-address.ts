// Who sent a request: the connection's own address, or what a trusted proxy says of it.
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'

export type ClientAddress = { address: string; scheme: string }

/** Senders write into this header what they like. */
const MAX_SCHEME_LENGTH = 10

/** The address and scheme of a request's sender; X-Forwarded-* headers count only when `trusted` holds the connection. */
export function readClientAddress(
  incoming: IncomingMessage | undefined,
  headers: Headers,
  trusted: BlockList,
): ClientAddress {
  const socket = plainAddress(incoming?.socket?.remoteAddress ?? '127.0.0.1')
  if (!isTrusted(socket, trusted)) return { address: socket, scheme: 'http' }
  const forwarded = headers.get('x-forwarded-for')?.split(',')[0]?.trim()
  const scheme = headers.get('x-forwarded-proto')?.split(',')[0]?.trim().slice(0, MAX_SCHEME_LENGTH) || 'http'
  return { address: forwarded ? withoutPort(forwarded) : socket, scheme }
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

// A dual-stack socket shows IPv4 peers as ::ffff:1.2.3.4.
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

// Some proxies (Azure App Service) send 1.2.3.4:5678.
function withoutPort(address: string): string {
  const [host = '', ...rest] = address.split(':')
  return rest.length === 1 && isIP(host) === 4 ? host : address.slice(0, 100)
}
