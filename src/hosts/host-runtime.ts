// The running side of the hosts: their SSH connections, the metrics collector and the spools of live tails.
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { noEngineProblem } from './containers/errors.ts'
import { createTailSpools, type TailSpools } from './containers/tail-spool.ts'
import type { Engine, Host } from './host.ts'
import { readHost } from './hosts.ts'
import type { Machine } from './machine.ts'
import { type Collector, createCollector } from './metrics/collector.ts'
import { createHostConnections, type HostConnections } from './ssh/connection-pool.ts'

export type HostRuntime = {
  connections: HostConnections
  collector: Collector
  /**
   * The container engine of a host, detected first when it is not known yet, and the machine to use it on. Rejects with
   * `not_found` when the host has none. By default it also tries a host that is in back-off.
   */
  engine(host: Host, options?: { ignoreBackoff?: boolean }): Promise<{ engine: Engine; machine: Machine }>
  /** The recorded lines of live tails, for their export. */
  spools: TailSpools
  /** Whether Vakt itself has connectivity; while it has none, no host counts as down. */
  isOnline(): boolean
  start(): void
  stop(): void
}

export type HostRuntimeOptions = {
  state: State
  vault: Vault
  clock: Clock
  logger: Logger
  isOnline(): boolean
  /** Evaluates the alerts of a host after a snapshot of it is stored, in the same transaction. */
  evaluate(host: Host, now: number): void
  /** Whether the clock is certain enough to delete old measurements (default: always). */
  mayDelete?(now: number): boolean
  /** The data folder; temporary files go below it. */
  folder: string
}

/** Creates the runtime for the hosts of a state. Nothing runs before `start`. */
export function createHostRuntime(options: HostRuntimeOptions): HostRuntime {
  const { state } = options
  const connections = createHostConnections(state, options.vault, options.clock, options.logger)
  const collector = createCollector({ ...options, connections })
  const spools = createTailSpools(join(options.folder, 'tmp', 'tails'), options.clock)
  return {
    connections,
    collector,
    spools,
    isOnline: options.isOnline,
    async engine(host, { ignoreBackoff = true } = {}) {
      if (host.engine === null || host.engine === 'none') await collector.collect(host)
      const { engine } = readHost(state, host.id) ?? host
      if (engine === null || engine === 'none') throw noEngineProblem(host)
      return { engine, machine: connections.machine(host, { ignoreBackoff }) }
    },
    start: () => collector.start(),
    stop() {
      collector.stop()
      connections.close()
      spools.close()
    },
  }
}
