// Socket Mode: tickets, hello, envelopes with acknowledgements, refreshes, and sockets that die in every known way.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Activity } from './activity.ts'
import type { Delivery, Outcome } from './delivery.ts'
import { asObject, type Obj } from './wire.ts'
import { APP_ID } from './workspace.ts'

const MAX_SOCKETS = 10
const PING_EVERY_MS = 10_000

interface Connection {
  socket: WebSocket
  ready: boolean
  dead: boolean
}

interface Pending {
  accepts: boolean
  settle(outcome: Outcome): void
}

/** The Socket Mode half of the simulator. `ackWithinMs` is real time. */
export function createSockets(ackWithinMs: number, activity: Activity, violate: (text: string) => void) {
  // The pongs are ours to withhold.
  const server = new WebSocketServer({ noServer: true, autoPong: false })
  const tickets = new Set<string>()
  const connections = new Set<Connection>()
  const pending = new Map<string, Pending>()
  const overdue = new Set<string>()
  let withheld = 0
  let turn = 0
  let opened = 0

  const usable = () => [...connections].filter(connection => connection.ready)

  return {
    ticket(): string {
      const ticket = randomUUID()
      tickets.add(ticket)
      return ticket
    },

    /** Accepts a WebSocket upgrade that carries a ticket never used before. */
    upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const ticket = url.searchParams.get('ticket') ?? ''
      if (url.pathname !== '/link/' || !tickets.delete(ticket)) {
        violate(`a socket was opened with a bad ticket: ${url.pathname}`)
        raw.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
        return
      }
      server.handleUpgrade(request, raw, head, socket => welcome(socket))
    },

    /** Sends an envelope over one of the sockets, taking turns, and awaits its acknowledgement. */
    deliver({ kind, payload, retry }: Delivery): Promise<Outcome> {
      const open = usable()
      const connection = open[turn++ % open.length]
      if (connection === undefined) return Promise.resolve({ acked: false, why: 'no connection', reply: {}, ms: 0 })
      const envelope_id = randomUUID()
      const accepts = kind !== 'events_api'
      const attempt = retry === undefined ? {} : { retry_attempt: retry.num, retry_reason: retry.reason }
      const envelope = { envelope_id, type: kind, accepts_response_payload: accepts, payload, ...attempt }
      // Into a dead socket goes nothing, and Slack does not know.
      if (!connection.dead) connection.socket.send(JSON.stringify(envelope))
      return awaitAck(envelope_id, kind, accepts, connection.dead)
    },

    /** How many sockets are open and greeted. */
    count: () => usable().length,
    /** How many sockets were greeted since the start. */
    opened: () => opened,
    /** The next `times` sockets open but are never greeted. */
    withholdHello: (times = 1) => {
      withheld += times
    },
    /** Asks the app to replace its sockets, as Slack does every few hours. */
    refresh: () => {
      for (const { socket } of usable())
        socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }))
    },
    /** Cuts every socket without a close frame. */
    drop: () => {
      for (const { socket } of [...connections]) socket.terminate()
    },
    /** Leaves every socket open but deaf and dumb: no pong, no envelope, no close. */
    killSilently: () => {
      for (const connection of connections) {
        connection.dead = true
        connection.socket.pause()
      }
    },
  }

  function welcome(socket: WebSocket): void {
    const connection: Connection = { socket, ready: false, dead: false }
    connections.add(connection)
    const pings = setInterval(() => !connection.dead && socket.ping('Ping from simulator'), PING_EVERY_MS)
    socket.on('ping', data => connection.dead || socket.pong(data))
    socket.on('message', data => receive(data))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      clearInterval(pings)
      connections.delete(connection)
      activity.note()
    })
    if (connections.size > MAX_SOCKETS) {
      socket.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets' }))
      socket.close()
      return
    }
    if (withheld > 0) {
      withheld -= 1
      return
    }
    connection.ready = true
    opened += 1
    const hello = { type: 'hello', num_connections: connections.size, connection_info: { app_id: APP_ID } }
    socket.send(JSON.stringify({ ...hello, debug_info: { host: 'simulator', approximate_connection_time: 18_060 } }))
    activity.note()
  }

  function receive(data: RawData): void {
    let answer: Obj | undefined
    try {
      answer = asObject(JSON.parse(data.toString()))
    } catch {
      violate('a socket message was not JSON')
      return
    }
    const id = String(answer?.envelope_id)
    const waiting = pending.get(id)
    if (waiting === undefined) {
      violate(overdue.has(id) ? 'acknowledged too late' : `acknowledged twice or out of the blue: ${id}`)
      return
    }
    const reply = asObject(answer?.payload) ?? {}
    if (!waiting.accepts && Object.keys(reply).length > 0) violate('an event was acknowledged with a payload')
    pending.delete(id)
    waiting.settle({ acked: true, reply, ms: 0 })
  }

  function awaitAck(id: string, kind: string, accepts: boolean, dead: boolean): Promise<Outcome> {
    const over = activity.begin()
    const started = performance.now()
    return new Promise(resolve => {
      const settle = (outcome: Outcome) => {
        clearTimeout(timer)
        resolve({ ...outcome, ms: performance.now() - started })
        over()
      }
      const timer = setTimeout(() => {
        pending.delete(id)
        overdue.add(id)
        if (!dead) violate(`${kind} was not acknowledged within ${ackWithinMs} ms`)
        settle({ acked: false, why: 'timeout', reply: {}, ms: ackWithinMs })
      }, ackWithinMs)
      pending.set(id, { accepts, settle })
    })
  }
}
