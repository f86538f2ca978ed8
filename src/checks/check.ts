// The rules of a check: when a beat is due, what a beat or a missed deadline makes of it. Pure.
import type { checks } from '../state/schema/index.ts'
import { addActive, isActive, nextActive, parseActiveHours } from './active-hours.ts'
import { cronSchedule, nextRun } from './cron.ts'

/** Two years of daily inactive stretches. */
const MOST_LEAPS = 750

export type Check = typeof checks.$inferSelect
export type CheckChanges = Partial<Check>
export type BeatKind = 'success' | 'start' | 'fail' | 'log' | 'ignored'

/** What a change means to people: nothing, a failure that makes it down, one more while down, or a recovery. */
export type BeatEffect = 'none' | 'went down' | 'failed again' | 'recovered'

/** How a check is shown: its stored status, or `late` between the due time and the deadline or after a first miss. */
export const SHOWN_STATUSES = ['new', 'up', 'late', 'down', 'paused'] as const satisfies (Check['status'] | 'late')[]
export type ShownStatus = (typeof SHOWN_STATUSES)[number]

/** The status to show at `now`. */
export function shownStatus(check: Check, now: number): ShownStatus {
  const overdue = check.lateAt !== null && check.lateAt <= now
  return check.status === 'up' && (overdue || check.misses > 0) ? 'late' : check.status
}

/** The first instant after `after` at which a beat is due; null when the schedule never comes again. */
export function nextDue(check: Check, after: number): number | null {
  const hours = check.active === null ? null : parseActiveHours(check.active, check.timeZone)
  if (check.cron === null) return hours ? addActive(hours, after, check.every!) : after + check.every!
  const schedule = cronSchedule(check.cron, check.timeZone)
  let due = nextRun(schedule, after)
  // Each step leaps over a whole inactive stretch; hours that never meet the schedule end the search.
  for (let leaps = 0; due !== null && hours && !isActive(hours, due); leaps++) {
    if (leaps > MOST_LEAPS) return null
    due = nextRun(schedule, nextActive(hours, due) - 1)
  }
  return due
}

/** What a beat of `kind` (already classified) does to a check at `now`, and how long the run took when that is known. */
export function applyBeat(check: Check, kind: BeatKind, rid: string | null, now: number) {
  const beats = check.beats + 1
  const unchanged = { changes: { beats } as CheckChanges, turn: 'none' as BeatEffect, duration: null as number | null }
  if (kind === 'log' || kind === 'ignored') return unchanged
  if (kind === 'start') {
    const changes = { beats, lastStartAt: now, lastStartRid: rid }
    // A deadline that an absence put off stays put off.
    return { ...unchanged, changes: { ...changes, ...deadlines({ ...check, ...changes }, check.downAt ?? 0) } }
  }
  const finishes = check.lastStartAt !== null && check.lastStartRid === rid
  const duration = finishes ? now - check.lastStartAt! : null
  // A success with another run's id leaves this run's start running, unless that was to finish before now (a check
  // that was down): it must not be down again at once. A failure or a success without id ends it.
  const ends = finishes || kind === 'fail' || rid === null || (finishBy(check) ?? now) <= now
  const run: CheckChanges = {
    beats,
    lastBeatAt: now,
    lastDuration: duration,
    ...(ends ? { lastStartAt: null, lastStartRid: null } : {}),
  }
  if (kind === 'fail') return { ...missed({ ...check, ...run }, run, 'failed', now, now), duration }
  const up: CheckChanges = {
    ...run,
    status: 'up',
    misses: 0,
    missedAt: null,
    missKind: null,
    lateAt: nextDue(check, now),
  }
  const turn: BeatEffect = check.status === 'down' ? 'recovered' : 'none'
  return { changes: { ...up, ...deadlines({ ...check, ...up }) }, turn, duration }
}

/** What the passing of `check.downAt` does to a check; the caller makes sure that it has passed. */
export function applyDeadline(check: Check): { changes: CheckChanges; turn: BeatEffect } {
  const at = check.downAt!
  const kind = waitsForFinish(check) ? 'unfinished' : 'silent'
  // While it is not down yet, the run is over and the next one is awaited: one run is never two misses.
  const ended: CheckChanges = check.misses + 1 < check.after ? { lastStartAt: null, lastStartRid: null } : {}
  // What was due while an absence put the deadline off is not missed as well: the next one counts from here.
  const putOff = deadlines(check).downAt! < at
  return missed({ ...check, ...ended }, ended, kind, at, putOff ? at : (check.lateAt ?? at))
}

/**
 * The deadlines that follow from the check's status, start and `lateAt` (the due time, which it keeps).
 * As in Healthchecks, an unfinished start is down after the grace time; with a maximum runtime of its own, a start
 * that answers the due run replaces the wait for its beat. A silent check is not down before `earliest`.
 */
export function deadlines(check: Check, earliest = 0): { lateAt: number | null; downAt: number | null } {
  if (check.status === 'down') return { lateAt: null, downAt: null }
  const finish = finishBy(check)
  if (check.status !== 'up') return { lateAt: null, downAt: finish }
  const silent = check.lateAt === null ? null : Math.max(graceEnd(check, check.lateAt), earliest)
  const running = check.lastStartAt !== null && check.lastStartAt > (check.lastBeatAt ?? 0)
  if (finish === null || silent === null) return { lateAt: check.lateAt, downAt: finish ?? silent }
  return { lateAt: check.lateAt, downAt: check.maxRuntime !== null && running ? finish : Math.min(finish, silent) }
}

/** Deadlines after an edit at `now`; the due time is kept unless `lateAt` is null, then it follows from the last beat. */
export function restart(check: Check, now: number): CheckChanges {
  const due = check.lateAt ?? nextDue(check, check.lastBeatAt ?? now)
  const soon = deadlines({ ...check, lateAt: due })
  // An edit must not be an alarm of its own: what would already be overdue is counted from now.
  if (soon.downAt === null || soon.downAt > now) return soon
  const lastStartAt = check.lastStartAt === null ? null : now
  return { lastStartAt, ...deadlines({ ...check, lastStartAt, lateAt: nextDue(check, now) }) }
}

/** A paused check judged again at `now`: a beat that was due while it rested is not asked for any more. */
export function resume(check: Check, now: number): CheckChanges {
  if (check.lastBeatAt === null) return { status: 'new', ...restart({ ...check, status: 'new' }, now) }
  const due = nextDue(check, check.lastBeatAt)
  const lateAt = due !== null && due <= now ? nextDue(check, now) : due
  return { status: 'up', ...restart({ ...check, status: 'up', lateAt }, now) }
}

/**
 * Holds the time `from`..`to`, in which no beat could arrive, off the check's deadlines: a due time inside it is
 * skipped (its beat may have been lost), waiting time inside it is given back, and nothing is judged before `settled`.
 */
export function extendDeadlines(check: Check, from: number, to: number, settled: number): CheckChanges {
  if (check.downAt === null) return {}
  const finishing = waitsForFinish(check)
  const begun = finishing ? check.lastStartAt! : check.lateAt!
  if (finishing || begun <= from || begun > to) {
    const waitedAway = check.downAt <= from || begun > to ? 0 : to - Math.max(from, begun)
    const downAt = Math.max(check.downAt + waitedAway, settled)
    return downAt === check.downAt ? {} : { downAt }
  }
  // A plain period keeps its phase; other schedules know their own next due time.
  const periodic = check.cron === null && check.active === null
  const lateAt = periodic ? begun + (Math.floor((to - begun) / check.every!) + 1) * check.every! : nextDue(check, to)
  const { downAt } = deadlines({ ...check, lateAt })
  return { lateAt, downAt: downAt === null ? null : Math.max(downAt, settled) }
}

/**
 * A check after the clock went back to `now`: what lies ahead only because of that is counted from now, so that no beat
 * is awaited later than if one had come now. It changes nothing where nothing lies that far ahead.
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
  const seen: CheckChanges = { ...base, misses, missKind, missedAt, status: down ? 'down' : 'up' }
  if (!down) {
    const due = nextDue(check, from)
    // After a run longer than the period, what was due meanwhile is not missed as well.
    seen.lateAt = due !== null && graceEnd(check, due) <= missedAt ? nextDue(check, missedAt) : due
  }
  const turn: BeatEffect = wasDown ? 'failed again' : down ? 'went down' : 'none'
  return { changes: { ...seen, ...deadlines({ ...check, ...seen }) }, turn }
}

/** Whether the deadline is the end of a running start, rather than the wait for a beat; also when it was put off. */
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
