// Plays a scenario to a real server from beginning to end: prepares it, sends, leaves its checks at rest, and judges what was found.
import { randomUUID } from 'node:crypto'
import { systemClock } from '../clock.ts'
import { MINUTE, SECOND } from '../time.ts'
import { type Client, createClient } from './client.ts'
import { play } from './play.ts'
import { pause, playTo, type Told } from './player.ts'
import type { ReadScenario } from './read-scenario.ts'
import { prepare } from './stage.ts'
import { compare, expectations, type OpenedAlert, type Verdict } from './truth.ts'

export type PerformOptions = {
  speed: number
  project: string
  seed: string
  signal: AbortSignal
  /** The traffic does not begin before this instant, epoch ms. */
  notBefore?: number
}

/** Whom the performance tells; times are ms since its beginning. */
export type Audience = { begins?(): void; tell(told: Told, at: number): void; tick?(at: number): void }

export type Performance = {
  /** How long it took, ms. */
  lasted: number
  /** Removes the checks. */
  clear(): Promise<void>
  /** Waits until every alert must have come, a minute at the most, and compares them with what went wrong. */
  verdict(): Promise<Verdict>
}

/** How often the server is asked for its alerts. */
const LOOK_EVERY = SECOND

/** Plays a scenario and pauses its checks at its end, however it ends. Throws what the server refuses for good. */
export async function perform(
  { scenario, tables }: ReadScenario,
  server: { url: string; key: string },
  { speed, project, seed, signal, notBefore = 0 }: PerformOptions,
  audience: Audience,
): Promise<Performance> {
  const clock = systemClock
  const client = createClient(server.url, server.key)
  const stage = await prepare(client, scenario, project, speed, randomUUID())
  await pause(clock, notBefore, signal)
  const begin = clock.now()
  const since = () => clock.now() - begin
  audience.begins?.()
  const ticking = setInterval(() => audience.tick?.(since()), SECOND)
  try {
    const steps = play(scenario, { seed, speed, begin, tables })
    const tell = (told: Told) => audience.tell(told, since())
    await playTo(stage.target, steps, { clock, speed, begin, signal, tell })
    await pause(clock, begin + scenario.duration / speed, signal)
  } finally {
    clearInterval(ticking)
    await stage.rest()
  }
  const lasted = since()

  return {
    lasted,
    clear: stage.clear,
    async verdict() {
      const expected = expectations(scenario, begin, speed)
      const until = Math.min(clock.now() + MINUTE, Math.max(0, ...expected.map(one => one.until)))
      for (;;) {
        const verdict = compare(expected, await openedSince(client, begin))
        if (verdict.missed.length === 0 || clock.now() >= until || signal.aborted) return verdict
        await pause(clock, clock.now() + LOOK_EVERY, signal)
      }
    },
  }
}

/** Every alert that was opened since an instant, newest first. */
async function openedSince(client: Client, begin: number): Promise<OpenedAlert[]> {
  const found: OpenedAlert[] = []
  for (let before: string[] = []; ; before = ['--before', String(found.at(-1)!.id)]) {
    const words = ['alerts', 'history', '--limit', '100', ...before]
    const { alerts } = await client.command<{ alerts: OpenedAlert[] }>(words)
    const since = alerts.filter(alert => Date.parse(alert.fired_at) >= begin)
    found.push(...since)
    if (since.length < 100) return found
  }
}
