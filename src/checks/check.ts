// The rules of a check: what a beat or a missed deadline changes. Pure.
import type { checks } from '../state/schema/index.ts'
import { addActive, parseActiveHours } from './active-hours.ts'
import { earlyFor, isTimed, nextDue, nextInPhase } from './due.ts'

export type Check = typeof checks.$inferSelect
export type CheckChanges = Partial<Check>
export type BeatKind = 'success' | 'start' | 'fail' | 'log' | 'ignored'

/** What a change means to people: nothing, the failure that takes the check down, another failure, or a recovery. */
export type BeatEffect = 'none' | 'went down' | 'failed again' | 'recovered'

/** The statuses that people see: the stored ones, and `late` between the due time and the deadline or after a miss. */
export const SHOWN_STATUSES = ['new', 'up', 'late', 'down', 'paused'] as const satisfies (Check['status'] | 'late')[]
export type ShownStatus = (typeof SHOWN_STATUSES)[number]

/** The status to show at `now`. */
export function shownStatus(check: Check, now: number): ShownStatus {
  const overdue = check.lateAt !== null && check.lateAt <= now
  return check.status === 'up' && (overdue || check.misses > 0) ? 'late' : check.status
}

/** What a beat of `kind` (already classified) changes in a check at `now`, and the duration of the run (ms) if known. */
export function applyBeat(check: Check, kind: BeatKind, rid: string | null, now: number) {
  const beats = check.beats + 1
  const unchanged = { changes: { beats } as CheckChanges, turn: 'none' as BeatEffect, duration: null as number | null }
  if (kind === 'log' || kind === 'ignored') return unchanged
  if (kind === 'start') {
    const changes = { beats, lastStartAt: now, lastStartRid: rid }
    // A deadline that a downtime of Vakt extended stays extended.
    return { ...unchanged, changes: { ...changes, ...deadlines({ ...check, ...changes }, check.downAt ?? 0) } }
  }
  const finishes = check.lastStartAt !== null && check.lastStartRid === rid
  const duration = finishes ? now - check.lastStartAt! : null
  // A success with another run's id leaves this run running, unless its time is up (the check was down): the check must
  // not go down again immediately. A failure, or a success without an id, ends the run.
  const ends = finishes || kind === 'fail' || rid === null || (finishBy(check) ?? now) <= now
  // A beat shortly before its due time is that run's beat: clocks differ by seconds.
  const early = earlyFor(check, now)
  const run: CheckChanges = {
    beats,
    lastBeatAt: now,
    lastDuration: duration,
    earlyMs: early === null ? null : early - now,
    earlyBeats: early === null ? 0 : check.earlyBeats + 1,
    ...(ends ? { lastStartAt: null, lastStartRid: null } : {}),
  }
  if (kind === 'fail') return { ...missed({ ...check, ...run }, run, 'failed', now, early ?? now), duration }
  const up: CheckChanges = {
    ...run,
    status: 'up',
    misses: 0,
    missedAt: null,
    missKind: null,
    lateAt: nextDue(check, early ?? now),
  }
  const turn: BeatEffect = check.status === 'down' ? 'recovered' : 'none'
  return { changes: { ...up, ...deadlines({ ...check, ...up }) }, turn, duration }
}

/** What changes in a check when `check.downAt` passes; the caller makes sure that it has passed. */
export function applyDeadline(check: Check): { changes: CheckChanges; turn: BeatEffect } {
  const at = check.downAt!
  const kind = waitsForFinish(check) ? 'unfinished' : 'silent'
  // While the check is not down yet, the run ends here and the next one is expected: one run is never two misses.
  const ended: CheckChanges = check.misses + 1 < check.after ? { lastStartAt: null, lastStartRid: null } : {}
  // A beat that was due during the extension is not a second miss: the next due time counts from here.
  const wasExtended = deadlines(check).downAt! < at
  return missed({ ...check, ...ended }, ended, kind, at, wasExtended ? at : (check.lateAt ?? at))
}

/**
 * The deadlines (epoch ms) that follow from the status, the start and `lateAt` (the due time, which is kept). As in
 * Healthchecks, a run that does not finish within the grace period takes the check down; with a maximum runtime, a
 * start in time replaces the wait for the beat. A check without a beat does not go down before `earliest`.
 */
export function deadlines(check: Check, earliest = 0): { lateAt: number | null; downAt: number | null } {
  // Vakt itself asks for the results of a probe, so that none can be missing.
  if (check.status === 'down' || check.probed) return { lateAt: null, downAt: null }
  const finish = finishBy(check)
  if (check.status !== 'up') return { lateAt: null, downAt: finish }
  const silent = check.lateAt === null ? null : Math.max(graceEnd(check, check.lateAt), earliest)
  const running = check.lastStartAt !== null && check.lastStartAt > (check.lastBeatAt ?? 0)
  if (finish === null || silent === null) return { lateAt: check.lateAt, downAt: finish ?? silent }
  return { lateAt: check.lateAt, downAt: check.maxRuntime !== null && running ? finish : Math.min(finish, silent) }
}

/** The deadlines after an edit at `now`. The due time is kept; if `lateAt` is null, it follows from the last beat. */
export function restart(check: Check, now: number): CheckChanges {
  const due = check.lateAt ?? nextDue(check, check.lastBeatAt ?? now)
  const soon = deadlines({ ...check, lateAt: due })
  // An edit must not fire an alert: a deadline that would already have passed counts from now.
  if (soon.downAt === null || soon.downAt > now) return soon
  const lastStartAt = check.lastStartAt === null ? null : now
  return { lastStartAt, ...deadlines({ ...check, lastStartAt, lateAt: nextDue(check, now) }) }
}

/** What resuming a paused check at `now` changes: a beat that was due during the pause is no longer expected. */
export function resume(check: Check, now: number): CheckChanges {
  if (check.lastBeatAt === null) return { status: 'new', ...restart({ ...check, status: 'new' }, now) }
  const due = nextDue(check, check.lastBeatAt)
  const lateAt = due !== null && due <= now ? nextDue(check, now) : due
  return { status: 'up', ...restart({ ...check, status: 'up', lateAt }, now) }
}

/**
 * Extends the deadlines by the time `from`..`to`, in which no beat could arrive: a due time inside it is skipped (its
 * beat may have been lost), waiting time inside it does not count, and no deadline passes before `earliest`.
 */
export function extendDeadlines(check: Check, from: number, to: number, earliest: number): CheckChanges {
  if (check.downAt === null) return {}
  const finishing = waitsForFinish(check)
  const begun = finishing ? check.lastStartAt! : check.lateAt!
  if (finishing || begun <= from || begun > to) {
    const lostMs = check.downAt <= from || begun > to ? 0 : to - Math.max(from, begun)
    const downAt = Math.max(check.downAt + lostMs, earliest)
    return downAt === check.downAt ? {} : { downAt }
  }
  // A plain period keeps its phase; other schedules compute their next due time.
  const periodic = !isTimed(check) && check.active === null && check.exceptions === null
  const lateAt = periodic ? nextInPhase(check, begun, to) : nextDue(check, to)
  const { downAt } = deadlines({ ...check, lateAt })
  // A run that began after the due time, in the seconds before `from` was known to be the last sign of life, goes on.
  const isRun = downAt !== null && downAt === finishBy(check) && check.lastStartAt! <= to
  const lostMs = isRun ? to - Math.max(from, check.lastStartAt!) : 0
  return { lateAt, downAt: downAt === null ? null : Math.max(downAt + lostMs, earliest) }
}

/**
 * What changes in a check whose beat Vakt refused at `at` (epoch ms): the job did its part, so the beat after that is the
 * next one to expect, and a run that the beat was to end is over. No deadline passes before `earliest`.
 */
export function forgiveRefusedBeat(check: Check, at: number, endsRun: boolean, earliest: number): CheckChanges {
  if (check.downAt === null) return {}
  // A run that began after it goes on.
  const isEnded = endsRun && check.lastStartAt !== null && check.lastStartAt <= at
  const run: CheckChanges = isEnded ? { lastStartAt: null, lastStartRid: null } : {}
  const due = check.lateAt === null ? null : nextDue(check, at)
  const lateAt = due === null ? check.lateAt : Math.max(check.lateAt!, due)
  const { downAt } = deadlines({ ...check, ...run, lateAt })
  return { ...run, lateAt, downAt: downAt === null ? null : Math.max(downAt, earliest) }
}

/**
 * What changes in a check when the clock goes back to `now`: instants in the new future become now, so that the next
 * beat is due no later than after a beat at `now`. Nothing changes where no instant lies that far ahead.
 */
export function rewindDeadlines(check: Check, now: number): CheckChanges {
  const atMost = (at: number | null) => (at !== null && at > now ? now : at)
  const past = { lastBeatAt: atMost(check.lastBeatAt), lastStartAt: atMost(check.lastStartAt) }
  const soonest = check.lateAt === null ? null : nextDue(check, now)
  const lateAt = soonest === null ? check.lateAt : Math.min(check.lateAt!, soonest)
  const unchanged = past.lastBeatAt === check.lastBeatAt && past.lastStartAt === check.lastStartAt
  if (unchanged && lateAt === check.lateAt) return {}
  return { ...past, ...deadlines({ ...check, ...past, lateAt }) }
}

function missed(
  check: Check,
  base: CheckChanges,
  missKind: NonNullable<Check['missKind']>,
  missedAt: number,
  from: number,
) {
  const misses = check.misses + 1
  const wasDown = check.status === 'down'
  const down = wasDown || misses >= check.after
  const changed: CheckChanges = { ...base, misses, missKind, missedAt, status: down ? 'down' : 'up' }
  if (!down) {
    const due = nextDue(check, from)
    // After a run longer than the period, a beat that was due meanwhile is not a second miss.
    changed.lateAt = due !== null && graceEnd(check, due) <= missedAt ? nextDue(check, missedAt) : due
  }
  const turn: BeatEffect = wasDown ? 'failed again' : down ? 'went down' : 'none'
  return { changes: { ...changed, ...deadlines({ ...check, ...changed }) }, turn }
}

/** Whether the deadline is that of a running job to finish, rather than that of a beat; also when it was extended. */
function waitsForFinish(check: Check): boolean {
  const finish = finishBy(check)
  return finish !== null && deadlines(check).downAt === finish
}

function finishBy(check: Check): number | null {
  return check.lastStartAt === null ? null : check.lastStartAt + (check.maxRuntime ?? check.grace)
}

function graceEnd(check: Check, due: number): number {
  return check.active === null
    ? due + check.grace
    : addActive(parseActiveHours(check.active, check.timeZone), due, check.grace)
}
