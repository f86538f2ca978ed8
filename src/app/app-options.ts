// What an app is built from; main and the tests give different clocks, platforms and ways to the network.
import type { TimeChart } from '../charts/time-chart.ts'
import type { PlatformDefinition, PlatformFactory } from '../chat/platform-definition.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Target } from '../connectivity/targets.ts'
import type { ReplicationHealth } from '../detectors/failing-replication.ts'
import type { RuleKind } from '../detectors/rules/rule-kind.ts'
import type { Protocol } from '../intake/protocols/protocol.ts'
import type { CheckProberOptions } from '../jobs/probes/check-prober.ts'
import type { Logger } from '../logger.ts'
import type { LazyStore } from '../logs/lazy-store.ts'
import type { LogStore } from '../logs/store.ts'
import type { State } from '../state/database.ts'

export type AppOptions = {
  state: State
  config: Config
  clock: Clock
  logger: Logger
  adminKey: string
  vaultKey: Buffer
  /** Whether the state is what Vakt left; otherwise it may be older than the cards in the chats (default: false). */
  isStateCurrent?: boolean
  /** The name of the Vakt from which this one took over its state (default: the state is its own). */
  takenOverFrom?: string | null
  /** How the program is that copies the state to a stand-by; null without one (default). */
  replication?: () => ReplicationHealth | null
  version: string
  /** Where clients reach the intake; known only once the port is. */
  publicUrl: () => string
  /** Where log lines live; without one there are no log routes and no log commands. */
  store?: LogStore & Partial<Pick<LazyStore, 'isOpen'>>
  /** How other programs send log lines and alerts; only tests change it. */
  protocols?: readonly Protocol[]
  /** How a connectivity target is probed; only tests change it. */
  reach?: (target: Target) => Promise<void>
  /** How the target of a check is asked; only tests change it. */
  probe?: CheckProberOptions['ask']
  /** The kinds of detection rules; only tests change them. */
  ruleKinds?: readonly RuleKind[]
  /** How charts are drawn; only tests change it. */
  draw?: (chart: TimeChart) => Promise<Uint8Array>
  /** The longest time between two ticks of the scheduler, ms; only tests change it. */
  tickIntervalMs?: number
  /** What makes the platforms that are configured. */
  platforms: readonly PlatformFactory[]
  /** The platforms that commands know, configured or not; only tests change them. */
  definitions?: readonly PlatformDefinition[]
}
