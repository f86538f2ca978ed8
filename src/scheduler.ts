// The scheduler: sleeps until the nearest stored deadline, asks the detectors, and knows when it was away itself.
import { applyOutcomes, fireAlert, nextWake, pruneAlerts, wakeAlerts } from './alerts/alerts.ts'
import type { PlatformStatus } from './chat/channel.ts'
import { type Absence, lastAlive, markAlive, NOTICED, recordAbsence } from './checks/absences.ts'
import { nextDeadline } from './checks/deadlines.ts'
import { absenceFinding } from './detectors/absence.ts'
import { detectLostChannels, nextLostChannel } from './detectors/lost-channel.ts'
import { detectMissedBeats } from './detectors/missed-beat.ts'
import type { Log } from './log.ts'
import { pruneAudit } from './projects/audit.ts'
import type { State } from './state/database.ts'
import { type Clock, HOUR, SECOND } from './time.ts'

/** How often the scheduler shows that it is alive, even with nothing to do. */
const TICK = 5 * SECOND
/** How many overdue checks one turn judges, so that a mass of them never holds up the intake. */
const AT_ONCE = 500

export type SchedulerHealth = { healthy: boolean; lastTurnAt: number | null; error: string | null }

export interface Scheduler {
  /** Notes the time Vakt was stopped and begins. */
  start(): void
  /** Whether turns happen and succeed: none for three ticks, or one that failed, is unhealthy. */
  health(): SchedulerHealth
  stop(): void
}

/** A scheduler over `state`; `platforms` tells how the chats are connected. */
export function createScheduler(
  state: State,
  clock: Clock,
  log: Log,
  platforms: () => readonly { name: string; status: PlatformStatus }[],
): Scheduler {
  let lastTurnAt: number | null = null
  let error: string | null = null
  let nextMark = 0
  let nextPrune = 0
  let armedFor = Number.POSITIVE_INFINITY
  let disarm = () => {}
  let running = false

  const turn = () => {
    disarm()
    armedFor = Number.POSITIVE_INFINITY
    const now = clock.now()
    try {
      noticeAbsence(state, lastTurnAt, now, log)
      judge(state, now, platforms())
      if (now >= nextMark) mark(now)
      if (now >= nextPrune) prune(now)
      error = null
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown)
      log.error('a turn of the scheduler failed; it tries again in a second', { error: thrown })
    }
    lastTurnAt = now
    arm(now + (error === null ? TICK : SECOND))
  }

  const mark = (now: number) => {
    nextMark = now + TICK
    markAlive(state, now)
  }

  const prune = (now: number) => {
    nextPrune = now + HOUR
    pruneAlerts(state, now)
    pruneAudit(state, now)
  }

  const arm = (latest: number) => {
    if (!running) return
    // After a failed turn the deadlines it did not judge are still past; only `latest` spaces the retries.
    const due = error === null ? [nextDeadline(state), nextWake(state), nextLostChannel(platforms(), clock.now())] : []
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
      if (alive !== null && alive < now) comeBack(state, 'stopped', alive, now, log)
      turn()
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
function judge(state: State, now: number, platforms: readonly { name: string; status: PlatformStatus }[]): void {
  state.transaction(() => {
    const outcomes = [...detectMissedBeats(state, now, AT_ONCE), ...detectLostChannels(platforms, now)]
    applyOutcomes(state, outcomes, now)
    wakeAlerts(state, now, AT_ONCE)
  })
}

function noticeAbsence(state: State, lastTurnAt: number | null, now: number, log: Log): void {
  if (lastTurnAt !== null && now - lastTurnAt > NOTICED) comeBack(state, 'asleep', lastTurnAt, now, log)
}

function comeBack(state: State, kind: Absence['kind'], from: number, to: number, log: Log): void {
  state.transaction(() => {
    const unheard = recordAbsence(state, kind, from, to)
    const finding = absenceFinding({ kind, from, to }, unheard)
    if (finding) {
      fireAlert(state, finding, to)
      applyOutcomes(state, [{ kind: 'gone', key: finding.key }], to)
    }
  })
  log.info(`Vakt was ${kind}; that time is held off every deadline`, {
    from: new Date(from).toISOString(),
    ms: to - from,
  })
}
