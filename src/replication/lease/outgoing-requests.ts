// Checks the lease right before every outgoing request, whichever SDK sends it, through Node's diagnostics channels.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'

/** Requests of `fetch` and undici (when made, and when their first bytes are written), of `node:http`, and new sockets. */
const CHANNELS = [
  'undici:request:create',
  'undici:client:sendHeaders',
  'http.client.request.start',
  'net.client.socket',
]

/**
 * Has `check` called before each outgoing request and each new connection, and again when a connection that a request waits
 * for is made, which may be long after. `check` ends the process when it must send nothing any more. Returns what undoes it.
 */
export function checkOutgoingRequests(check: () => void): () => void {
  const guard = () => {
    try {
      check()
    } catch {
      // Where the process goes on, as in tests, the request is refused by the transaction that records it.
    }
  }
  const guardConnection = (message: unknown) => {
    const { request } = message as { request: ClientRequest }
    request.prependOnceListener('socket', (socket: Socket) => {
      guard()
      if (socket.connecting) socket.prependOnceListener('connect', guard)
    })
  }
  for (const name of CHANNELS) subscribe(name, guard)
  subscribe('http.client.request.created', guardConnection)
  return () => {
    for (const name of CHANNELS) unsubscribe(name, guard)
    unsubscribe('http.client.request.created', guardConnection)
  }
}
