// The whole app on a fake clock with channels in memory, for stories in the words of the domain.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../app.ts'
import type { Card } from '../card.ts'
import { cardText } from '../chat/card-text.ts'
import type { AddedChannel, Channel, Reply, Requester } from '../chat/channel.ts'
import type { PlatformDefinition, PlatformFactory } from '../chat/platform-definition.ts'
import { loadPlatforms, PLATFORMS } from '../chat/platforms.ts'
import { readConfig } from '../config/config.ts'
import type { RuleKind } from '../detectors/rules/rule-kind.ts'
import { RULE_KINDS } from '../detectors/rules/rule-kinds.ts'
import { plainPath } from '../intake/access/paths.ts'
import { PROTOCOLS } from '../intake/protocols/index.ts'
import type { Protocol } from '../intake/protocols/protocol.ts'
import { type Logger, silentLogger } from '../logger.ts'
import type { LogStore } from '../logs/store.ts'
import type { ProbeResult } from '../probes/probe.ts'
import { memoryState, State } from '../state/database.ts'
import { Sqlite } from '../state/sqlite.ts'
import { parseDuration } from '../time.ts'
import { createDocumentCheck, type Document } from './documented.ts'
import { createFakeClock, type FakeClock, settled } from './fake-clock.ts'
import { createMemoryChannel, type MemoryChannel } from './memory-channel.ts'

export type TestAppOptions = {
  /** The instant the story begins, RFC 3339. */
  start?: string
  channels?: readonly string[]
  environment?: Record<string, string>
  logger?: Logger
  /** The log store; there are no logs without one. */
  store?: LogStore
  /** A real platform beside the channels in memory, such as Discord's on its simulator. */
  platform?: PlatformFactory
  /** Further platforms, loaded where the environment configures them. */
  definitions?: readonly PlatformDefinition[]
  /** Kinds of detection rules beside those of the list. */
  ruleKinds?: readonly RuleKind[]
  /** Protocols of log lines and alerts beside those of the list. */
  protocols?: readonly Protocol[]
  /** The name of the Vakt whose state this one took over. */
  takenOverFrom?: string
  /** How the program is that copies the state. */
  replication?: Parameters<typeof createApp>[0]['replication']
  /** Goes on with what an earlier app left. */
  after?: { state: State; clock: FakeClock; channels: readonly MemoryChannel[]; added?: Map<string, MemoryChannel> }
}

const ADMIN_KEY = 'admin-key-for-tests'

/** Opens and starts a app; every verb lets what it caused settle before it returns. */
export async function startApp(options: TestAppOptions = {}) {
  const clock = options.after?.clock ?? createFakeClock(Date.parse(options.start ?? '2026-03-02T09:00:00Z'))
  const state = options.after?.state ?? memoryState()
  const further = options.definitions ?? []
  const config = readConfig({ TZ: 'UTC', ...options.environment }, [...PLATFORMS, ...further])
  const left = options.after?.channels ?? []
  const internet = { up: true }
  const answers = new Map<string, Partial<ProbeResult>>()
  let probes = 0
  const channels = (options.channels ?? ['discord']).map(
    id => left.find(channel => channel.id === id) ?? createMemoryChannel(id, clock.now),
  )
  let alive = true
  /** Channels that commands add, by id. */
  const added = options.after?.added ?? new Map<string, MemoryChannel>()
  const given = ({ id, name }: AddedChannel) => {
    if (!/^(discord|slack|telegram|mailto|webhook):/.test(id)) return null
    const channel = added.get(id) ?? createMemoryChannel(id, clock.now)
    added.set(id, channel)
    return { ...wireTo(channel, () => alive), name: name === '' ? id : name }
  }
  const app = createApp({
    state,
    config,
    clock,
    logger: options.logger ?? silentLogger,
    adminKey: ADMIN_KEY,
    ...(options.store ? { store: options.store } : {}),
    protocols: [...PROTOCOLS, ...(options.protocols ?? [])],
    vaultKey: Buffer.alloc(32, 7),
    version: 'test',
    takenOverFrom: options.takenOverFrom ?? null,
    ...(options.replication ? { replication: options.replication } : {}),
    reach: async () => {
      if (!internet.up) throw new Error('the internet is gone')
    },
    probe: async ({ target }) => {
      probes++
      const answer = { ok: true, message: 'status 200', durationMs: 20, address: '192.0.2.1', certificateEndsAt: null }
      return { ...answer, ...answers.get(target) }
    },
    publicUrl: () => options.environment?.PUBLIC_URL ?? 'http://vakt.test',
    draw: async () => new Uint8Array([137, 80, 78, 71]),
    definitions: [...PLATFORMS, ...further],
    ruleKinds: [...RULE_KINDS, ...(options.ruleKinds ?? [])],
    platforms: [
      ...(options.platform ? [options.platform] : []),
      ...(await loadPlatforms(config.platforms, further)),
      ...channels.map((channel, i) => () => ({
        name: 'terminal',
        channels: [wireTo(channel, () => alive)],
        ...(i === 0 ? { open: (asked: AddedChannel) => given(asked) } : {}),
        status: () => ({ state: 'online' as const, since: 0 }),
        start() {},
        async stop() {},
      })),
    ],
  })
  app.start()
  await settled()

  const ann: Requester = { platform: 'discord', id: '1', name: 'Ann', admin: true, groups: [], interactive: false }

  return {
    ...app,
    clock,
    /** Whether connectivity targets answer. */
    internet,
    /** What targets of probes answer, where it is not a status 200 within 20 ms. */
    answers,
    /** How many probes were made. */
    probes: () => probes,
    channels,
    channel: channels[0]!,
    /** A channel that a command added, by its id. */
    added: (id: string) => added.get(id)!,
    /** All channels that commands added. */
    addedChannels: () => [...added.values()],
    /** The titles of the cards in a channel (default: the first), oldest first. */
    titles: (channel = channels[0]!) => channel.messages.map(({ card }) => card.title),
    /** The replies under all cards of a channel (default: the first): their titles without the alert's own. */
    mentions: (channel = channels[0]!) =>
      channel.messages.flatMap(({ replies }) => replies.map(({ card }) => card.title.split(': ')[0])),
    /** A card as people read it. */
    text: (card: Card) => cardText(card, { timeZone: 'UTC', now: clock.now() }),
    /** A card in the first channel, by its place, as people read it. */
    cardText: (index = 0) => cardText(channels[0]!.messages[index]!.card, { timeZone: 'UTC', now: clock.now() }),
    /** The answer to a command line as people read it: its card, or the message of its problem. */
    async answerText(line: string): Promise<string> {
      const reply = await this.says(line)
      return reply.ok ? this.text(reply.card) : reply.problem.message
    },
    /** Time passes: `25h`, `90s`. */
    async passes(duration: string) {
      await clock.advance(parseDuration(duration)!)
      await settled()
    },
    /** Types a command line as somebody (default: Ann, an admin). */
    async says(line: string, speaker: Partial<Requester> = {}): Promise<Reply> {
      const reply = await app.dispatcher.run({ line }, { ...ann, ...speaker })
      await settled()
      return reply
    },
    /** The same, for commands that must succeed: gives the machine-readable result. */
    async result<T = Record<string, never>>(line: string): Promise<T> {
      const reply = await this.says(line)
      if (!reply.ok) throw reply.problem
      return reply.result as T
    },
    /**
     * A request to the intake, such as `/ping/…`; `from` is the address that connects. Throws where the OpenAPI document
     * does not describe the answer.
     */
    async request(path: string, init?: RequestInit, from = '127.0.0.1'): Promise<Response> {
      const response = await app.intake.request(path, init, { incoming: { socket: { remoteAddress: from } } })
      await settled()
      const check = await documentCheck(app.intake, options)
      const method = init?.method ?? 'GET'
      const errors = await check.answerErrors(method, plainPath(new URL(`http://vakt.test${path}`).pathname), response)
      if (errors.length > 0) throw new Error(`${method} ${path}: ${errors.join('; ')}`)
      return response
    },
    /** A request to `POST /api/commands` with the admin key. */
    async posts(body: unknown): Promise<Response> {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
      return this.request('/api/commands', { method: 'POST', headers, body: JSON.stringify(body) })
    },
    /** Adds a check and returns a function that sends it a beat: `await beat()`, `await beat('/fail')`; `beat.check` is its row. */
    async hasCheck(line: string) {
      const { check } = await this.result<{ check: { uuid: string; id: number } }>(`checks add ${line}`)
      const beat = (suffix = '', init?: RequestInit) => this.request(`/ping/${check.uuid}${suffix}`, init)
      return Object.assign(beat, { check })
    },
    /** The state of a check, as `checks show` gives it. */
    async check(name: string) {
      const { check } = await this.result<{ check: ShownCheck }>(`checks show ${name}`)
      return check
    },
    /** Vakt stops (or dies, with nothing left but what it committed) and a new one opens the same state. */
    async restarts(awayFor: string, how: 'stopped' | 'killed' = 'stopped', change: Partial<TestAppOptions> = {}) {
      if (how === 'stopped') await app.stop()
      alive = false
      clock.forget()
      const after = { state: how === 'killed' ? copyOf(state) : state, clock, channels: [...left, ...channels], added }
      clock.sleep(parseDuration(awayFor)!)
      return startApp({ ...options, ...change, after })
    },
  }
}

type DocumentCheck = Promise<ReturnType<typeof createDocumentCheck>>
const documentChecks = new Map<string, DocumentCheck>()

/** The check against the document, which is the same for all apps with logs, and for all without; other protocols change it. */
function documentCheck(
  intake: { request(path: string): Response | Promise<Response> },
  { store, protocols = [] }: TestAppOptions,
): DocumentCheck {
  const key = [store !== undefined, ...protocols.map(protocol => protocol.name)].join(' ')
  const read = async () => createDocumentCheck((await (await intake.request('/openapi.json')).json()) as Document)
  const check = documentChecks.get(key) ?? read()
  documentChecks.set(key, check)
  return check
}

/** The channel as a Vakt reaches it: once that is dead, nothing is sent and no answer comes back. */
function wireTo(channel: MemoryChannel, alive: () => boolean): Channel {
  const carry = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      if (alive()) return await call()
    } finally {
      if (!alive()) await new Promise(() => {})
    }
    throw new Error('unreachable')
  }
  return {
    id: channel.id,
    capabilities: channel.capabilities,
    name: channel.name,
    post: (card, nonce) => carry(() => channel.post(card, nonce)),
    edit: (ref, card) => carry(() => channel.edit(ref, card)),
    reply: (ref, card, nonce) => carry(() => channel.reply(ref, card, nonce)),
    find: (nonce, since) => carry(() => channel.find(nonce, since)),
    remove: ref => carry(() => channel.remove!(ref)),
    pin: ref => carry(() => channel.pin!(ref)),
    ...(channel.thread ? { thread: (ref: string, card: Card) => carry(() => channel.thread!(ref, card)) } : {}),
  }
}

/** What is on disk when the process dies: a database of its own, which what is left of the dead Vakt cannot reach. */
export function copyOf(state: State): State {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-'))
  const file = join(folder, 'copy.db')
  state.prepare('vacuum into ?').run(file)
  const copy = new Sqlite(readFileSync(file))
  rmSync(folder, { recursive: true })
  copy.pragma('foreign_keys = ON')
  return new State(copy)
}

export type ShownCheck = {
  status: string
  started: boolean
  last_beat_at: string | null
  last_duration_ms: number | null
  late_at: string | null
  down_at: string | null
  beats: number
}

export type TestApp = Awaited<ReturnType<typeof startApp>>
export type { MemoryChannel }
