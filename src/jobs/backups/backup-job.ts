// Makes the backups that BACKUP_TO asks for, one after the other in a worker, and notifies people while they fail.
import { Worker } from 'node:worker_threads'
import { applyResults } from '../../alerts/lifecycle.ts'
import type { Clock } from '../../clock.ts'
import { type Config, readEnvironment } from '../../config/config.ts'
import type { Environment } from '../../config/setting.ts'
import { detectFailingBackup } from '../../detectors/failing-backup.ts'
import type { Logger } from '../../logger.ts'
import { type BackupRecord, readBackupRecord, writeBackupRecord } from '../../operations/backup/backup-record.ts'
import type { BackupAnswer, BackupOrder } from '../../operations/backup/backup-worker.ts'
import type { State } from '../../state/database.ts'
import { errorMessage } from '../../text.ts'
import { formatDuration, HOUR, MINUTE } from '../../time.ts'

const RETRY_MS = 15 * MINUTE
/** The first backup of a new place comes soon, but not into the start. */
const FIRST_DELAY_MS = MINUTE
/** A backup that takes longer than this, and than its interval, counts as failed: a network file system may never answer. */
const MIN_LIMIT_MS = 6 * HOUR

export type BackupJobOptions = {
  state: State
  clock: Clock
  logger: Logger
  config: Config
  version: string
  environment?: Environment
  /** Makes a backup (default: in a worker thread). */
  make?(order: BackupOrder): Promise<BackupAnswer>
}

/** The job; null when no backups are scheduled. Nothing runs before `start`. */
export function createBackupJob(options: BackupJobOptions) {
  const { state, clock, logger, config, version, environment = readEnvironment() } = options
  const { to, everyMs, keep, passphrase } = config.backup
  if (to === null) return null
  const running = new Set<Worker>()
  const make = options.make ?? (order => makeInWorker(order, running))
  let cancel = () => {}
  let isStopped = false
  /** Since when another backup of the folder is under way. */
  let blockedSince: number | null = null
  const limitMs = Math.max(everyMs, MIN_LIMIT_MS)

  /** What `making` resolves with, or that it did not end in time. */
  const inTime = async (making: Promise<BackupAnswer>): Promise<BackupAnswer> => {
    let cancelLimit = () => {}
    const limit = new Promise<BackupAnswer>(resolve => {
      cancelLimit = clock.at(clock.now() + limitMs, () => {
        const message = `It did not end within ${formatDuration(limitMs)}: ${to} does not answer, or is too slow.`
        for (const worker of running) void worker.terminate()
        resolve({ ok: false, message })
      })
    })
    return Promise.race([making, limit]).finally(cancelLimit)
  }

  const arm = (at: number) => {
    if (!isStopped) cancel = clock.at(at, () => void tick())
  }

  const tick = async (): Promise<void> => {
    const now = clock.now()
    const { dataDir } = config
    const order = { dataDir, to, keep, passphrase, environment, version, now, workingFolder: process.cwd() }
    const answer = await inTime(make(order))
    if (isStopped) return
    if (answer.ok || !answer.isConflict) blockedSince = null
    else blockedSince ??= now
    // Somebody makes one by hand: that is no failure unless it never ends.
    if (blockedSince !== null && now - blockedSince < limitMs) return arm(now + MINUTE)
    const record = recordOf(answer, now)
    try {
      state.transaction(() => {
        writeBackupRecord(state, record)
        applyResults(state, [detectFailingBackup(record)], clock.now())
      })
    } catch (error) {
      logger.error('the result of a backup could not be stored', { error })
    }
    arm(Math.max(record.nextAt, clock.now() + MINUTE))
  }

  const recordOf = (answer: BackupAnswer, now: number): BackupRecord => {
    const before = readBackupRecord(state)
    if (answer.ok) {
      const { name, bytes, removed, remarks } = answer
      logger.info('backup made', { name, place: to, bytes, removed: removed.length, remarks })
      return { place: to, lastAt: now, name, bytes, nextAt: now + everyMs, failingSince: null, error: null }
    }
    logger.warn('backup failed; retrying in 15 min', { place: to, error: answer.message })
    const { lastAt = null, name = null, bytes = 0, failingSince = null } = before ?? {}
    const since = failingSince ?? now
    return { place: to, lastAt, name, bytes, nextAt: now + RETRY_MS, failingSince: since, error: answer.message }
  }

  return {
    start() {
      const now = clock.now()
      const record = readBackupRecord(state)
      const isSamePlace = record?.place === to
      const dueAt = isSamePlace ? Math.min(record.nextAt, (record.lastAt ?? now) + everyMs) : now
      arm(Math.max(dueAt, now + FIRST_DELAY_MS))
    },
    /** Cancels a running backup; what it wrote counts as unfinished. */
    async stop() {
      isStopped = true
      cancel()
      await Promise.all([...running].map(worker => worker.terminate()))
    },
  }
}

function makeInWorker(order: BackupOrder, running: Set<Worker>): Promise<BackupAnswer> {
  return new Promise(resolve => {
    const worker = new Worker(new URL('../../operations/backup/backup-worker.ts', import.meta.url), {
      workerData: order,
    })
    running.add(worker)
    worker.once('message', resolve)
    worker.once('error', error => resolve({ ok: false, message: `The backup failed (${errorMessage(error)}).` }))
    worker.once('exit', () => {
      running.delete(worker)
      resolve({ ok: false, message: 'The backup ended without a result.' })
    })
  })
}
