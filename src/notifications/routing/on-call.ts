// Who is on call: rotations with handovers on the wall clock, and overrides. Pure.
import type { overrides, rotations } from '../../state/schema/index.ts'
import { wallInstant } from '../../time.ts'

export type Rotation = typeof rotations.$inferSelect
export type Override = typeof overrides.$inferSelect

/** Who is on call, since and until when (epoch ms), and whether that is an override. */
export type Shift = { who: string; since: number; until: number; isOverride: boolean }

const DAYS_PER_SHIFT = { daily: 1, weekly: 7 } as const
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/**
 * The shift at `now`. A handover is at its time on the wall clock: when clocks skip that time it is right after the gap,
 * when they repeat it the first time.
 */
export function onCallAt(rotation: Rotation, overrides: readonly Override[], now: number): Shift {
  // The newest of overlapping overrides counts.
  const active = overrides.filter(({ from, until }) => from <= now && now < until).toSorted((a, b) => b.id - a.id)[0]
  const next = overrides.filter(({ id, from }) => from > now && (!active || id > active.id)).map(({ from }) => from)
  const shift = active
    ? { who: active.who, since: active.from, until: active.until, isOverride: true }
    : regularShift(rotation, now)
  return { ...shift, until: Math.min(shift.until, ...next) }
}

/** The `count` shifts from `now` on; each but the first begins when the one before it ends. */
export function upcomingShifts(
  rotation: Rotation,
  overrides: readonly Override[],
  now: number,
  count: number,
): Shift[] {
  const shifts = [onCallAt(rotation, overrides, now)]
  while (shifts.length < count) {
    const since = shifts.at(-1)!.until
    shifts.push({ ...onCallAt(rotation, overrides, since), since })
  }
  return shifts
}

/** `Mon 09:00` or `09:00` as day of the week (0 is Sunday; null without one) and minutes after midnight; null when it is neither. */
export function parseHandover(text: string): { day: number | null; minute: number } | null {
  const [, name, hour, minute] = /^(?:([a-z]{3,9})\s+)?(\d{1,2}):(\d{2})$/i.exec(text.trim()) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null
  const day = name === undefined ? null : WEEKDAYS.indexOf(name.slice(0, 3).toLowerCase())
  return day === -1 ? null : { day, minute: Number(hour) * 60 + Number(minute) }
}

/**
 * A rotation with changes made at `now`. The person on call stays until the next handover by the changed times; if that
 * person is removed, the first member takes over immediately.
 */
export function changeRotation(
  rotation: Rotation,
  changes: Partial<Pick<Rotation, 'members' | 'every' | 'day' | 'minute' | 'timeZone'>>,
  now: number,
): Rotation {
  const changed = { ...rotation, ...changes }
  const index = memberIndex(rotation, shiftStartDay(rotation, now))
  const newIndex = changes.members ? Math.max(0, changes.members.indexOf(rotation.members[index]!)) : index
  return { ...changed, firstDay: shiftStartDay(changed, now) - newIndex * DAYS_PER_SHIFT[changed.every] }
}

/** The day (since 1970-01-01) of the handover with which the shift at `now` began. */
export function shiftStartDay(rotation: Pick<Rotation, 'every' | 'day' | 'minute' | 'timeZone'>, now: number): number {
  const date = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(rotation.timeZone).toPlainDate()
  const today = dayNumber(date)
  const lastHandover = handoverAt(rotation, today) <= now ? today : today - 1
  if (rotation.every === 'daily') return lastHandover
  // 1970-01-01 was a Thursday.
  return lastHandover - ((((lastHandover + 4 - rotation.day) % 7) + 7) % 7)
}

function regularShift(rotation: Rotation, now: number): Shift {
  const start = shiftStartDay(rotation, now)
  return {
    who: rotation.members[memberIndex(rotation, start)]!,
    since: handoverAt(rotation, start),
    until: handoverAt(rotation, start + DAYS_PER_SHIFT[rotation.every]),
    isOverride: false,
  }
}

/** Which of the members has the shift that begins on a day. */
function memberIndex({ every, firstDay, members }: Rotation, startDay: number): number {
  const shift = Math.floor((startDay - firstDay) / DAYS_PER_SHIFT[every])
  return ((shift % members.length) + members.length) % members.length
}

function handoverAt({ minute, timeZone }: Pick<Rotation, 'minute' | 'timeZone'>, day: number): number {
  const plainTime = new Temporal.PlainTime(Math.floor(minute / 60), minute % 60)
  return wallInstant(EPOCH.add({ days: day }).toPlainDateTime(plainTime), timeZone)
}

const EPOCH = new Temporal.PlainDate(1970, 1, 1)

function dayNumber(date: Temporal.PlainDate): number {
  return EPOCH.until(date, { largestUnit: 'days' }).days
}
