// One life of Vakt in a world: the whole app, started on what a disk holds, until it is stopped or dies.
import { createApp } from '../../app.ts'
import type { Requester } from '../../chat/channel.ts'
import { loadPlatforms, PLATFORMS } from '../../chat/platforms.ts'
import { readConfig } from '../../config/config.ts'
import { silentLogger } from '../../logger.ts'
import type { LogStore } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import type { Chat } from './chat.ts'
import type { WorldLogs } from './logs/world-logs.ts'
import { type MortalDatabase, openMortalDatabase } from './mortal-database.ts'
import { settle } from './turns.ts'
import type { WorldClock } from './world-clock.ts'

export type VaktOptions = {
  clock: WorldClock
  chats: readonly Chat[]
  disk: Uint8Array
  /** Whether the disk holds what Vakt left last, rather than a backup. */
  isStateCurrent: boolean
  isOnline(): boolean
  /** Whether the target of a probe answers. */
  isUp(target: string): boolean
  /** Whether connectivity is probed. */
  hasTargets: boolean
  logs: WorldLogs | null
  /** How many pages the disk still takes; null for plenty. */
  freePages: number | null
}

/** An answer over HTTP; null when there was none. */
export type Answer = { status: number; text: string } | null

export type Vakt = {
  /** Lets the scheduler tick. */
  wake(): Promise<void>
  readonly state: State
  /** Null without logs. */
  readonly store: LogStore | null
  readonly database: MortalDatabase
  isDead(): boolean
  request(path: string, init?: RequestInit): Promise<Answer>
  /** Runs a command line as a person; null when no answer came. */
  command(line: string): Promise<{ ok: boolean; result: unknown; message: string } | null>
  /** Stops in good order; returns what is on disk. */
  stop(): Promise<Uint8Array>
  /** Ends the process now; returns what is on disk. */
  kill(): Uint8Array
}

/** Ticks without a deadline are rare in a world, so that days are short. */
const TICK_MS = 5 * MINUTE
/** An answer that has not come after this many turns of the event loop does not come. */
const PATIENCE = 10

const ann: Requester = { platform: 'terminal', id: '1', name: 'Ann', admin: true, groups: [], interactive: false }

/** Starts Vakt; it may be dead when this resolves. Null where it refuses to start, because its disk is full. */
export async function startVakt(options: VaktOptions): Promise<Vakt | null> {
  const { clock, chats } = options
  const database = openMortalDatabase(options.disk)
  const life = clock.beginLife()
  const targets = options.hasTargets ? { CONNECTIVITY_TARGETS: 'tcp://192.0.2.1:53' } : {}
  const folder = options.logs ? { DATA_DIR: options.logs.folder } : {}
  const config = readConfig({ TZ: 'UTC', ...targets, ...folder }, PLATFORMS)
  let isStopped = false
  const isAlive = () => !isStopped && !database.isDead()
  if (options.freePages !== null) database.fill(options.freePages)
  const store = options.logs?.open({ isAlive, onDeath: database.die }) ?? null
  const platforms = await loadPlatforms(config.platforms, [])
  const create = () =>
    createApp({
      state: database.state,
      config,
      clock: life.clock,
      logger: silentLogger,
      adminKey: 'admin-key-of-the-world',
      vaultKey: Buffer.alloc(32, 7),
      version: 'world',
      isStateCurrent: options.isStateCurrent,
      tickIntervalMs: TICK_MS,
      ...(store ? { store } : {}),
      async reach() {
        if (!options.isOnline()) throw new Error('the internet is gone')
      },
      async probe({ target }) {
        const ok = options.isUp(target.split('/').at(-1)!)
        const message = ok ? 'status 200' : 'status 503'
        return { ok, message, durationMs: 20, address: '192.0.2.1', certificateEndsAt: null }
      },
      publicUrl: () => 'http://vakt.world',
      draw: async () => new Uint8Array([137, 80, 78, 71]),
      platforms: [
        ...platforms,
        ...chats.map(chat => () => ({
          name: chat.id,
          channels: [chat.channel({ clock: life.clock, isAlive })],
          status: () => ({ state: 'online' as const, since: 0 }),
          start() {},
          async stop() {},
        })),
      ],
    })
  const patience = async () => {
    for (let turn = 0; turn < PATIENCE; turn++) await settle()
  }
  let app: ReturnType<typeof create>
  try {
    app = create()
    app.start()
  } catch (error) {
    if (!isAlive() || !(error instanceof Problem)) throw error
    life.end()
    database.kill()
    return null
  }

  const answerOf = async <T>(call: () => Promise<T>): Promise<T | null> => {
    let answer: { value: T } | null = null
    call().then(
      value => {
        answer = { value }
      },
      () => {},
    )
    for (let turn = 0; turn < PATIENCE && !answer && isAlive(); turn++) await settle()
    return isAlive() && answer ? (answer as { value: T }).value : null
  }

  await settle()
  return {
    async wake() {
      try {
        app.scheduler.wake()
      } catch (error) {
        if (!database.isDead()) throw error
      }
      await settle()
    },
    state: database.state,
    store,
    database,
    isDead: () => database.isDead(),
    request: (path, init) =>
      answerOf(async () => {
        const environment = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
        const response = await app.intake.request(path, init, environment)
        return { status: response.status, text: await response.text() }
      }),
    command: line =>
      answerOf(async () => {
        const reply = await app.dispatcher.run({ line }, ann)
        return reply.ok
          ? { ok: true, result: reply.result, message: '' }
          : { ok: false, result: null, message: reply.problem.message }
      }),
    async stop() {
      const stopped = app.stop().catch(error => {
        if (!database.isDead()) throw error
      })
      await Promise.race([stopped, patience()])
      isStopped = true
      life.end()
      options.logs?.kill()
      return database.kill()
    },
    kill() {
      isStopped = true
      life.end()
      options.logs?.kill()
      return database.kill()
    },
  }
}
