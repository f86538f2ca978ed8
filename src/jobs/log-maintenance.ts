// Maintains the log store once a minute: drops expired lines, archives closed partitions, alerts on failures.
import { setTimeout } from 'node:timers/promises'
import { listAlerts, readOpenAlert } from '../alerts/alerts.ts'
import { applyResults, endAlert } from '../alerts/lifecycle.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Finding } from '../detectors/finding.ts'
import { BUDGET_KEY, DAMAGED_KEY, detectLogStore, type LogStoreFacts } from '../detectors/logs/log-store.ts'
import type { Logger } from '../logger.ts'
import type { Archiver } from '../logs/archive/archiver.ts'
import { hasArchive } from '../logs/archives.ts'
import type { NameCache } from '../logs/name-cache.ts'
import { expiredLines } from '../logs/retention.ts'
import type { LogStore, MaintenanceResult } from '../logs/store.ts'
import { listProjects, retentionOf } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'

export type LogMaintenanceOptions = {
  state: State
  store: LogStore
  /** Deletes the lines of projects that were removed. */
  purgeRemoved(): Promise<number>
  archiver: Archiver | null
  names: NameCache | null
  config: Config
  /** Where the store's files are, for people. */
  folder: string
  clock: Clock
  logger: Logger
  /** Whether the clock is certain enough to drop lines; see `createLeapGuard`. */
  mayDelete(now: number): boolean
}

/** The alert of dropped lines is resolved after this time without another drop. */
const RESOLVE_AFTER_MS = DAY
const STOP_TIMEOUT_MS = 1_000
/** Soon after the start, without slowing it down. */
const FIRST_TICK_MS = 5 * SECOND

/** The maintenance of a store. Nothing runs before `start`. */
export function createLogMaintenance({
  state,
  store,
  purgeRemoved,
  archiver,
  names,
  config,
  folder,
  clock,
  logger,
  mayDelete,
}: LogMaintenanceOptions) {
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  let nextPurgeAt = 0
  let openKeys: Set<string> | null = null

  const arm = (inMs: number) => {
    cancel = clock.at(clock.now() + inMs, () => {
      running = tick()
        .then(() => {})
        .catch(error => logger.error('log maintenance failed; retrying in a minute', { error }))
        .finally(() => arm(MINUTE))
    })
  }

  const tick = async (): Promise<MaintenanceResult | null> => {
    const now = clock.now()
    if (!mayDelete(now)) return null
    const maintained = await store.maintain(now, archiver?.status())
    for (const { reason, message } of maintained.removed) logger[reason === 'budget' ? 'warn' : 'info'](message)
    updateAlerts(maintained, now)
    // It may take long, and `failing` reports its failures; the next tick does not wait for it.
    if (maintained.status) archiver?.run(true).catch(() => {})
    await names?.refresh()
    if (now < nextPurgeAt) return maintained
    // Deleting single lines costs an engine much more than files of our own.
    nextPurgeAt = now + (maintained.status?.engine ? DAY : HOUR)
    await purgeRemoved()
    for (const project of listProjects(state)) {
      for (const query of expiredLines(retentionOf(project, config.retentionMs), now)) await store.purge(query)
    }
    return maintained
  }

  const updateAlerts = ({ removed, status }: MaintenanceResult, now: number) => {
    if (!status) return
    openKeys ??= new Set(
      listAlerts(state, { open: true, limit: -1 })
        .filter(alert => alert.detector === 'log-store')
        .map(alert => alert.key),
    )
    const outcomes = detectLogStore(
      { removed, status, folder, archive: archiveFacts(archiver), isArchived: name => hasArchive(state, name) },
      openKeys,
      now,
    )
    const fresh = outcomes.filter(outcome => outcome.kind === 'resolved' || !isDismissed(outcome.finding))
    applyResults(state, fresh, now)
    for (const outcome of fresh) {
      if (outcome.kind === 'firing') openKeys.add(outcome.finding.key)
      else openKeys.delete(outcome.key)
    }
    const drop = readOpenAlert(state, BUDGET_KEY)
    if (drop && now - drop.seenAt > RESOLVE_AFTER_MS) endAlert(state, BUDGET_KEY, null, now)
  }

  /** Whether a person has resolved this very alert: it does not fire again while the cause lasts. */
  const isDismissed = ({ key, since }: Finding): boolean => {
    const [last] = listAlerts(state, { key, limit: 1 })
    if (!last?.resolvedAt || last.resolvedBy === null) return false
    return key.startsWith(DAMAGED_KEY) || last.resolvedAt >= since
  }

  return {
    start: () => arm(FIRST_TICK_MS),
    /**
     * Does everything now: seals what has arrived, drops and purges what is past its retention. Null while the clock is not
     * to be trusted, when nothing is deleted.
     */
    async runNow(): Promise<MaintenanceResult | null> {
      await running
      await store.seal?.()
      nextPurgeAt = 0
      return tick()
    },
    /** Resolves when the running tick is done, or after a timeout; what is cut short is done again. */
    async stop() {
      cancel()
      await archiver?.close()
      await Promise.race([running, setTimeout(STOP_TIMEOUT_MS, null, { ref: false })])
      cancel()
    },
  }
}

function archiveFacts(archiver: Archiver | null): LogStoreFacts['archive'] {
  if (!archiver) return null
  const failing = archiver.failing()
  if (!failing) return { place: archiver.place, failing }
  const { since, problem } = failing
  return { place: archiver.place, failing: { since, message: problem.message, isPermanent: problem.code !== 'busy' } }
}
