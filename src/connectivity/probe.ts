// Probes the targets in rounds and tells when Vakt is offline.
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { SECOND } from '../time.ts'
import { afterRound, type Connectivity, startedOnline } from './connectivity.ts'
import { ping, Untriable } from './ping.ts'
import type { Target } from './targets.ts'

const PROBE_INTERVAL_MS = 15 * SECOND
/** The interval after a failed round, ms. */
const RETRY_INTERVAL_MS = 3 * SECOND
const TIMEOUT_MS = 5 * SECOND

export interface Prober {
  /** Probes from now on; `onChange` is called with every change between online, degraded and offline. */
  start(onChange: () => void): void
  stop(): void
  now(): Connectivity
}

/** A prober of `targets`; without targets Vakt counts as online. */
export function createProber(
  targets: readonly Target[],
  clock: Clock,
  logger: Logger,
  reach: (target: Target) => Promise<void> = tryTarget,
): Prober {
  let connectivity = startedOnline(clock.now())
  let cancel = () => {}
  let changed = () => {}
  let stopped = false

  const warned = new Set<string>()
  const warnOnce = (message: string) => {
    if (!warned.has(message))
      logger.warn('a connectivity target cannot be tried and does not count', { reason: message })
    warned.add(message)
  }

  const round = async () => {
    const at = clock.now()
    const answers = await Promise.allSettled(targets.map(reach))
    if (stopped) return
    const before = connectivity
    // What cannot be tried on this machine has no voice.
    const mute = answers.flatMap(one =>
      one.status === 'rejected' && one.reason instanceof Untriable ? [one.reason] : [],
    )
    for (const { message } of mute) warnOnce(message)
    const answered = answers.filter(one => one.status === 'fulfilled').length
    const of = answers.length - mute.length
    connectivity = of === 0 ? startedOnline(at) : afterRound(before, { at, answered, of })
    cancel = clock.at(clock.now() + (connectivity.failing > 0 ? RETRY_INTERVAL_MS : PROBE_INTERVAL_MS), round)
    if (connectivity.state === before.state) return
    if ((connectivity.state === 'offline') === (before.state === 'offline')) return changed()
    logger.warn(
      connectivity.state === 'offline'
        ? 'Vakt is offline: most connectivity targets do not answer'
        : 'Vakt is online again',
      {
        since: new Date(connectivity.since).toISOString(),
      },
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
    now: () => connectivity,
  }
}

/** Rejects when the target does not answer within five seconds. An HTTP answer of any status counts: somebody is there. */
export async function tryTarget(target: Target): Promise<void> {
  if (target.kind === 'tcp') return tryTcp(target.host, target.port)
  if (target.kind === 'http') {
    const answer = await fetch(target.url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return answer.body?.cancel()
  }
  if (target.kind === 'icmp') return ping(target.host, TIMEOUT_MS / SECOND)
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 })
  if (target.server !== null) resolver.setServers([target.server])
  await resolver.resolve(target.name)
}

function tryTcp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (settle: () => void) => () => {
      socket.destroy()
      settle()
    }
    socket.once('connect', end(resolve))
    socket.once(
      'timeout',
      end(() => reject(new Error(`${host}:${port} did not answer`))),
    )
    socket.once('error', error => end(() => reject(error))())
  })
}
