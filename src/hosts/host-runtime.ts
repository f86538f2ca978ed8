// The running side of the hosts: their connections, and the collector that asks them how they are.
import { join } from 'node:path'
import type { Log } from '../logger.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import type { Clock } from '../time.ts'
import { noEngine } from './containers/errors.ts'
import { createSpools, type Spools } from './containers/tail-spool.ts'
import type { Engine, Host } from './host.ts'
import { readHost } from './hosts.ts'
import type { Machine } from './machine.ts'
import { type Collector, createCollector } from './metrics/collector.ts'
import { type Connections, createConnections } from './ssh/connection-pool.ts'

export type Fleet = {
  connections: Connections
  collector: Collector
  /**
   * What runs the containers of a host, asked for when it is not known yet; rejects when there is nothing. `insist` (true
   * unless said) tries a host even while it is backed off from.
   */
  engine(host: Host, insist?: boolean): Promise<{ engine: Engine; machine: Machine }>
  /** What live tails followed, for their export. */
  spools: Spools
  /** Whether Vakt itself can reach anything; while it cannot, no host is blamed. */
  online(): boolean
  start(): void
  stop(): void
}

export type FleetOptions = {
  state: State
  vault: Vault
  clock: Clock
  log: Log
  online(): boolean
  judge(host: Host, now: number): void
  /** Where Vakt keeps what is not needed after it stops. */
  folder: string
}

/** The fleet over the hosts of a state. Nothing runs before `start`. */
export function createFleet(options: FleetOptions): Fleet {
  const { state } = options
  const connections = createConnections(state, options.vault, options.clock, options.log)
  const collector = createCollector({ ...options, connections })
  const spools = createSpools(join(options.folder, 'tmp', 'tails'), options.clock)
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
