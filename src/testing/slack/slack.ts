// A Slack that runs in this process and speaks the real wire protocols: Web API, Socket Mode, HTTP mode, response URLs.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createActivity } from './activity.ts'
import type { Delivery, Outcome } from './delivery.ts'
import { createFaults } from './faults.ts'
import { createHttpMode } from './http-mode.ts'
import { readUpload, receiveUpload } from './methods/files.ts'
import { createPeople } from './person.ts'
import { createSockets } from './sockets.ts'
import { createResponseUrls, createTriggers } from './tokens.ts'
import { type ApiRequest, createWebApi } from './web-api.ts'
import { asObject, type Message, SlackRefusal } from './wire.ts'
import { BOT, createWorkspace } from './workspace.ts'

export type { Outcome } from './delivery.ts'
export { sign } from './http-mode.ts'
export type { ApiRequest } from './web-api.ts'
export type { Message, Person, StoredFile, View } from './wire.ts'
export type { Modal } from './workspace.ts'

export type Slack = Awaited<ReturnType<typeof startSlack>>

export interface SlackOptions {
  botToken?: string
  appToken?: string
  signingSecret?: string
  /** The scopes of the bot token; by default all that the simulated methods want. */
  scopes?: readonly string[]
  /** The simulator's clock in ms, for timestamps, trigger ids, response URLs and rate limits. */
  now?: () => number
  /** Slack's own rate limits; off unless asked for. */
  rateLimits?: boolean
  /** Where to listen on loopback; a free port unless given. */
  port?: number
  /** Deliver to this URL (HTTP mode) instead of over sockets. */
  eventsUrl?: string
  /** How long the app has to acknowledge, in real ms. */
  ackWithinMs?: number
  /** Waits before each retry of an event in HTTP mode, in real ms. */
  retryDelays?: readonly number[]
}

const OPS = 'C000OPS'
const MEMBER = 'U00KARI'
const ADMIN = 'U000OLA'
const ALL_SCOPES =
  'commands app_mentions:read chat:write files:write channels:history groups:history channels:read groups:read users:read im:write pins:write'

/** Starts the simulator on loopback, with one channel (#ops), a member and an admin. */
export async function startSlack(options: SlackOptions = {}) {
  const now = options.now ?? Date.now
  const ackWithinMs = options.ackWithinMs ?? 3000
  const secret = options.signingSecret ?? 'signing-secret'
  const tokens = {
    bot: options.botToken ?? 'xoxb-simulated',
    app: options.appToken ?? 'xapp-simulated',
    scopes: options.scopes ?? ALL_SCOPES.split(' '),
    revoked: false,
  }
  const violations: string[] = []
  const requests: ApiRequest[] = []
  let limited = options.rateLimits ?? false
  let eventsUrl = options.eventsUrl
  let port = 0
  const base = () => `http://127.0.0.1:${port}`

  const activity = createActivity()
  const violate = (text: string) => {
    violations.push(text)
    activity.note()
  }
  const workspace = createWorkspace(now)
  workspace.addChannel({ id: OPS, name: 'ops' })
  workspace.addPerson({ id: MEMBER, name: 'kari' })
  workspace.addPerson({ id: ADMIN, name: 'ola', is_admin: true })
  workspace.addPerson({ id: BOT.user, name: BOT.name, is_bot: true })
  const faults = createFaults()
  const triggers = createTriggers(workspace)
  const responseUrls = createResponseUrls(workspace, base, violate)
  const sockets = createSockets(ackWithinMs, activity, violate)
  const retryDelays = options.retryDelays ?? [0, 60_000, 300_000]
  const httpMode = createHttpMode({ secret, ackWithinMs, retryDelays, now }, activity, violate)
  const sent: Delivery[] = []
  const people = createPeople({
    ...{ workspace, triggers, responseUrls, deliver, violate },
    hearsMentions: tokens.scopes.includes('app_mentions:read'),
  })
  const connections = new Set<Socket>()

  const server: Server = createServer((request, response) => {
    const over = activity.begin()
    response.on('close', over)
    serve(request, response).catch(error => {
      violate(`the simulator itself failed: ${error instanceof Error ? error.stack : String(error)}`)
      response.destroy()
    })
  })
  server.on('upgrade', sockets.upgrade)
  server.on('connection', socket => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  await listen(options.port ?? 0)
  const call = { workspace, base: base(), useTrigger: triggers.use, ticket: sockets.ticket }
  const answer = createWebApi({ call, faults, tokens, limited: () => limited, requests, violate })

  return {
    ...people,
    ...faults,
    apiUrl: `${base()}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret: secret,
    botUser: BOT.user,
    /** The ids of #ops, of Kari (a member) and of Ola (a workspace admin). */
    channel: OPS,
    member: MEMBER,
    admin: ADMIN,
    /** What the app sent that it should not have sent, and what it failed to acknowledge. Empty after a good test. */
    violations,
    /** The blocks of a person's Home tab as JSON; null before it was opened. */
    home: (user: string): string | null => {
      const view = workspace.homes.get(user)
      return view ? JSON.stringify(view.blocks) : null
    },
    /** Takes a person out of a channel. */
    leave(user: string, channel = OPS) {
      const left = workspace.channel(channel)
      left.absent = [...(left.absent ?? []), user]
    },
    /** Kinds of blocks that the workspace does not have yet. */
    refusedKinds: workspace.refusedKinds,
    /** The next messages with a picture are refused, because it is not ready. */
    picturesNotReady(messages: number) {
      workspace.picturesNotReady = messages
    },
    /** Every Web API request, in order. */
    requests,
    addPerson: workspace.addPerson,
    addChannel: workspace.addChannel,
    /** What everybody in the channel sees, oldest first. */
    messages: (channel = OPS): Message[] => visible(channel).filter(message => message.to === undefined),
    /** What only this person sees in the channel, oldest first. */
    ephemerals: (user: string, channel = OPS): Message[] => visible(channel).filter(message => message.to === user),
    /** The modals a person has open, the topmost last. */
    views: (user: string) => workspace.modals.filter(modal => modal.user === user && modal.open),
    files: () => [...workspace.files.values()],
    until: activity.until,
    settled: activity.settled,
    sockets: { count: sockets.count, opened: sockets.opened },
    withholdHello: sockets.withholdHello,
    refreshSockets: sockets.refresh,
    dropSocket: sockets.drop,
    killSocketSilently: sockets.killSilently,
    /** Sends the last delivery once more, marked as a retry, as Slack does when it saw no acknowledgement. */
    redeliver: (): Promise<Outcome> => {
      const last = sent.at(-1)
      if (last === undefined) throw new Error('nothing was delivered yet')
      return transmit({ ...last, retry: { num: 1, reason: 'timeout' } })
    },
    /** Delivers to this URL from now on (HTTP mode). */
    deliverTo: (url: string) => {
      eventsUrl = url
    },
    verifyUrl: () => httpMode.verifyUrl(eventsUrl ?? ''),
    rateLimits: (on: boolean) => {
      limited = on
    },
    revokeTokens: (revoked = true) => {
      tokens.revoked = revoked
    },
    /** Refuses connections and cuts those that exist. */
    async goDown(): Promise<void> {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const connection of connections) connection.destroy()
      await closed
    },
    /** Listens again where it did before. */
    comeBack: () => listen(port),
    async stop(): Promise<void> {
      if (!server.listening) return
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const connection of connections) connection.destroy()
      await closed
    },
  }

  function visible(channel: string): Message[] {
    return workspace.messages.filter(message => message.channel === channel)
  }

  function deliver(delivery: Delivery): Promise<Outcome> {
    sent.push(delivery)
    return transmit(delivery)
  }

  async function transmit(delivery: Delivery): Promise<Outcome> {
    if (eventsUrl !== undefined) return httpMode.deliver(eventsUrl, delivery)
    return sockets.deliver(delivery)
  }

  async function listen(on: number): Promise<void> {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(on, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const path = new URL(request.url ?? '/', base()).pathname
    if (path.startsWith('/api/')) return answer(path.slice(5), request, body, response)
    try {
      const id = path.split('/').at(-1) ?? ''
      if (path.startsWith('/upload/v1/'))
        receiveUpload(workspace, id, await readUpload(body, request.headers['content-type'] ?? ''))
      else if (path.startsWith('/response/')) responseUrls.receive(id, asObject(JSON.parse(body.toString())) ?? {})
      else throw new SlackRefusal('not_found')
      response.end('OK')
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error
      violate(`${path}: ${error.code} ${error.messages.join('; ')}`.trim())
      response.writeHead(/_url$|not_found/.test(error.code) ? 404 : 400, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ok: false, error: error.code }))
    }
  }
}
