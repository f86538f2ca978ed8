// The running side of the hosts: their connections, and the collector that asks them how they are.
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { noEngine } from './containers/errors.ts'
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
   * What runs the containers of a host, asked for when it is not known yet; rejects when there is nothing. `insist` (true
   * unless said) tries a host even while it is backed off from.
   */
  engine(host: Host, insist?: boolean): Promise<{ engine: Engine; machine: Machine }>
  /** What live tails followed, for their export. */
  spools: TailSpools
  /** Whether Vakt itself can reach anything; while it cannot, no host is blamed. */
  online(): boolean
  start(): void
  stop(): void
}

export type HostRuntimeOptions = {
  state: State
  vault: Vault
  clock: Clock
  logger: Logger
  online(): boolean
  judge(host: Host, now: number): void
  /** Where Vakt keeps what is not needed after it stops. */
  folder: string
}

/** The fleet over the hosts of a state. Nothing runs before `start`. */
export function createHostRuntime(options: HostRuntimeOptions): HostRuntime {
  const { state } = options
  const connections = createHostConnections(state, options.vault, options.clock, options.logger)
  const collector = createCollector({ ...options, connections })
  const spools = createTailSpools(join(options.folder, 'tmp', 'tails'), options.clock)
  return {
    connections,
    collector,
    spools,
    online: options.online,
    async engine(host, insist = true) {
      if (host.engine === null || host.engine === 'none') await collector.look(host)
      const { engine } = readHost(state, host.id) ?? host
      if (engine === null || engine === 'none') throw noEngine(host)
      return { engine, machine: connections.machine(host, insist) }
    },
    start: () => collector.start(),
    stop() {
      collector.stop()
      connections.close()
      spools.close()
    },
  }
}
