// Who sent a request: the connection's own address, or what trusted proxies say of it.
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'

export type ClientAddress = { address: string; scheme: string }

/** Senders write into these headers what they like. */
const MAX_SCHEME_LENGTH = 10
const MAX_ADDRESS_LENGTH = 100

/**
 * The address and scheme of a request's sender. X-Forwarded-* headers count only when `trusted` holds the connection, and
 * only as far as trusted proxies wrote them: each proxy appends who connected to it, so the list is read from the right,
 * past trusted proxies, to the first address that is none. Everything to the left of it is the sender's own claim. What is
 * no address there (`unknown`) leaves the request to the proxy, so that no word of a sender's choice counts as one.
 */
export function readClientAddress(
  incoming: IncomingMessage | undefined,
  headers: Headers,
  trusted: BlockList,
): ClientAddress {
  const socket = plainAddress(incoming?.socket?.remoteAddress ?? '127.0.0.1')
  if (!isTrusted(socket, trusted)) return { address: socket, scheme: 'http' }
  const scheme = headers.get('x-forwarded-proto')?.split(',')[0]?.trim().slice(0, MAX_SCHEME_LENGTH) || 'http'
  return { address: readForwarded(headers.get('x-forwarded-for'), trusted) ?? socket, scheme }
}

/**
 * What a beat shows of its sender's address: as `readClientAddress`, but as the proxy wrote it, also where it is no address
 * (Healthchecks keeps it so). Nothing is decided by it.
 */
export function readShownAddress(
  incoming: IncomingMessage | undefined,
  headers: Headers,
  trusted: BlockList,
): ClientAddress {
  const client = readClientAddress(incoming, headers, trusted)
  const socket = plainAddress(incoming?.socket?.remoteAddress ?? '127.0.0.1')
  const written = isTrusted(socket, trusted) ? findForwarded(headers.get('x-forwarded-for'), trusted) : undefined
  return { ...client, address: written ?? client.address }
}

/** The address that trusted proxies forward; null when what they forward is none. */
function readForwarded(header: string | null, trusted: BlockList): string | null {
  const found = findForwarded(header, trusted)
  const address = found === undefined ? '' : plainAddress(found.replace(/%.*$/, ''))
  return isIP(address) === 0 ? null : address
}

/** The first entry from the right that is no trusted proxy, or the leftmost, as it is written but for its port. */
function findForwarded(header: string | null, trusted: BlockList): string | undefined {
  const entries = (header ?? '')
    .split(',')
    .map(text => withoutPort(text.trim()))
    .filter(text => text !== '')
  return entries.findLast(entry => !isTrusted(plainAddress(entry.replace(/%.*$/, '')), trusted)) ?? entries[0]
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

// A dual-stack socket shows IPv4 peers as ::ffff:1.2.3.4.
function plainAddress(address: string): string {
  return /^::ffff:/i.test(address) && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

// Some proxies send 1.2.3.4:5678 (Azure App Service) or [2001:db8::1]:5678.
function withoutPort(text: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/.exec(text) ?? []
  return (ipv6 ?? ipv4 ?? text).slice(0, MAX_ADDRESS_LENGTH)
}
