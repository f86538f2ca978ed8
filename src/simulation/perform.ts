// Plays a scenario to a real server: prepares it, sends the traffic, pauses its checks, and compares the alerts with the faults.
import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../clock.ts'
import { MINUTE, SECOND } from '../time.ts'
import { type Client, createClient, type Fetch } from './client.ts'
import { play } from './play.ts'
import { type PlayerEvent, pause, playTo } from './player.ts'
import type { ReadScenario } from './read-scenario.ts'
import { prepare } from './stage.ts'
import { compare, expectations, type OpenedAlert, type Verdict } from './truth.ts'

export type PerformOptions = {
  speed: number
  project: string
  seed: string
  signal: AbortSignal
  /** The traffic starts at this instant at the earliest, epoch ms. */
  notBefore?: number
  clock?: Clock
  /** An outage also takes away Vakt's own connection. */
  isCutOff?: boolean
}

/** Gets the events of a performance; times are ms since its start. */
export type PerformanceListener = {
  onStart?(): void
  onEvent(told: PlayerEvent, at: number): void
  onTick?(at: number): void
}

export type Performance = {
  durationMs: number
  /** Removes the checks. */
  removeChecks(): Promise<void>
  /** Waits until every alert is due, at most a minute, and compares the alerts with the faults. */
  verdict(): Promise<Verdict>
}

/** How often the alerts are read from the server. */
const POLL_INTERVAL_MS = SECOND

/** Plays a scenario and always pauses its checks at the end. Throws the server's permanent refusals. */
export async function perform(
  { scenario, tables, modules = {} }: ReadScenario,
  server: { url: string; key: string; fetch?: Fetch },
  { speed, project, seed, signal, notBefore = 0, clock = systemClock, isCutOff = false }: PerformOptions,
  listener: PerformanceListener,
): Promise<Performance> {
  const client = createClient(server.url, server.key, server.fetch)
  const stage = await prepare(client, scenario, project, speed, randomUUID())
  await pause(clock, notBefore, signal)
  const begin = clock.now()
  const since = () => clock.now() - begin
  listener.onStart?.()
  const ticking = setInterval(() => listener.onTick?.(since()), SECOND)
  try {
    const steps = play(scenario, { seed, speed, begin, tables, modules })
    const onEvent = (told: PlayerEvent) => listener.onEvent(told, since())
    await playTo(stage.target, steps, { clock, speed, begin, signal, onEvent })
    await pause(clock, begin + scenario.duration / speed, signal)
  } finally {
    clearInterval(ticking)
    await stage.pauseChecks()
  }
  const durationMs = since()

  return {
    durationMs,
    removeChecks: stage.removeChecks,
    async verdict() {
      const expected = expectations(scenario, begin, speed, isCutOff)
      const until = Math.min(clock.now() + MINUTE, Math.max(0, ...expected.map(({ until }) => until)))
      for (;;) {
        const verdict = compare(expected, await openedSince(client, begin, project))
        if (verdict.missed.length === 0 || clock.now() >= until || signal.aborted) return verdict
        await pause(clock, clock.now() + POLL_INTERVAL_MS, signal)
      }
    },
  }
}

/** Every alert of a project, or of none, that fired since an instant, newest first. */
async function openedSince(client: Client, begin: number, project: string): Promise<OpenedAlert[]> {
  const found: OpenedAlert[] = []
  for (let before: string[] = []; ; before = ['--before', String(found.at(-1)!.id)]) {
    const words = ['alerts', 'history', '--limit', '100', ...before]
    const { alerts } = await client.command<{ alerts: OpenedAlert[] }>(words)
    const since = alerts.filter(alert => Date.parse(alert.fired_at) >= begin)
    found.push(...since)
    if (since.length < 100) return found.filter(alert => (alert.project ?? project) === project)
  }
}
