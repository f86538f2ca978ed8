// Limits of the HTTP server: how long a client may take to send its request, and how many connections it may have open.
import type { Server } from 'node:http'
import { type BlockList, isIPv6 } from 'node:net'
import { SECOND } from '../time.ts'

/** Options of the server: a client that sends no whole head in time is cut off, so half-open sockets never pile up. */
export const SERVER_OPTIONS = {
  // Longer than proxies keep their connections (60 s), so that none sends a request into one that closes.
  keepAliveTimeout: 75 * SECOND,
  headersTimeout: 10 * SECOND,
  requestTimeout: 120 * SECOND,
  connectionsCheckingInterval: 2 * SECOND,
  maxHeaderSize: 16 * 1024,
}

/** Connections that one address may have open; loopback and trusted proxies, which stand for many clients, have no limit. */
const MAX_CONNECTIONS_PER_ADDRESS = 200

/** Closes connections of an address beyond its limit as they come. */
export function limitConnections(server: Server, trusted: BlockList, perAddress = MAX_CONNECTIONS_PER_ADDRESS): void {
  const open = new Map<string, number>()
  server.on('connection', socket => {
    const address = socket.remoteAddress?.replace(/^::ffff:/, '')
    if (address === undefined || /^(127\.|::1$)/.test(address)) return
    if (trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return
    const count = (open.get(address) ?? 0) + 1
    if (count > perAddress) return void socket.destroy()
    open.set(address, count)
    socket.once('close', () => {
      const left = open.get(address)! - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
  })
}
