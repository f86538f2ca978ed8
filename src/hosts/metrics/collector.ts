// Asks every host how it is, each half minute, all at the same time, and stores and judges what each says in one transaction.

import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { SECOND } from '../../time.ts'
import { isRunning } from '../containers/container.ts'
import { storeLook } from '../containers/containers.ts'
import { engineFailure } from '../containers/errors.ts'
import type { Container, Host } from '../host.ts'
import { listHosts, noteSeen, noteUnreached, readHost } from '../hosts.ts'
import { forgetFailures } from '../remote-logs/remote-logs.ts'
import type { HostConnections } from '../ssh/connection-pool.ts'
import { COLLECT_WORDS } from './collect-script.ts'
import { type Collected, cpuBetween, parseCollected, type Ticks } from './collected.ts'
import { type Measured, storeMeasured, thinning } from './samples.ts'
import { inShortTransactions } from './short-transactions.ts'

/** How far apart the rounds begin, ms. */
export const ROUND = 30 * SECOND
/** With the time to connect, less than a round. */
const PATIENCE = 20 * SECOND
/** Rounds in a row that do not reach a host before it counts as down. */
export const ROUNDS_TO_DOWN = 3

export interface Collector {
  start(): void
  /** Asks one host now, also one that is backed off from. Rejects with the sentence why it could not be asked. */
  look(host: Host): Promise<Collected>
  stop(): void
}

export type CollectorOptions = {
  state: State
  connections: HostConnections
  clock: Clock
  logger: Logger
  /** Whether Vakt itself can reach anything; while it cannot, no host is blamed. */
  online(): boolean
  /** Called in the transaction that stores what was seen of a host, after it. */
  judge(host: Host, now: number): void
}

type Look = { host: Host; seen: Collected | Problem }

/** A collector over the hosts of a state. */
export function createCollector({ state, connections, clock, logger, online, judge }: CollectorOptions): Collector {
  /** Processor time when a host was last asked, for the time between. */
  const ticks = new Map<number, Ticks>()
  let cancel = () => {}
  let running = false
  // Begun anywhere, so that those who restart often get around too.
  let turns = Math.floor(clock.now() / ROUND)

  const ask = async (host: Host, insist: boolean): Promise<Collected> => {
    const { stdout } = await connections.machine(host, insist).run(COLLECT_WORDS, { timeoutMs: PATIENCE })
    const seen = parseCollected(stdout)
    if (seen) return seen
    throw new Problem(
      'conflict',
      `${host.name} ran something else than Vakt asked for. If a forced command is set for the key of Vakt there, install the one of this version (examples/vakt-ssh).`,
    )
  }

  const round = async () => {
    const began = clock.now()
    const hosts = listHosts(state).filter(host => host.enabled)
    if (hosts.length > 0 && online()) {
      const looks = await Promise.all(
        hosts.map(host =>
          ask(host, false).then(
            (seen): Look => ({ host, seen }),
            (error): Look => ({ host, seen: asProblem(error) }),
          ),
        ),
      )
      // The time it was offline after all is nobody's fault either.
      const fair = online() ? looks : looks.filter(look => !(look.seen instanceof Problem))
      await inShortTransactions(state, stepsOf(fair, began), () => running)
    }
    if (running) cancel = clock.at(Math.max(began + ROUND, clock.now()), turn)
  }

  const turn = () => {
    const began = clock.now()
    round().catch(error => {
      logger.error('a round of the collector failed', { error })
      if (running) cancel = clock.at(began + ROUND, turn)
    })
  }

  function* stepsOf(looks: readonly Look[], at: number) {
    for (const look of looks) yield () => store(look, at)
    yield* thinning(state, at, turns++)
  }

  const store = ({ host: { id }, seen }: Look, at: number) => {
    state.transaction(() => {
      // It may have been edited or removed meanwhile.
      const host = readHost(state, id)
      if (!host) return
      note(host, seen, at)
      judge(host, at)
    })
  }

  const note = (host: Host, seen: Collected | Problem, at: number) => {
    if (seen instanceof Problem) {
      ticks.delete(host.id)
      noteUnreached(state, host, seen.message, host.failures + 1 >= ROUNDS_TO_DOWN, at)
      forgetFailures(state, host.id)
      return
    }
    const engineError = seen.engineError === null ? null : engineFailure(host, seen.engine, seen.engineError).message
    noteSeen(state, host, seen.engine, engineError, at)
    const rows = seen.engineError === null ? storeLook(state, host.id, seen.containers, at) : []
    storeMeasured(state, host.id, measured(seen, rows, cpuBetween(ticks.get(host.id), seen.ticks)), at)
    if (seen.ticks) ticks.set(host.id, seen.ticks)
  }

  return {
    start() {
      running = true
      turn()
    },
    async look(host) {
      const seen = await ask(host, true).catch(error => {
        throw asProblem(error)
      })
      store({ host, seen }, clock.now())
      return seen
    },
    stop() {
      running = false
      cancel()
    },
  }
}

function measured(seen: Collected, rows: readonly Container[], cpu: number | null): Measured[] {
  const usage = new Map(seen.usage.map(({ name, ...figures }) => [name, figures]))
  return [
    {
      kind: 'host',
      name: '',
      cpu,
      load: seen.load,
      ...(seen.memory ? { memory: seen.memory.used, memoryLimit: seen.memory.total } : {}),
    },
    // What is kept for root alone counts as full, as df shows it.
    ...seen.disks.map(
      (disk): Measured => ({ kind: 'disk', name: disk.mount, used: disk.used, size: disk.used + disk.available }),
    ),
    ...rows.map(
      (row): Measured => ({
        kind: 'container',
        name: row.name,
        ...(isRunning(row) ? usage.get(row.name) : {}),
        restarts: row.restarts,
      }),
    ),
  ]
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal', `It could not be asked: ${(error as Error).message}`, { cause: error })
}
