// The scheduler: sleeps until the nearest stored deadline, asks the detectors, and knows when it was away itself.

import { rewindAlerts } from '../alerts/clock-rollback.ts'
import { applyOutcomes, endAlert, fireAlert, nextWake, wakeAlerts } from '../alerts/lifecycle.ts'
import { requestReevaluation } from '../alerts/suppression/reevaluation.ts'
import { withSuppressed } from '../alerts/suppression/suppressed-alerts.ts'
import { nextSuppressionChange, sweepSuppressions } from '../alerts/suppression/sweep.ts'
import type { PlatformStatus } from '../chat/channel.ts'
import { nextDeadline } from '../checks/deadlines.ts'
import {
  type Downtime,
  lastAlive,
  MIN_CLOCK_ROLLBACK_MS,
  MIN_DOWNTIME_MS,
  markAlive,
  recordClockRollback,
  recordDowntime,
} from '../checks/downtimes.ts'
import { type Clock, createLeapGuard } from '../clock.ts'
import type { Connectivity } from '../connectivity/connectivity.ts'
import { recordConnectivity } from '../connectivity/states.ts'
import { detectDisconnectedChats, nextDisconnectedChat } from '../detectors/chat-disconnected.ts'
import { rewindDetection } from '../detectors/clock-rollback.ts'
import { downtimeFinding, OFFLINE_KEY, offlineFinding } from '../detectors/downtime.ts'
import { detectMissedBeats } from '../detectors/missed-beat.ts'
import { reviewRuleStates } from '../detectors/rules/rule-state-review.ts'
import { nextRuleState } from '../detectors/rules/rule-states.ts'
import type { Logger } from '../logger.ts'
import { rewindNotifications } from '../notifications/clock-rollback.ts'
import type { DirectChannels } from '../notifications/routing/escalation-targets.ts'
import { escalateDue, nextEscalation } from '../notifications/routing/escalations.ts'
import type { State } from '../state/database.ts'
import { HOUR, SECOND } from '../time.ts'
import { prune } from './prune.ts'
import { createRuleEvaluator } from './rule-evaluator.ts'

/** How often the scheduler shows that it is alive, even with nothing to do. */
const TICK = 5 * SECOND
/** How often it is noted how Vakt is connected while that stays the same. */
const NOTED_EVERY = 15 * SECOND
/** How many overdue checks one turn judges, so that a mass of them never holds up the intake. */
const AT_ONCE = 100

export type SchedulerHealth = { healthy: boolean; lastTurnAt: number | null; error: string | null }

export interface Scheduler {
  /** Takes a turn at once, because something around it changed. */
  wake(): void
  /** Notes the time Vakt was stopped and begins. */
  start(): void
  /** Whether turns happen and succeed: none for three ticks, or one that failed, is unhealthy. */
  health(): SchedulerHealth
  stop(): void
}

/** What the scheduler asks of the world: how the chats are connected, and whether Vakt itself is online. */
export type Surroundings = {
  platforms(): readonly { name: string; status: PlatformStatus }[]
  connectivity(): Connectivity
  /** Whether there is anything to probe, so that the connectivity is known. */
  probes?: boolean
  /** The channels that reach one person directly, for escalations. */
  directChannels?: DirectChannels
  /** Told when the clock went back by `ms`. */
  setBack?(ms: number): void
}

/** A scheduler over `state`. */
export function createScheduler(state: State, clock: Clock, logger: Logger, around: Surroundings): Scheduler {
  let lastTurnAt: number | null = null
  let error: string | null = null
  let nextMark = 0
  let nextPrune = 0
  const isTrusted = createLeapGuard()
  const lookout = createRuleEvaluator(state, clock, logger)
  let armedFor = Number.POSITIVE_INFINITY
  let disarm = () => {}
  let running = false
  /** Since when nothing was heard, while Vakt is offline. */
  let deafSince: number | null = null
  let noted: Connectivity['state'] | null = null
  let nextNote = 0

  const turn = () => {
    disarm()
    armedFor = Number.POSITIVE_INFINITY
    const now = clock.now()
    try {
      noticeSetBack(lastTurnAt, now)
      noticeAbsence(state, lastTurnAt, now, logger)
      noticeOffline(now)
      judge(state, now, around)
      const mayForget = isTrusted(now)
      if (hears(around)) lookout.look(now, mayForget)
      else lookout.leave()
      // While offline Vakt hears nothing: should it die now, the absence counts from when it last heard.
      if (now >= nextMark && deafSince === null) mark(now)
      if (mayForget && now >= nextPrune) forget(now)
      error = null
    } catch (thrown) {
      // What was judged is undone with the rest of the turn.
      requestReevaluation(state)
      error = thrown instanceof Error ? thrown.message : String(thrown)
      logger.error('a turn of the scheduler failed; it tries again in a second', { error: thrown })
    }
    lastTurnAt = now
    arm(now + (error === null ? TICK : SECOND))
  }

  // The clock was put back: what is timed by it would else rest for as long as it went back.
  const noticeSetBack = (alive: number | null, now: number) => {
    if (alive === null || alive - now <= MIN_CLOCK_ROLLBACK_MS) return
    nextMark = now
    nextPrune = now
    lookout.startAnew()
    nextNote = now
    if (deafSince !== null) deafSince = Math.min(deafSince, now)
    const ms = alive - now
    const counted = state.transaction(() => {
      rewindAlerts(state, now, ms)
      rewindNotifications(state, now, ms)
      rewindDetection(state, now, ms)
      return recordClockRollback(state, now)
    })
    around.setBack?.(ms)
    logger.warn('the clock went back; what it put far ahead is counted from now', { ms, checks: counted })
  }

  const noticeOffline = (now: number) => {
    const connectivity = around.connectivity()
    if (around.probes && (now >= nextNote || connectivity.state !== noted)) note(connectivity, now)
    if (connectivity.state === 'offline') {
      if (deafSince === null) fireAlert(state, offlineFinding(Math.min(connectivity.lastSuccessAt, now)), now)
      deafSince ??= Math.min(connectivity.lastSuccessAt, now)
    } else if (deafSince !== null && connectivity.failedRounds === 0) {
      comeBack(state, 'offline', deafSince, now, logger)
      deafSince = null
    }
  }

  const note = (connectivity: Connectivity, now: number) => {
    recordConnectivity(state, connectivity, now)
    noted = connectivity.state
    nextNote = now + NOTED_EVERY
  }

  const mark = (now: number) => {
    nextMark = now + TICK
    markAlive(state, now)
  }

  const forget = (now: number) => {
    nextPrune = now + HOUR
    prune(state, now)
  }

  const arm = (latest: number) => {
    if (!running) return
    // After a failed turn the deadlines it did not judge are still past; only `latest` spaces the retries.
    const due =
      error === null
        ? [
            nextWake(state),
            nextSuppressionChange(state),
            nextEscalation(state),
            nextDisconnectedChat(around.platforms(), clock.now()),
          ]
        : []
    if (error === null) {
      due.push(
        ...(hears(around) ? [nextDeadline(state), nextRuleState(state), lookout.due()] : [nextDeadline(state, 'lan')]),
      )
    }
    const at = Math.min(latest, ...due.filter(one => one !== null))
    if (at >= armedFor) return
    disarm()
    armedFor = at
    disarm = clock.at(at, turn)
  }

  state.onCommit(touched => {
    if (touched.has('deadlines') || touched.has('alerts')) arm(armedFor)
  })

  return {
    start() {
      running = true
      const alive = lastAlive(state)
      const now = clock.now()
      noticeSetBack(alive, now)
      // Should Vakt still be offline, the first rounds of probes say so again.
      endAlert(state, OFFLINE_KEY, null, now)
      if (alive !== null && alive < now) comeBack(state, 'stopped', alive, now, logger)
      turn()
    },
    wake() {
      if (running) turn()
    },
    health() {
      const late = lastTurnAt === null || clock.now() - lastTurnAt > 3 * TICK
      return { healthy: running && !late && error === null, lastTurnAt, error }
    },
    stop() {
      running = false
      disarm()
      markAlive(state, clock.now())
    },
  }
}

/** Judges what is due at `now` in one transaction; what is left over is due at once again. */
function judge(state: State, now: number, around: Surroundings): void {
  state.transaction(() => {
    const missed = detectMissedBeats(state, now, AT_ONCE, hears(around) ? 'all' : 'lan')
    const watched = hears(around) ? reviewRuleStates(state, now, AT_ONCE) : []
    applyOutcomes(state, [...missed, ...watched, ...detectDisconnectedChats(around.platforms(), now)], now)
    wakeAlerts(state, now, AT_ONCE)
    sweepSuppressions(state, now)
    escalateDue(state, now, AT_ONCE, around.directChannels ?? (() => []))
  })
}

// One failed round already holds the judging back: the next one, seconds later, tells whether beats can arrive.
function hears(around: Surroundings): boolean {
  const connectivity = around.connectivity()
  return connectivity.state !== 'offline' && connectivity.failedRounds === 0
}

function noticeAbsence(state: State, lastTurnAt: number | null, now: number, logger: Logger): void {
  if (lastTurnAt !== null && now - lastTurnAt > MIN_DOWNTIME_MS) comeBack(state, 'asleep', lastTurnAt, now, logger)
}

function comeBack(state: State, kind: Downtime['kind'], from: number, to: number, logger: Logger): void {
  state.transaction(() => {
    const unheard = recordDowntime(state, kind, from, to)
    const finding = downtimeFinding({ kind, from, to }, unheard)
    if (finding) {
      fireAlert(state, withSuppressed(state, finding), to)
      applyOutcomes(state, [{ kind: 'gone', key: finding.key }], to)
    }
  })
  logger.info(`Vakt was ${kind}; that time is held off every deadline`, {
    from: new Date(from).toISOString(),
    ms: to - from,
  })
}
