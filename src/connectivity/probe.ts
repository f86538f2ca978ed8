// Probes the connectivity targets in rounds and reports each change between online, degraded and offline.
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { isoTime, SECOND } from '../time.ts'
import { afterRound, type Connectivity, initialConnectivity } from './connectivity.ts'
import { PingUnavailable, ping } from './ping.ts'
import type { Target } from './targets.ts'

const PROBE_INTERVAL_MS = 15 * SECOND
/** The interval after a failed round, ms. */
const RETRY_INTERVAL_MS = 3 * SECOND
const TIMEOUT_MS = 5 * SECOND

export interface Prober {
  /** Probes from now on; `onChange` is called with every change between online, degraded and offline. */
  start(onChange: () => void): void
  stop(): void
  current(): Connectivity
  /** Resolves when a round that began at `since` (epoch ms) or later has ended; begins one if need be. At once without targets. */
  confirm(since: number): Promise<void>
}

/** A prober of `targets`; without targets Vakt counts as online. */
export function createProber(
  targets: readonly Target[],
  clock: Clock,
  logger: Logger,
  probe: (target: Target) => Promise<void> = probeTarget,
): Prober {
  let connectivity = initialConnectivity(clock.now())
  let cancel = () => {}
  let changed = () => {}
  let stopped = false
  let lastRoundAt = Number.NEGATIVE_INFINITY
  /** The round under way, with its start. */
  let current: { at: number; ended: Promise<void> } | null = null

  const warned = new Set<string>()
  const warnOnce = (message: string) => {
    if (!warned.has(message))
      logger.warn('connectivity target cannot be probed and does not count', { reason: message })
    warned.add(message)
  }

  const round = () => {
    cancel()
    const at = clock.now()
    const ended = runRound(at).finally(() => {
      lastRoundAt = at
      if (current?.ended === ended) current = null
    })
    current = { at, ended }
  }

  const runRound = async (at: number) => {
    const answers = await Promise.allSettled(targets.map(probe))
    if (stopped) return
    const before = connectivity
    // A target that this machine cannot probe does not count.
    const unavailable = answers.flatMap(answer =>
      answer.status === 'rejected' && answer.reason instanceof PingUnavailable ? [answer.reason] : [],
    )
    for (const { message } of unavailable) warnOnce(message)
    const answered = answers.filter(answer => answer.status === 'fulfilled').length
    const total = answers.length - unavailable.length
    connectivity = total === 0 ? initialConnectivity(at) : afterRound(before, { at, answered, total })
    cancel = clock.at(clock.now() + (connectivity.failedRounds > 0 ? RETRY_INTERVAL_MS : PROBE_INTERVAL_MS), round)
    if (connectivity.state === before.state) return
    if ((connectivity.state === 'offline') === (before.state === 'offline')) return changed()
    logger.warn(
      connectivity.state === 'offline' ? 'offline: most connectivity targets do not answer' : 'online again',
      { since: isoTime(connectivity.since) },
    )
    changed()
  }

  return {
    start(onChange) {
      changed = onChange
      if (targets.length > 0) cancel = clock.at(clock.now(), round)
    },
    stop() {
      stopped = true
      cancel()
    },
    current: () => connectivity,
    async confirm(since) {
      if (targets.length === 0 || stopped) return
      while (lastRoundAt < since && !stopped) {
        if (!current) round()
        await current!.ended
      }
    },
  }
}

/** Rejects when the target does not answer within 5 s. An HTTP response of any status is an answer. */
export async function probeTarget(target: Target): Promise<void> {
  if (target.kind === 'tcp') return probeTcp(target.host, target.port)
  if (target.kind === 'http') {
    const answer = await fetch(target.url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return answer.body?.cancel()
  }
  if (target.kind === 'icmp') return void (await ping(target.host, TIMEOUT_MS / SECOND))
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 })
  if (target.server !== null) resolver.setServers([target.server])
  await resolver.resolve(target.name)
}

function probeTcp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (finish: () => void) => () => {
      socket.destroy()
      finish()
    }
    socket.once('connect', end(resolve))
    socket.once(
      'timeout',
      end(() => reject(new Error(`${host}:${port} did not answer`))),
    )
    socket.once('error', error => end(() => reject(error))())
  })
}
