// The log writer that everybody uses: what it stores is counted and evaluated, and what storage refuses is recorded.
import type { Clock } from '../clock.ts'
import type { RuleKinds } from '../detectors/rules/rule-kind.ts'
import type { Logger } from '../logger.ts'
import type { LogStore, LogWriter } from '../logs/store.ts'
import type { State } from '../state/database.ts'
import type { GroupCommit } from '../state/group-commit.ts'
import type { StorageHealth } from '../state/storage-health.ts'
import type { Telemetry } from '../telemetry.ts'
import { SECOND } from '../time.ts'
import { withStorageHealth } from './line-storage.ts'
import { withLineCounts } from './line-telemetry.ts'
import { withDetection } from './log-detection.ts'

export type LogWriterOptions = {
  store: LogStore
  state: State
  ruleKinds: RuleKinds
  commit: GroupCommit
  clock: Clock
  logger: Logger
  telemetry: Telemetry
  storage: StorageHealth
  /** Called when lines are on disk. */
  onStored?(): void
}

/** A writer to `store`. */
export function createLogWriter(options: LogWriterOptions): LogWriter {
  const { store, state, ruleKinds, commit, clock, logger, telemetry, storage, onStored } = options
  const detecting = withDetection(store, state, ruleKinds, commit, logger)
  const writer = withStorageHealth(withLineCounts(detecting, telemetry), storage, clock)
  return {
    async append(batch) {
      const begun = performance.now()
      const result = await writer.append(batch)
      telemetry.appends.record((performance.now() - begun) / SECOND)
      onStored?.()
      return result
    },
  }
}
