// The scheduler: sleeps until the nearest stored deadline, then runs the jobs that are due.
import { applyResults, nextWake, wakeAlerts } from '../alerts/lifecycle.ts'
import { endForgottenAlerts, nextForgottenAlert } from '../alerts/reported-alerts.ts'
import { isReevaluated, requestReevaluation } from '../alerts/suppression/reevaluation.ts'
import { nextSuppressionChange, sweepSuppressions } from '../alerts/suppression/sweep.ts'
import type { PlatformStatus } from '../chat/channel.ts'
import { nextDeadline, type Reachable } from '../checks/deadlines.ts'
import { lastAlive } from '../checks/downtimes.ts'
import { createCalendarReader } from '../checks/exceptions/calendar-reader.ts'
import type { Clock } from '../clock.ts'
import type { Connectivity } from '../connectivity/connectivity.ts'
import { recordConnectivity } from '../connectivity/states.ts'
import { detectDisconnectedChats, nextDisconnectedChat } from '../detectors/chat-disconnected.ts'
import { evaluateDueChecks } from '../detectors/evaluate-checks.ts'
import { detectFailingForwards } from '../detectors/failing-forwards.ts'
import type { ReplicationHealth } from '../detectors/failing-replication.ts'
import { pruneSeen } from '../detectors/rules/evaluate-rules.ts'
import { reevaluateRuleStates } from '../detectors/rules/reevaluate-rule-states.ts'
import type { RuleKinds } from '../detectors/rules/rule-kind.ts'
import { nextRuleState } from '../detectors/rules/rule-states.ts'
import { listForwards } from '../forwards/forwards.ts'
import type { Logger } from '../logger.ts'
import type { DirectChannels } from '../notifications/routing/escalation-targets.ts'
import { escalateDue, nextEscalation } from '../notifications/routing/escalations.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import type { StorageHealth } from '../state/storage-health.ts'
import type { Rejections } from '../telemetry.ts'
import { errorMessage } from '../text.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { evaluateReplication } from './backups/replication-watch.ts'
import { correctClockRollback } from './clock-rollback.ts'
import type { DirectNotices } from './direct-notices.ts'
import { createDowntimeMonitor } from './downtime-monitor.ts'
import { prune } from './prune.ts'
import { evaluateRejectedLines } from './rejected-lines.ts'
import { createRuleEvaluator } from './rule-evaluator.ts'
import { createSatelliteWatch } from './satellites/satellite-watch.ts'
import { createStorageMonitor } from './storage-monitor.ts'

/** The longest time between two ticks. */
const TICK_INTERVAL_MS = 5 * SECOND
const RETRY_INTERVAL_MS = SECOND
const CONNECTIVITY_INTERVAL_MS = 15 * SECOND
const PRUNE_INTERVAL_MS = HOUR
/** Whatever no deadline announces, such as the start of quiet hours, is evaluated at least this often. */
const EVALUATION_INTERVAL_MS = 15 * SECOND
/** How many overdue checks, rules or alerts one tick evaluates, so that a mass of them never delays the intake. */
const BATCH_SIZE = 100

export type SchedulerHealth = { healthy: boolean; lastTickAt: number | null; error: string | null }

export interface Scheduler {
  /** Ticks immediately, because something around it changed. */
  wake(): void
  /** Accounts for the time in which Vakt was stopped, and begins. */
  start(): void
  /** Unhealthy when the last tick failed or is longer ago than three intervals. */
  health(): SchedulerHealth
  stop(): void
}

export type SchedulerOptions = {
  state: State
  ruleKinds: RuleKinds
  clock: Clock
  logger: Logger
  platforms(): readonly { name: string; status: PlatformStatus }[]
  connectivity(): Connectivity
  storage: StorageHealth
  /** What was not stored of log lines. */
  rejections: Rejections
  /** Reach the chats while the database cannot hold an alert. */
  notices: DirectNotices
  /** Throws while no log line could be stored. */
  probeLogs(): void
  /** Whether the clock is certain enough to delete old data; see `createLeapGuard`. */
  mayDelete(now: number): boolean
  /** Whether anything is probed, so that the connectivity is known. */
  isProbing: boolean
  /** The channels that reach one person directly, for escalations. */
  directChannels: DirectChannels
  /** The name of the Vakt from which this one took over its state; null when it is its own. */
  takenOverFrom: string | null
  /** How the program is that copies the state to a stand-by; null without one. */
  replication(): ReplicationHealth | null
  /** Called after the system clock moved backwards by `ms`. */
  onClockRollback(ms: number): void
  /** The longest time between two ticks, ms (default: 5 s); with another one rules wait for a tick. Only tests change it. */
  tickIntervalMs?: number | undefined
}

/** Work of a tick. A job that must wait stays due. */
type Job = {
  /** The time between two runs, ms; 0 is every tick. */
  everyMs: number
  run(now: number): void
  mustRun?(): boolean
  mustWait?(): boolean
}

/** What an evaluation depends on beside the time. */
type Basis = { changes: number; reachable: Reachable | 'none'; hasLogs: boolean }

function isSameBasis(a: Basis, b: Basis): boolean {
  return a.changes === b.changes && a.reachable === b.reachable && a.hasLogs === b.hasLogs
}

/** A scheduler over `state`. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { state, ruleKinds, clock, logger, platforms, connectivity, isProbing, directChannels } = options
  const { storage, mayDelete, tickIntervalMs = TICK_INTERVAL_MS } = options
  const storageMonitor = createStorageMonitor(options)
  const ruleEvaluator = createRuleEvaluator(state, ruleKinds, clock, logger)
  const downtimes = createDowntimeMonitor({ ...options, storageMonitor })
  const satelliteWatch = createSatelliteWatch(state)
  const calendars = createCalendarReader(state, clock, logger)
  const startedAt = clock.now()
  let lastTickAt: number | null = null
  let error: string | null = null
  let isRunning = false
  let wakeAt = Number.POSITIVE_INFINITY
  let cancelWake = () => {}
  let busyMs = clock.busyMs?.() ?? 0
  let busyMsSinceLastTick = 0
  let recordedState: Connectivity['state'] | null = null
  /** When and on what the last evaluation was made; null when another is needed in any case. */
  let evaluated: { at: number; basis: Basis } | null = null
  /** The nearest stored deadline, and what it was read from. */
  let nearest: { at: number; basis: Basis } | null = null

  const basisNow = (): Basis => ({
    changes: state.changes(),
    reachable: downtimes.reachable(),
    hasLogs: downtimes.hasLogs(),
  })

  /** Evaluates what is due at `now`, unless nothing was written since the last evaluation and no deadline has passed. */
  const evaluateDue = (now: number) => {
    const isSame = evaluated !== null && isSameBasis(evaluated.basis, basisNow())
    if (isSame && now - evaluated!.at < EVALUATION_INTERVAL_MS && evaluationDue(evaluated!.at) > now) return
    evaluated = null
    evaluate(now)
    evaluated = { at: now, basis: basisNow() }
  }

  /** Evaluates what is due at `now` in one transaction; what exceeds the batch is due again immediately. */
  const evaluate = (now: number) =>
    state.transaction(() => {
      const reachable = downtimes.reachable()
      const missed = reachable === 'none' ? [] : evaluateDueChecks(state, now, BATCH_SIZE, reachable)
      const rules = downtimes.hasLogs() ? reevaluateRuleStates(state, ruleKinds, now, BATCH_SIZE) : []
      applyResults(state, [...missed, ...rules, ...detectDisconnectedChats(platforms(), now)], now)
      wakeAlerts(state, now, BATCH_SIZE)
      if (reachable !== 'none') endForgottenAlerts(state, now, BATCH_SIZE)
      sweepSuppressions(state, now)
      escalateDue(state, now, BATCH_SIZE, directChannels)
    })

  const recordState = (now: number) => {
    recordConnectivity(state, connectivity(), now)
    recordedState = connectivity().state
  }

  /** No evaluation reads the sign of life, so that it makes none necessary. */
  const markAlive = (now: number) => {
    const before = state.changes()
    downtimes.markAlive(now)
    for (const known of [evaluated, nearest]) if (known?.basis.changes === before) known.basis.changes = state.changes()
  }

  const signOfLife: Job = { everyMs: tickIntervalMs, run: markAlive }
  const jobs: readonly Job[] = [
    { everyMs: 0, run: now => downtimes.tick(lastTickAt, now, busyMsSinceLastTick) },
    {
      everyMs: CONNECTIVITY_INTERVAL_MS,
      run: recordState,
      mustRun: () => connectivity().state !== recordedState,
      mustWait: () => !isProbing,
    },
    { everyMs: 0, run: evaluateDue },
    {
      everyMs: 0,
      run: now => (downtimes.hasLogs() ? ruleEvaluator.tick(now, mayDelete(now)) : ruleEvaluator.abandon()),
    },
    { everyMs: TICK_INTERVAL_MS, run: now => satelliteWatch.tick(now, downtimes.reachable() === 'all') },
    signOfLife,
    { everyMs: MINUTE, run: now => evaluateRejectedLines(state, options.rejections, now, startedAt) },
    { everyMs: MINUTE, run: now => applyResults(state, detectFailingForwards(listForwards(state), now), now) },
    { everyMs: TICK_INTERVAL_MS, run: now => evaluateReplication(state, options.replication(), now) },
    { everyMs: MINUTE, run: now => calendars.readDue(now) },
    { everyMs: MINUTE, run: now => pruneSeen(state, now), mustWait: () => !mayDelete(clock.now()) },
    { everyMs: PRUNE_INTERVAL_MS, run: now => prune(state, now), mustWait: () => !mayDelete(clock.now()) },
  ]
  const nextRuns = new Map<Job, number>()

  const runJobs = (now: number) => {
    for (const job of jobs) {
      const isDue = now >= (nextRuns.get(job) ?? now) || job.mustRun?.()
      if (!isDue || job.mustWait?.()) continue
      nextRuns.set(job, now + job.everyMs)
      job.run(now)
    }
  }

  const checkClock = (lastTime: number | null, now: number) => {
    const ms = correctClockRollback(state, lastTime, now, logger)
    if (ms === 0) return
    nextRuns.clear()
    evaluated = null
    nearest = null
    downtimes.rewind(now)
    ruleEvaluator.restart()
    options.onClockRollback(ms)
  }

  const tick = () => {
    cancelWake()
    wakeAt = Number.POSITIVE_INFINITY
    const now = clock.now()
    const before = busyMs
    busyMs = clock.busyMs?.() ?? 0
    busyMsSinceLastTick = busyMs - before
    try {
      checkClock(lastTickAt, now)
      runJobs(now)
      error = null
    } catch (thrown) {
      // The transaction undid what was reevaluated.
      evaluated = null
      requestReevaluation(state)
      storage.recordRefusal('beats', thrown, now)
      error = errorMessage(thrown)
      logger.error('tick of the scheduler failed; retrying in 1 s', { error: thrown })
    }
    storageMonitor.tick(now)
    lastTickAt = now
    // A tick for a deadline does not postpone the sign of life.
    const next = Math.min(now + tickIntervalMs, nextRuns.get(signOfLife) ?? Number.POSITIVE_INFINITY)
    scheduleTick(error === null ? next : now + RETRY_INTERVAL_MS)
  }

  /** When the next tick has something to do, epoch ms. */
  const nextDue = (): number => {
    const hasRules = tickIntervalMs === TICK_INTERVAL_MS && downtimes.reachable() !== 'none' && downtimes.hasLogs()
    return Math.min(evaluationDue(clock.now()), hasRules ? ruleEvaluator.due() : Number.POSITIVE_INFINITY)
  }

  /** When `evaluate`, last made at `since`, has something to do although nothing is written, epoch ms. */
  const evaluationDue = (since: number): number =>
    Math.min(nearestDeadline(), nextDisconnectedChat(platforms(), since) ?? Number.POSITIVE_INFINITY)

  /** The nearest deadline that is stored, epoch ms; it is read again only after something was written. */
  const nearestDeadline = (): number => {
    if (!isReevaluated(state)) return 0
    const basis = basisNow()
    if (nearest === null || !isSameBasis(nearest.basis, basis)) nearest = { at: readNearestDeadline(basis), basis }
    return nearest.at
  }

  const readNearestDeadline = ({ reachable, hasLogs }: Basis): number => {
    const due = [nextWake(state), nextSuppressionChange(state), nextEscalation(state)]
    if (reachable !== 'none')
      due.push(nextDeadline(state, reachable), nextForgottenAlert(state), hasLogs ? nextRuleState(state) : null)
    return Math.min(Number.POSITIVE_INFINITY, ...due.filter(at => at !== null))
  }

  const scheduleTick = (latest: number) => {
    if (!isRunning) return
    // After a failed tick its deadlines are still past; only `latest` spaces the retries.
    const at = error === null ? Math.min(latest, nextDue()) : latest
    if (at >= wakeAt) return
    cancelWake()
    wakeAt = at
    cancelWake = clock.at(at, tick)
  }

  storage.onStored(() => setImmediate(() => isRunning && tick()))
  state.onCommit(topics => {
    if (topics.has('deadlines') || topics.has('alerts')) scheduleTick(wakeAt)
  })

  return {
    start() {
      isRunning = true
      const now = clock.now()
      const lastAliveAt = lastAlive(state)
      checkClock(lastAliveAt, now)
      downtimes.start(lastAliveAt, now)
      tick()
    },
    wake() {
      evaluated = null
      if (isRunning) tick()
    },
    health() {
      const isLate = lastTickAt === null || clock.now() - lastTickAt > 3 * tickIntervalMs
      return { healthy: isRunning && !isLate && error === null, lastTickAt, error }
    },
    stop() {
      isRunning = false
      calendars.stop()
      cancelWake()
      try {
        downtimes.markAlive(clock.now())
      } catch (thrown) {
        // The downtime then counts from the sign of life before.
        if (!(thrown instanceof Problem && thrown.isStorage)) throw thrown
      }
    },
  }
}
