// Keeps the log store in order, once a minute: what is past its time goes, what is closed is archived, trouble is told.
import { setTimeout } from 'node:timers/promises'
import { listAlerts, readOpenAlert } from '../alerts/alerts.ts'
import { applyOutcomes, endAlert } from '../alerts/lifecycle.ts'
import { type Clock, createLeapGuard } from '../clock.ts'
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
  archiver: Archiver | null
  names: NameCache | null
  config: Config
  /** Where the store's files are, for people. */
  folder: string
  clock: Clock
  logger: Logger
}

/** The card of a drop is over when none followed for so long. */
const CALM = DAY
const STOP_MS = 1_000
/** Soon after the start, which it does not slow down. */
const FIRST_TURN = 5 * SECOND

/** The keeping of a store; nothing runs before `start`. */
export function createLogMaintenance({
  state,
  store,
  archiver,
  names,
  config,
  folder,
  clock,
  logger,
}: LogMaintenanceOptions) {
  let cancel = () => {}
  let turning: Promise<void> = Promise.resolve()
  let nextOutlived = 0
  let told: Set<string> | null = null
  const isTrusted = createLeapGuard()

  const arm = (inMs: number) => {
    cancel = clock.at(clock.now() + inMs, () => {
      turning = turn()
        .catch(error => logger.error('the log store could not be maintained', { error }))
        .finally(() => arm(MINUTE))
    })
  }

  const turn = async () => {
    const now = clock.now()
    if (!isTrusted(now)) return
    const maintained = await store.maintain(now, archiver?.status())
    for (const { reason, message } of maintained.removed) logger[reason === 'budget' ? 'warn' : 'info'](message)
    tell(maintained, now)
    // It may take long and is told of by `failing`; the next turn does not wait for it.
    if (maintained.status) archiver?.run(true).catch(() => {})
    await names?.refresh()
    if (now < nextOutlived) return
    nextOutlived = now + HOUR
    for (const project of listProjects(state)) {
      for (const query of expiredLines(retentionOf(project, config.retentionMs), now)) await store.purge(query)
    }
  }

  const tell = ({ removed, status }: MaintenanceResult, now: number) => {
    if (!status) return
    told ??= new Set(
      listAlerts(state, { open: true, limit: -1 })
        .filter(alert => alert.detector === 'log-store')
        .map(alert => alert.key),
    )
    const outcomes = detectLogStore(
      { removed, status, folder, archive: archiveSeen(archiver), isArchived: name => hasArchive(state, name) },
      told,
      now,
    )
    const fresh = outcomes.filter(outcome => outcome.kind === 'resolved' || !isSettled(outcome.finding))
    applyOutcomes(state, fresh, now)
    for (const outcome of fresh) {
      if (outcome.kind === 'firing') told.add(outcome.finding.key)
      else told.delete(outcome.key)
    }
    const drop = readOpenAlert(state, BUDGET_KEY)
    if (drop && now - drop.seenAt > CALM) endAlert(state, BUDGET_KEY, null, now)
  }

  /** Whether a person has resolved the very same trouble: it is not told again while it goes on. */
  const isSettled = ({ key, since }: Finding): boolean => {
    const [last] = listAlerts(state, { key, limit: 1 })
    if (!last?.resolvedAt || last.resolvedBy === null) return false
    return key.startsWith(DAMAGED_KEY) || last.resolvedAt >= since
  }

  return {
    start: () => arm(FIRST_TURN),
    /** Resolves when nothing is under way any more, or when that takes too long; what is cut short is done again. */
    async stop() {
      cancel()
      await archiver?.close()
      await Promise.race([turning, setTimeout(STOP_MS, null, { ref: false })])
      cancel()
    },
  }
}

function archiveSeen(archiver: Archiver | null): LogStoreFacts['archive'] {
  if (!archiver) return null
  const failing = archiver.failing()
  if (!failing) return { place: archiver.place, failing }
  const { since, problem } = failing
  return { place: archiver.place, failing: { since, message: problem.message, isPermanent: problem.code !== 'busy' } }
}
