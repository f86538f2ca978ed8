// Collects a snapshot of every host each 30 seconds, all at the same time, and stores and evaluates each in one transaction.
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'
import { isRunning } from '../containers/container.ts'
import { saveContainers } from '../containers/containers.ts'
import { engineProblem } from '../containers/errors.ts'
import type { Container, Host } from '../host.ts'
import { listHosts, readHost, recordSeen, recordUnreachable } from '../hosts.ts'
import { resetFailures } from '../remote-logs/remote-logs.ts'
import { notRunProblem } from '../script-answer.ts'
import type { HostConnections } from '../ssh/connection-pool.ts'
import { COLLECT_ARGV } from './collect-script.ts'
import { type CpuTicks, computeCpu, type HostSnapshot, parseHostSnapshot } from './host-snapshot.ts'
import { downsample, type Measurement, saveMeasurements } from './samples.ts'
import { runInShortTransactions } from './short-transactions.ts'

export const COLLECT_INTERVAL_MS = 30 * SECOND
/** Together with the time to connect, less than the interval. */
const COLLECT_TIMEOUT_MS = 20 * SECOND
/** Failures in a row before a host counts as down. */
export const FAILURES_UNTIL_DOWN = 3

export interface Collector {
  start(): void
  /** Collects from one host now, also while it is in back-off. Rejects with the `Problem` of the host. */
  collect(host: Host): Promise<HostSnapshot>
  stop(): void
}

export type CollectorOptions = {
  state: State
  connections: HostConnections
  clock: Clock
  logger: Logger
  /** Whether Vakt itself has connectivity; while it has none, no host counts as down. */
  isOnline(): boolean
  /** Evaluates the alerts of a host after a snapshot of it is stored, in the same transaction. */
  evaluate(host: Host, now: number): void
  /** Whether the clock is certain enough to delete old measurements (default: always). */
  mayDelete?(now: number): boolean
}

type CollectResult = { host: Host; result: HostSnapshot | Problem }

/** Creates the collector for the hosts of a state. */
export function createCollector({
  state,
  connections,
  clock,
  logger,
  isOnline,
  evaluate,
  mayDelete = () => true,
}: CollectorOptions): Collector {
  /** CPU ticks of the previous snapshot, by host id. */
  const previousTicks = new Map<number, CpuTicks>()
  let cancel = () => {}
  let running = false
  // Starts at a different number each time, so that downsampling reaches all series even with frequent restarts.
  let tickCount = Math.floor(clock.now() / COLLECT_INTERVAL_MS)

  const fetchSnapshot = async (host: Host, ignoreBackoff: boolean): Promise<HostSnapshot> => {
    const { stdout, stderr } = await connections
      .machine(host, { ignoreBackoff })
      .run(COLLECT_ARGV, { timeoutMs: COLLECT_TIMEOUT_MS })
    const snapshot = parseHostSnapshot(stdout)
    // Forced commands and groups count from the next connection on.
    if (!snapshot || /permission denied/i.test(snapshot.engineError ?? '')) connections.renew(host.id)
    if (snapshot) return snapshot
    throw notRunProblem(
      host,
      `${stdout}\n${stderr}`,
      "If Vakt's key has a forced command there, install the script of this version (examples/vakt-ssh).",
    )
  }

  const collectAll = async () => {
    const startedAt = clock.now()
    const hosts = listHosts(state).filter(host => host.enabled)
    if (hosts.length > 0 && isOnline()) {
      const results = await Promise.all(
        hosts.map(host =>
          fetchSnapshot(host, false).then(
            (result): CollectResult => ({ host, result }),
            (error): CollectResult => ({ host, result: toProblem(error) }),
          ),
        ),
      )
      // Vakt may have lost connectivity meanwhile; then failures say nothing about the hosts.
      const reliable = isOnline() ? results : results.filter(({ result }) => !(result instanceof Problem))
      await runInShortTransactions(state, listSteps(reliable, startedAt), () => running)
    }
    // The clock may have gone back meanwhile.
    const next = Math.min(startedAt, clock.now()) + COLLECT_INTERVAL_MS
    if (running) cancel = clock.at(Math.max(next, clock.now()), tick)
  }

  const tick = () => {
    const startedAt = clock.now()
    collectAll().catch(error => {
      logger.error('collecting from the hosts failed', { error })
      if (running) cancel = clock.at(startedAt + COLLECT_INTERVAL_MS, tick)
    })
  }

  function* listSteps(results: readonly CollectResult[], at: number) {
    for (const result of results) yield () => saveResult(result, at)
    yield* downsample(state, at, tickCount++, mayDelete(at))
  }

  const saveResult = ({ host: { id }, result }: CollectResult, at: number) => {
    state.transaction(() => {
      // The host may have been changed or removed meanwhile.
      const host = readHost(state, id)
      if (!host) return
      recordResult(host, result, at)
      evaluate(host, at)
    })
  }

  const recordResult = (host: Host, result: HostSnapshot | Problem, at: number) => {
    if (result instanceof Problem) {
      previousTicks.delete(host.id)
      recordUnreachable(state, host, result.message, host.failures + 1 >= FAILURES_UNTIL_DOWN, at)
      resetFailures(state, host.id)
      return
    }
    const engineError =
      result.engineError === null ? null : engineProblem(host, result.engine, result.engineError).message
    recordSeen(state, host, result.engine, engineError, result.timeZone, at)
    const containers = result.engineError === null ? saveContainers(state, host.id, result.containers, at) : []
    const cpu = computeCpu(previousTicks.get(host.id), result.ticks)
    saveMeasurements(state, host.id, listMeasurements(result, containers, cpu), at)
    if (result.ticks) previousTicks.set(host.id, result.ticks)
  }

  return {
    start() {
      running = true
      tick()
    },
    async collect(host) {
      const snapshot = await fetchSnapshot(host, true).catch(error => {
        throw toProblem(error)
      })
      saveResult({ host, result: snapshot }, clock.now())
      return snapshot
    },
    stop() {
      running = false
      cancel()
    },
  }
}

function listMeasurements(snapshot: HostSnapshot, containers: readonly Container[], cpu: number | null): Measurement[] {
  const usageByName = new Map(snapshot.usage.map(({ name, ...usage }) => [name, usage]))
  return [
    {
      kind: 'host',
      name: '',
      cpu,
      load: snapshot.load,
      ...(snapshot.memory ? { memory: snapshot.memory.used, memoryLimit: snapshot.memory.total } : {}),
    },
    // Space that is reserved for root counts as used, as in df.
    ...snapshot.disks.map(
      (disk): Measurement => ({ kind: 'disk', name: disk.mount, used: disk.used, size: disk.used + disk.available }),
    ),
    ...containers.map(
      (container): Measurement => ({
        kind: 'container',
        name: container.name,
        ...(isRunning(container) ? usageByName.get(container.name) : {}),
        restarts: container.restarts,
      }),
    ),
  ]
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal', `Collecting failed: ${errorMessage(error)}`, { cause: error })
}
