// Receives frames over TCP and TLS: connections, their limits, what waits too long, and the push back on fast senders.
import { readFileSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { KIBIBYTE, MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { DroppedLines, ListenerContext } from '../protocols/protocol.ts'
import type { Frame, Framer } from './framer.ts'
import type { LineQueue, Sender } from './line-queue.ts'

const MAX_CONNECTIONS = 500
/** Connections of one address; loopback and trusted proxies, which stand for many senders, have no limit. */
const MAX_CONNECTIONS_PER_ADDRESS = 100
/** Where all places are taken, a connection that was silent for so long makes room. Otherwise silence is no reason to close. */
const IDLE_MS = 10 * MINUTE
const HANDSHAKE_TIMEOUT_MS = 10 * SECOND
/** How often the files of the certificate are looked at. */
const CERTIFICATE_INTERVAL_MS = MINUTE
/** The kernel asks a silent peer whether it is still there. */
const KEEP_ALIVE_MS = MINUTE
/** Frames that grow beyond this need one of the few places for large frames. */
const LARGE_BYTES = MEBIBYTE
/** The same while too much waits for the store. */
const CROWDED_BYTES = 64 * KIBIBYTE
const MAX_LARGE = 4
/** How long a stop waits for what is on its way in the network. */
const DRAIN_MS = 300
const LOG_INTERVAL_MS = MINUTE

export type TcpServerOptions = {
  name: string
  host: string
  port: number
  /** The files of the certificate and its key, for TLS. */
  tls?: { cert: string; key: string }
  queue: LineQueue
  createFramer(): Framer
  /** Gives whole frames to the queue. A promise makes the connection wait. Throws when the connection is of no use. */
  take(frames: readonly Frame[], sender: Sender, peer: Peer): void | Promise<void>
  drop(dropped: DroppedLines): void
  context: Pick<ListenerContext, 'clock' | 'logger' | 'isTrusted'>
}

/** Who sends; `answer` writes bytes back, and nothing when the connection is gone. */
export type Peer = { address: string; answer(bytes: Uint8Array): void }

type Connection = { socket: Socket; address: string; usedAt: number; isLarge: boolean; end(): void }

export type OpenServer = { port: number; close(): Promise<void> }

/** Opens the port; rejects when that fails. `close` takes no more connections, reads what has arrived, and closes. */
export function openTcpServer(options: TcpServerOptions): Promise<OpenServer> {
  const { context, name } = options
  const { clock, logger } = context
  const connections = new Set<Connection>()
  const waitingForPlace = new Set<() => void>()
  let loggedAt = Number.NEGATIVE_INFINITY
  let isClosing = false
  let onEmpty: (() => void) | null = null

  const warn = (message: string, facts: Record<string, unknown>) => {
    if (clock.now() - loggedAt < LOG_INTERVAL_MS) return
    loggedAt = clock.now()
    logger.warn(message, { protocol: name, ...facts })
  }

  const hasPlace = (address: string): boolean => {
    const own = [...connections].filter(connection => connection.address === address)
    const isLimited = !context.isTrusted(address)
    if (connections.size < MAX_CONNECTIONS && (!isLimited || own.length < MAX_CONNECTIONS_PER_ADDRESS)) return true
    const candidates = isLimited && own.length >= MAX_CONNECTIONS_PER_ADDRESS ? own : [...connections]
    const [oldest] = candidates.sort((a, b) => a.usedAt - b.usedAt)
    if (oldest === undefined || clock.now() - oldest.usedAt < IDLE_MS) return false
    oldest.end()
    return true
  }

  const accept = (socket: Socket) => {
    const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
    socket.on('error', () => socket.destroy())
    if (isClosing || address === '' || !hasPlace(address)) {
      warn('a connection is refused, because too many are open', { address, open: connections.size })
      return void socket.destroy()
    }
    const connection = serve(socket, address)
    connections.add(connection)
    socket.once('close', () => {
      connections.delete(connection)
      connection.end()
      makePlace(connection)
      if (connections.size === 0) onEmpty?.()
    })
  }

  const makePlace = (connection: Connection) => {
    if (!connection.isLarge) return
    connection.isLarge = false
    const [next] = waitingForPlace
    if (next) next()
  }

  const takePlace = (connection: Connection): boolean => {
    if (connection.isLarge) return true
    const large = [...connections].filter(({ isLarge }) => isLarge)
    if (large.length >= MAX_LARGE) {
      const stuck = large.find(({ usedAt }) => clock.now() - usedAt > IDLE_MS / 20)
      if (!stuck) return false
      stuck.end()
    }
    connection.isLarge = true
    return true
  }

  const serve = (socket: Socket, address: string): Connection => {
    const framer = options.createFramer()
    /** Why the socket is not read. */
    const pauses = new Set<'full' | 'busy' | 'place'>()
    let cancelFlush: (() => void) | null = null
    let isEnded = false

    const pauseFor = (reason: 'full' | 'busy' | 'place') => {
      pauses.add(reason)
      socket.pause()
    }
    const resumeFrom = (reason: 'full' | 'busy' | 'place') => {
      if (pauses.delete(reason) && pauses.size === 0) socket.resume()
    }
    const sender = options.queue.open({ address, isPatient: true, onRoom: () => resumeFrom('full') })
    const peer: Peer = {
      address,
      answer(bytes) {
        if (socket.writable) socket.write(bytes)
      },
    }
    const fail = (error: unknown) => {
      if (!(error instanceof Problem)) logger.error('a connection failed', { protocol: name, address, error })
      const [reason, message] =
        error instanceof Problem ? [error.code, error.message] : (['internal', errorMessage(error)] as const)
      options.drop({ address, lines: 1, reason, message })
      connection.end()
    }
    const take = (frames: readonly Frame[]) => {
      if (frames.length === 0) return
      const waits = options.take(frames, sender, peer)
      if (sender.isFull) pauseFor('full')
      if (!waits) return
      pauseFor('busy')
      waits.then(
        () => resumeFrom('busy'),
        error => {
          fail(error)
          resumeFrom('busy')
        },
      )
    }
    const flush = () => {
      cancelFlush = null
      if (framer.waitingBytes === 0 || isEnded) return
      const left = connection.usedAt + framer.patienceMs - clock.now()
      if (left > 0) cancelFlush = clock.at(clock.now() + left, flush)
      else read(() => framer.flush())
    }
    const read = (frames: () => Frame[]) => {
      try {
        take(frames())
      } catch (error) {
        fail(error)
      }
    }
    const waitForPlace = () => {
      const retry = () => {
        waitingForPlace.delete(retry)
        if (isEnded || takePlace(connection)) return resumeFrom('place')
        waitingForPlace.add(retry)
      }
      pauseFor('place')
      waitingForPlace.add(retry)
    }

    const connection: Connection = {
      socket,
      address,
      usedAt: clock.now(),
      isLarge: false,
      end() {
        if (isEnded) return
        isEnded = true
        cancelFlush?.()
        if (framer.waitingBytes > 0) {
          try {
            take(framer.flush())
          } catch (error) {
            const reason = error instanceof Problem ? error.code : 'internal'
            options.drop({ address, lines: 1, reason, message: errorMessage(error) })
          }
        }
        socket.destroy()
      },
    }
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('data', (piece: Buffer) => {
      connection.usedAt = clock.now()
      read(() => framer.push(piece))
      if (isEnded) return
      if (framer.waitingBytes > (options.queue.isCrowded() ? CROWDED_BYTES : LARGE_BYTES)) {
        if (!takePlace(connection)) waitForPlace()
      } else makePlace(connection)
      if (framer.waitingBytes > 0 && cancelFlush === null)
        cancelFlush = clock.at(clock.now() + framer.patienceMs, flush)
    })
    socket.once('end', () => connection.end())
    return connection
  }

  const server = options.tls ? tlsServer(options.tls, accept, warn, clock.now) : createServer(accept)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      server.on('error', error => logger.error('listener failed', { protocol: name, error }))
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : options.port,
        async close() {
          isClosing = true
          const closed = new Promise<void>(done => server.close(() => done()))
          // The peers see the end and stop; what they have sent until then is read.
          for (const { socket } of connections) socket.end()
          const cut = setTimeout(() => onEmpty?.(), DRAIN_MS)
          if (connections.size > 0)
            await new Promise<void>(done => {
              onEmpty = done
            })
          clearTimeout(cut)
          for (const connection of [...connections]) connection.end()
          await closed
        },
      })
    })
  })
}

function tlsServer(
  files: { cert: string; key: string },
  accept: (socket: Socket) => void,
  warn: (message: string, facts: Record<string, unknown>) => void,
  now: () => number,
): Server {
  const read = () => ({ cert: readFileSync(files.cert), key: readFileSync(files.key) })
  const version = () => [files.cert, files.key].map(file => statSync(file).mtimeMs).join()
  const server: TlsServer = createTlsServer(
    { ...read(), minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_TIMEOUT_MS },
    accept,
  )
  let [known, checkedAt] = [version(), now()]
  // A renewed certificate is used without a restart.
  server.on('connection', () => {
    if (now() - checkedAt < CERTIFICATE_INTERVAL_MS) return
    checkedAt = now()
    try {
      const current = version()
      if (current !== known) server.setSecureContext(read())
      known = current
    } catch (error) {
      warn('the renewed certificate cannot be read; the old one stays in use', { error })
    }
  })
  server.on('tlsClientError', (error, socket) => {
    warn('a TLS handshake failed', { address: socket.remoteAddress, error })
  })
  return server
}
