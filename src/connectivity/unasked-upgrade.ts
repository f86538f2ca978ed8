// An answer that switches protocols although nobody asked: Node ends such a request without a word unless somebody listens.
import type { ClientRequest, IncomingMessage } from 'node:http'

/** Calls `answered` with an answer of status 101 that nobody asked for, and closes its connection. */
export function onUnaskedUpgrade(request: ClientRequest, answered: (response: IncomingMessage) => void): void {
  request.on('upgrade', (response, socket) => {
    answered(response)
    socket.destroy()
  })
}
