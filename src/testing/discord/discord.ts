// A Discord on loopback that speaks the real wire protocols: the one entry for tests and for trying Vakt out by hand.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { APIMessage } from 'discord-api-types/v10'
import { Buckets } from './buckets.ts'
import { isLoading } from './exchanges.ts'
import { Faults, type RoutePattern } from './faults.ts'
import { Gateway } from './gateway.ts'
import { type Rest, serve } from './http.ts'
import type { Given } from './invocation.ts'
import { snapshot, textOf } from './messages.ts'
import { beginThread, press, say, submit, type, write } from './people.ts'
import { until } from './waiting.ts'
import { addPlace, makeWorld } from './world.ts'
import type { Exchange, Person, Place } from './world-types.ts'

export interface DiscordOptions {
  /** The simulator's clock in ms; decides the 3 s and 15 min of interactions, the hour of edits, nonces and rate limits. */
  now?: () => number
  token?: string
  port?: number
  /** Name of the first channel. */
  channel?: string
  /** Enforce 5 requests / 5 s per route and channel and 50 / s overall. Off: headers only, always with room left. */
  rateLimits?: boolean
  /** Edits of messages older than an hour that Discord still lets through before 30046; none by default, the worst case. */
  oldEdits?: number
  /** Milliseconds between heartbeats that the gateway asks for. */
  heartbeat?: number
  /** IDENTIFYs left in the day's budget. */
  identifies?: number
  /** Real milliseconds that `say`, `press`, `submit` and `type` wait for the application before they reject. */
  timeoutMs?: number
}

/** Against hanging only: what is slow on a busy machine is not wrong. */
const HANG_TIMEOUT_MS = 60_000

export type Discord = Awaited<ReturnType<typeof startDiscord>>

/**
 * Starts a simulated Discord with one guild, one text channel, an admin (`ada`, Manage Server) and a member (`max`).
 * Nothing is printed; what a careful bot would not do is in `violations`, which tests assert to be empty.
 */
export async function startDiscord(options: DiscordOptions = {}) {
  const { now = Date.now, token = 'simulated.discord.token', timeoutMs = HANG_TIMEOUT_MS } = options
  const world = makeWorld({ now, token, oldEdits: options.oldEdits ?? 0 })
  const channel = addPlace(world, options.channel ?? 'alerts')
  const gateway = new Gateway(world, {
    heartbeat: options.heartbeat ?? 41_250,
    identifies: options.identifies ?? 1_000,
    resumeUrl: () => `ws://127.0.0.1:${port}`,
  })
  const faults = new Faults()
  const rest: Rest = {
    world,
    faults,
    buckets: new Buckets(now, options.rateLimits ?? false),
    gatewayRoutes: { 'GET /gateway/bot': gatewayInformation },
  }
  const server = createServer((request, response) => {
    // A client that gives up half-way is the client's business.
    serve(rest, request, response).catch(error => {
      if (!request.destroyed) world.violations.push(`simulator: ${String(error)}`)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head))
  const listen = (on: number) => new Promise<void>(resolve => server.listen(on, '127.0.0.1', resolve))
  await listen(options.port ?? 0)
  const { port } = server.address() as AddressInfo
  const scene = { world, gateway, timeoutMs }
  const place = (id: string) => {
    const found = world.places.get(id)
    if (!found) throw new Error(`there is no channel ${id}`)
    return found
  }
  const down = async () => {
    gateway.drop()
    server.closeAllConnections()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  const wait = <T>(look: () => T, what = 'what the test waits for') =>
    until(
      world,
      look,
      HANG_TIMEOUT_MS,
      () => `${what} did not happen; violations: ${world.violations.join('; ') || 'none'}`,
    )

  const admin = person('ada', { manageServer: true })
  const member = person('max')

  return {
    /** For `DISCORD_API_URL`; the client appends the version. */
    apiUrl: `http://127.0.0.1:${port}/api`,
    token,
    channelId: channel.id,
    guildId: world.guild.id,
    applicationId: world.applicationId,
    /** How the bot is mentioned in a text. */
    mention: `<@${world.bot.id}>`,
    admin,
    member,
    /** A further person; `roles` are role ids. */
    person,
    /** A further channel or thread (`parentId`); the same id keeps a thread reachable. */
    channel: (name: string, parentId?: string): string => addPlace(world, name, parentId).id,
    /** Changes what the bot may do in a channel, or archives a thread. */
    set: (channelId: string, change: Partial<Pick<Place, 'access' | 'archived'>>) =>
      Object.assign(place(channelId), change),
    /** Removes a channel, or one message as a moderator would. */
    remove: (channelId: string, messageId?: string) => {
      if (messageId) place(channelId).messages.delete(messageId)
      else world.places.delete(channelId)
    },

    /** Types `/checks add` with options by name; resolves once the answer is there, rejects when the bot stays silent. */
    say: (line: string, given: Given = {}, { by = admin, channelId = channel.id }: Where = {}) =>
      say(scene, line, given, by, place(channelId)),
    /** Presses a button by its label on a message as it was read, even if it has changed since. */
    press: (message: APIMessage, label: string, by: Person = admin) => press(scene, message, label, by),
    /** Suggestions for `option` while typing `given[option]`. */
    type: (line: string, given: Given, option: string, { by = admin, channelId = channel.id }: Where = {}) =>
      type(scene, line, given, option, by, place(channelId)),
    /** Writes a message into a channel or thread, as a reply to `to` where given. */
    write: (text: string, { by = member, channelId = channel.id, to }: Where & { to?: APIMessage } = {}) =>
      write(scene, text, by, place(channelId), to),
    /** Begins a thread at a message; gives its id. */
    beginThread: (at: APIMessage, name = 'About it'): string => beginThread(scene, at, name).id,
    /** Fills in the modal an act opened, by field label; fields left out keep their prefilled value. */
    submit: (opened: Exchange, values: Record<string, string>, by: Person = opened.by) =>
      submit(scene, opened, values, by),

    /** Copies of the messages everybody sees in a channel, oldest first, without those still "thinking". */
    messages: (channelId = channel.id): APIMessage[] =>
      [...place(channelId).messages.values()].filter(m => !isLoading(m)).map(snapshot),
    /** Everything a reader sees of a message, as plain text. */
    text: textOf,
    /** The bytes of a message's file. */
    file: (message: APIMessage, name: string) =>
      world.attachments.get(message.attachments.find(a => a.filename === name)?.id ?? ''),
    /** Every interaction so far, with its acknowledgement, answer, follow-ups and privacy. */
    exchanges: (): Exchange[] => [...world.exchanges.values()],
    /** Private messages shown so far, whoever saw them. */
    ephemerals: (): APIMessage[] =>
      [...world.exchanges.values()].flatMap(e => [
        ...(e.private && e.original ? [e.original] : []),
        ...e.followUps.filter(f => Number(f.flags ?? 0) & 64),
      ]),
    threads: (): { id: string; name: string }[] =>
      [...world.places.values()].filter(p => p.kind === 'thread').map(({ id, name }) => ({ id, name })),
    registeredCommands: () => [...world.guildCommands, ...world.globalCommands],
    /** Every REST request with its body and status, oldest first. */
    requests: world.requests,
    /** Invalid, unexpected or careless requests in words. Assert that it is empty; `splice(0)` what a test expects. */
    violations: world.violations,
    gateway,
    /** The first truthy value of `look`, asked again after each change; rejects after a minute. */
    until: wait,
    /** Resolves when no request came and no answer is owed for `quiet` real ms (default 30). */
    settled: (quiet = 30) => settled(quiet),

    /** The next `times` requests of a route are answered 429; `bare` leaves out every header, as proxies do. */
    limit: (route: RoutePattern, { retryAfter = 1, times = 1, global = false, bare = false } = {}) =>
      faults.order(route, { kind: 'limit', retryAfter, global, bare }, times),
    /** The next `times` requests of a route fail with this status. */
    fail: (route: RoutePattern, status: number, times = 1, body?: unknown) =>
      faults.order(route, { kind: 'fail', status, body }, times),
    /** Requests of a route are read and never answered; nothing is stored. */
    hang: (route: RoutePattern, times = Number.POSITIVE_INFINITY) => faults.order(route, { kind: 'hang' }, times),
    /** Requests of a route take this many real milliseconds longer. */
    slow: (route: RoutePattern, ms: number, times = Number.POSITIVE_INFINITY) =>
      faults.order(route, { kind: 'slow', ms }, times),
    /** The next `times` requests of a route take effect, but the answer never comes. */
    acceptThenTimeout: (route: RoutePattern, times = 1) => faults.order(route, { kind: 'accept-then-timeout' }, times),
    /** Ends all ordered faults. */
    heal: () => faults.heal(),
    /** Refuses connections, REST and gateway, until `comeBack`. */
    goDown: down,
    comeBack: () => listen(port),
    /** Breaks the gateway connections, or closes them with a code; sessions stay resumable. */
    dropGateway: (code?: number) => gateway.drop(code),
    /** Connections stay open and go dead: no acks, no dispatches. */
    killGatewaySilently: () => gateway.goSilent(),
    /** The token is not valid any more: REST answers 401, IDENTIFY is closed with 4004. */
    revokeToken: (replacement = 'another.token') => {
      world.token = replacement
    },
    close: down,
  }

  function person(name: string, { manageServer = false, roles = [] as string[] } = {}): Person {
    const created: Person = { id: world.nextId(), name, manageServer, roles }
    world.people.set(created.id, created)
    return created
  }

  function gatewayInformation() {
    const limit = {
      total: 1_000,
      remaining: Math.max(0, gateway.identifiesLeft),
      reset_after: 3_600_000,
      max_concurrency: 1,
    }
    return { status: 200, body: { url: `ws://127.0.0.1:${port}`, shards: 1, session_start_limit: limit } }
  }

  async function settled(quiet: number): Promise<void> {
    for (;;) {
      const before = world.requests.length
      await new Promise(resolve => setTimeout(resolve, quiet))
      const owed = world.requests.some(r => r.status === undefined && !r.hung)
      if (world.requests.length === before && !owed) return
    }
  }
}

interface Where {
  by?: Person
  channelId?: string
}
