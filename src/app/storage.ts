// Builds what the rest of the app stands on.
import { join } from 'node:path'
import { createRuleKinds } from '../detectors/rules/rule-kind.ts'
import { RULE_KINDS } from '../detectors/rules/rule-kinds.ts'
import { addFirstRules } from '../detectors/rules/rules.ts'
import { createForwardLoop } from '../forwards/forward-loop.ts'
import { createDeletionGuard } from '../jobs/deletion-guard.ts'
import { createLogMaintenance } from '../jobs/log-maintenance.ts'
import { createLogWriter } from '../jobs/log-writer.ts'
import { purgeRemovedProjects, withProjectNames } from '../jobs/project-names.ts'
import { openArchiver } from '../logs/archive/open-archiver.ts'
import { createNameCache } from '../logs/name-cache.ts'
import { readBy } from '../logs/store.ts'
import { instanceFor } from '../notifications/delivery/restored-state.ts'
import { addProject, FIRST_PROJECT, readProject } from '../projects/projects.ts'
import { createRates } from '../projects/rates.ts'
import { createVault } from '../projects/vault.ts'
import { createGroupCommit } from '../state/group-commit.ts'
import { StorageHealth } from '../state/storage-health.ts'
import { createTelemetry } from '../telemetry.ts'
import { SECOND } from '../time.ts'
import type { AppOptions } from './app-options.ts'

/** What the rest stands on: commits, the log store with detection, limits, the first project and its rules. */
export function buildStorage({ state, config, clock, logger, vaultKey, ...options }: AppOptions) {
  const rawStore = options.store ?? null
  const store = rawStore && withProjectNames(rawStore, state)
  const purgeRemoved = async () => (rawStore ? purgeRemovedProjects(rawStore, state, clock.now()) : 0)
  const startedAt = clock.now()
  const instance = instanceFor(state, options.isStateCurrent)
  const ruleKinds = createRuleKinds(options.ruleKinds ?? RULE_KINDS)
  if (!readProject(state, FIRST_PROJECT)) addProject(state, FIRST_PROJECT, startedAt)
  addFirstRules(state, ruleKinds, startedAt)

  const commit = createGroupCommit(state, ms => telemetry.commits.record(ms / SECOND))
  const telemetry = createTelemetry()
  const storage = new StorageHealth(state)
  const mayDelete = createDeletionGuard(state, startedAt, logger)
  const vault = createVault(vaultKey)
  const feed = store && readBy(store, 'forwards')
  const { timeZone } = config
  const forwards = createForwardLoop({ state, vault, feed, clock, logger, timeZone, publicUrl: options.publicUrl })
  const writing = { state, ruleKinds, commit, logger, telemetry, storage, clock, onStored: forwards.onLines }
  const logWriter = store && createLogWriter({ ...writing, store })
  const names = store && createNameCache(store, logger)
  const folder = join(config.dataDir, 'logs')
  const archiver =
    store && openArchiver(config.logs.archive, { state, store, folder: join(folder, 'archiving'), clock, logger })
  const maintenance =
    store &&
    createLogMaintenance({ state, store, purgeRemoved, archiver, names, config, folder, clock, logger, mayDelete })
  return {
    startedAt,
    instance,
    ruleKinds,
    commit,
    store,
    purgeRemoved,
    logWriter,
    names,
    archiver,
    maintenance,
    rates: createRates(state, clock),
    vault,
    forwards,
    telemetry,
    storage,
    mayDelete,
  }
}
