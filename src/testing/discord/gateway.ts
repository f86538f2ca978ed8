// The gateway half on the wire: hello, heartbeats, identify, resume with replay, and every way it can let a client down.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { APIMessage } from 'discord-api-types/v10'
import { type WebSocket, WebSocketServer } from 'ws'
import { guildShape, userShape } from './shapes.ts'
import type { World } from './world-types.ts'

const GUILDS = 1 << 0
const GUILD_MESSAGES = 1 << 9
const PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)

interface Session {
  id: string
  intents: number
  /** Everything dispatched so far, for replay; the sequence number is the index + 1. */
  sent: { t: string; d: unknown }[]
  socket: WebSocket | undefined
}

export interface GatewayOptions {
  /** Milliseconds between heartbeats. */
  heartbeat: number
  /** IDENTIFYs left in the day. */
  identifies: number
  resumeUrl: () => string
}

/** All sessions and sockets; one simulator has one. */
export class Gateway {
  identifiesLeft: number
  /** Close code for every IDENTIFY from now on (4004, 4014…). */
  refusesIdentifyWith: number | undefined
  /** How often clients identified and resumed. */
  readonly counts = { identify: 0, resume: 0, connect: 0 }
  readonly #world: World
  readonly #options: GatewayOptions
  readonly #server = new WebSocketServer({ noServer: true })
  readonly #sessions = new Map<string, Session>()
  /** Sockets that look alive and do nothing. */
  readonly #silent = new WeakSet<WebSocket>()

  constructor(world: World, options: GatewayOptions) {
    this.#world = world
    this.#options = options
    this.identifiesLeft = options.identifies
  }

  /** Takes over an HTTP upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, client => this.#welcome(client))
  }

  /** Sends a dispatch to every session; those without a socket get it when they resume. */
  dispatch(t: string, d: unknown): void {
    for (const session of this.#sessions.values()) this.#send(session, t, d)
  }

  /** Sends a message to the sessions with that intent; its text only when it mentions the bot, because none has MessageContent. */
  dispatchMessage(message: APIMessage): void {
    const mentioned = message.mentions.some(user => user.id === this.#world.bot.id)
    const visible = mentioned ? message : { ...message, content: '', embeds: [], attachments: [], components: [] }
    for (const session of this.#sessions.values())
      if (session.intents & GUILD_MESSAGES) this.#send(session, 'MESSAGE_CREATE', visible)
  }

  /** Sessions a client is connected to right now. */
  get connected(): number {
    return this.#open().length
  }

  /** Sessions that are connected or may still resume. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Closes every connection with a code; without one the connection just breaks. Sessions stay resumable. */
  drop(code?: number): void {
    for (const socket of this.#server.clients) code === undefined ? socket.terminate() : socket.close(code)
  }

  /** The connections stay open, but nothing is received or sent on them. */
  goSilent(): void {
    for (const socket of this.#server.clients) this.#silent.add(socket)
  }

  /** Op 7: asks every client to reconnect and resume. */
  askToReconnect(): void {
    for (const session of this.#open()) write(session.socket!, { op: 7, d: null })
  }

  /** Op 9: the session is invalid; one that is not resumable is forgotten. */
  invalidate(resumable: boolean): void {
    for (const session of this.#open()) {
      write(session.socket!, { op: 9, d: resumable })
      if (!resumable) this.#sessions.delete(session.id)
    }
  }

  /** Forgets every session, so that the next resume is refused with op 9. */
  forget(): void {
    this.#sessions.clear()
  }

  #open(): Session[] {
    return [...this.#sessions.values()].filter(
      s => s.socket && s.socket.readyState === s.socket.OPEN && !this.#silent.has(s.socket),
    )
  }

  #welcome(socket: WebSocket): void {
    this.counts.connect++
    socket.on('message', data => {
      if (!this.#silent.has(socket)) this.#read(socket, JSON.parse(String(data)) as { op: number; d: unknown })
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const session of this.#sessions.values()) if (session.socket === socket) session.socket = undefined
      this.#world.changed()
    })
    write(socket, { op: 10, d: { heartbeat_interval: this.#options.heartbeat } })
    this.#world.changed()
  }

  #read(socket: WebSocket, { op, d }: { op: number; d: unknown }): void {
    if (op === 1) write(socket, { op: 11 })
    else if (op === 2) this.#identify(socket, d as { token: string; intents: number })
    else if (op === 6) this.#resume(socket, d as { token: string; session_id: string; seq: number })
    else if (op !== 3 && op !== 4 && op !== 8) socket.close(4001)
  }

  #identify(socket: WebSocket, { token, intents }: { token: string; intents: number }): void {
    this.counts.identify++
    this.identifiesLeft--
    if (this.identifiesLeft < 0)
      this.#world.violations.push('IDENTIFY beyond the daily budget: Discord would reset the token')
    const world = this.#world
    const code =
      this.refusesIdentifyWith ?? (token !== world.token ? 4004 : (intents & PRIVILEGED) !== 0 ? 4014 : undefined)
    if (code !== undefined) {
      socket.close(code)
      world.changed()
      return
    }
    const session: Session = { id: `session-${world.nextId()}`, intents, sent: [], socket }
    this.#sessions.set(session.id, session)
    const guilds = [{ id: world.guild.id, unavailable: true }]
    this.#send(session, 'READY', {
      v: 10,
      user: { ...userShape(world, world.bot), verified: true, mfa_enabled: true, email: null },
      guilds,
      session_id: session.id,
      resume_gateway_url: this.#options.resumeUrl(),
      session_type: 'normal',
      shard: [0, 1],
      application: { id: world.applicationId, flags: 0 },
    })
    if (intents & GUILDS) this.#send(session, 'GUILD_CREATE', guildShape(world))
    world.changed()
  }

  #resume(socket: WebSocket, { token, session_id, seq }: { token: string; session_id: string; seq: number }): void {
    this.counts.resume++
    const session = this.#sessions.get(session_id)
    if (token !== this.#world.token) socket.close(4004)
    else if (session) this.#replay(session, socket, seq)
    else write(socket, { op: 9, d: false })
    this.#world.changed()
  }

  #replay(session: Session, socket: WebSocket, seq: number): void {
    session.socket = socket
    for (const [i, { t, d }] of session.sent.entries()) if (i >= seq) write(socket, { op: 0, t, d, s: i + 1 })
    this.#send(session, 'RESUMED', { _trace: [] })
  }

  #send(session: Session, t: string, d: unknown): void {
    session.sent.push({ t, d })
    const { socket } = session
    if (socket && socket.readyState === socket.OPEN && !this.#silent.has(socket))
      write(socket, { op: 0, t, d, s: session.sent.length })
  }
}

function write(socket: WebSocket, frame: unknown): void {
  socket.send(JSON.stringify(frame))
}
