// Feeds a syslog daemon with lines over TCP, as a program beside it would.
import { connect, type Socket } from 'node:net'
import { SECOND } from '../../src/time.ts'

const PATIENCE_MS = 20 * SECOND

/** Resolves once the daemon takes connections; the lines then go out in the background, 100 every 60 ms. */
export async function feed(port: number, lines: number): Promise<void> {
  const socket = await dial(port)
  let next = 0
  const timer = setInterval(() => {
    for (const end = Math.min(lines, next + 100); next < end; next++)
      socket.write(
        `<${next % 10 === 0 ? 131 : 134}>1 ${new Date().toISOString()} proof-host proof 7 - - proof line ${next}\n`,
      )
    if (next < lines) return
    clearInterval(timer)
    socket.end()
  }, 60)
  socket.on('error', error => {
    clearInterval(timer)
    console.error(`clients: the daemon closed its input: ${error.message}`)
  })
}

async function dial(port: number): Promise<Socket> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const socket = await new Promise<Socket | null>(resolve => {
      const attempt = connect(port, '127.0.0.1', () => resolve(attempt)).once('error', () => resolve(null))
    })
    if (socket) return socket
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
