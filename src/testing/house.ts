// The whole house on a fake clock with channels in memory, for stories in the words of the domain.
import type { Reply, Speaker } from '../chat/channel.ts'
import { readConfig } from '../config.ts'
import { openHouse } from '../house.ts'
import { type Log, silentLog } from '../log.ts'
import { memoryState, type State } from '../state/database.ts'
import { parseDuration } from '../time.ts'
import { createFakeClock, type FakeClock, settled } from './fake-clock.ts'
import { createMemoryChannel, type MemoryChannel } from './memory-channel.ts'

export type TestHouseOptions = {
  /** The instant the story begins, RFC 3339. */
  start?: string
  channels?: readonly string[]
  environment?: Record<string, string>
  log?: Log
  /** Goes on with what an earlier house left. */
  after?: { state: State; clock: FakeClock }
}

const ADMIN_KEY = 'admin-key-for-tests'

/** Opens and starts a house; every verb lets what it caused settle before it returns. */
export async function startHouse(options: TestHouseOptions = {}) {
  const clock = options.after?.clock ?? createFakeClock(Date.parse(options.start ?? '2026-03-02T09:00:00Z'))
  const state = options.after?.state ?? memoryState()
  const config = readConfig({ TZ: 'UTC', ...options.environment })
  const channels = (options.channels ?? ['discord']).map(id => createMemoryChannel(id, clock.now))
  const house = openHouse({
    state,
    config,
    clock,
    log: options.log ?? silentLog,
    adminKey: ADMIN_KEY,
    vaultKey: Buffer.alloc(32, 7),
    version: 'test',
    publicUrl: () => 'http://vakt.test',
    platforms: () => ({
      all: channels.map(channel => ({
        name: 'terminal' as const,
        channels: [channel],
        status: () => ({ state: 'online' as const, since: 0 }),
        start() {},
        async stop() {},
      })),
    }),
  })
  house.start()
  await settled()

  const ann: Speaker = { platform: 'discord', id: '1', name: 'Ann', admin: true, groups: [], interactive: false }

  return {
    ...house,
    clock,
    channels,
    channel: channels[0]!,
    /** Time passes: `25h`, `90s`. */
    async passes(duration: string) {
      await clock.advance(parseDuration(duration)!)
      await settled()
    },
    /** Somebody (Ann, an admin, unless said) types a command line. */
    async says(line: string, speaker: Partial<Speaker> = {}): Promise<Reply> {
      const reply = await house.desk.run({ line }, { ...ann, ...speaker })
      await settled()
      return reply
    },
    /** The same, for commands that must succeed: gives the machine-readable result. */
    async result<T = Record<string, never>>(line: string): Promise<T> {
      const reply = await this.says(line)
      if (!reply.ok) throw reply.problem
      return reply.result as T
    },
    /** A request to the intake, such as `/ping/…`. */
    async request(path: string, init?: RequestInit): Promise<Response> {
      const response = await house.intake.request(path, init)
      await settled()
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
    /** Vakt stops (or dies) and a new one opens the same state. */
    async restarts(awayFor: string, how: 'stopped' | 'killed' = 'stopped') {
      if (how === 'stopped') await house.stop()
      else house.scheduler.stop()
      clock.sleep(parseDuration(awayFor)!)
      return startHouse({ ...options, after: { state, clock } })
    },
  }
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

export type TestHouse = Awaited<ReturnType<typeof startHouse>>
export type { MemoryChannel }
