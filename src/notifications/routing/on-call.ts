// Whose turn it is: rotations with their handovers by the wall clock, and those who stand in. Pure.
import type { overrides, rotations } from '../../state/schema/index.ts'

export type Rotation = typeof rotations.$inferSelect
export type Override = typeof overrides.$inferSelect

/** Who is on call, since and until when (epoch ms), and whether that is a stand-in. */
export type Turn = { who: string; since: number; until: number; standIn: boolean }

const DAYS = { daily: 1, weekly: 7 } as const
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/**
 * Whose turn it is at `now`, with the stand-ins given. A handover is at its time on the wall clock: when clocks skip that
 * time it is right after the gap, when they repeat it the first time (Temporal's "compatible").
 */
export function onCallAt(rotation: Rotation, standIns: readonly Override[], now: number): Turn {
  const turn = regularTurn(rotation, now)
  // Of several the one made last counts.
  const standIn = standIns.filter(one => one.from <= now && now < one.until).toSorted((a, b) => b.id - a.id)[0]
  if (standIn) {
    const newer = standIns.filter(one => one.id > standIn.id && one.from > now).map(one => one.from)
    return { who: standIn.who, since: standIn.from, until: Math.min(standIn.until, ...newer), standIn: true }
  }
  const coming = standIns.filter(one => one.from > now).map(one => one.from)
  return { ...turn, until: Math.min(turn.until, ...coming) }
}

/** The turns from `now` on, at most `count`, for a look ahead; each but the first begins when the one before it ends. */
export function comingTurns(rotation: Rotation, standIns: readonly Override[], now: number, count: number): Turn[] {
  const turns = [onCallAt(rotation, standIns, now)]
  while (turns.length < count) {
    const since = turns.at(-1)!.until
    turns.push({ ...onCallAt(rotation, standIns, since), since })
  }
  return turns
}

/** `Mon 09:00` or `09:00` as day of the week (0 is Sunday; null unless said) and minutes after midnight; null when it is neither. */
export function readHandover(text: string): { day: number | null; minute: number } | null {
  const [, name, hour, minute] = /^(?:([a-z]{3,9})\s+)?(\d{1,2}):(\d{2})$/i.exec(text.trim()) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null
  const day = name === undefined ? null : WEEKDAYS.indexOf(name.slice(0, 3).toLowerCase())
  return day === -1 ? null : { day, minute: Number(hour) * 60 + Number(minute) }
}

/**
 * A rotation with changes made at `now`: whose turn it is goes on, until the next handover as it is then; who is not among
 * the members any more makes room for the first of them.
 */
export function changedRotation(
  rotation: Rotation,
  changes: Partial<Pick<Rotation, 'members' | 'every' | 'day' | 'minute' | 'timeZone'>>,
  now: number,
): Rotation {
  const changed = { ...rotation, ...changes }
  const turn = turnNumber(rotation, dayOfTurn(rotation, now))
  const who = rotation.members[turn]!
  const place = changes.members ? Math.max(0, changes.members.indexOf(who)) : turn
  return { ...changed, firstDay: dayOfTurn(changed, now) - place * DAYS[changed.every] }
}

/** The day number of the handover that the turn running at `now` began with. */
export function dayOfTurn(rotation: Pick<Rotation, 'every' | 'day' | 'minute' | 'timeZone'>, now: number): number {
  const date = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(rotation.timeZone).toPlainDate()
  const today = dayNumber(date)
  const begun = handoverOn(rotation, today) <= now ? today : today - 1
  if (rotation.every === 'daily') return begun
  // 1970-01-01 was a Thursday.
  return begun - ((((begun + 4 - rotation.day) % 7) + 7) % 7)
}

function regularTurn(rotation: Rotation, now: number): Turn {
  const length = DAYS[rotation.every]
  const begun = dayOfTurn(rotation, now)
  const who = rotation.members[turnNumber(rotation, begun)]!
  return { who, since: handoverOn(rotation, begun), until: handoverOn(rotation, begun + length), standIn: false }
}

/** Which of the members has the turn that begins on a day. */
function turnNumber({ every, firstDay, members }: Rotation, begun: number): number {
  const turn = Math.floor((begun - firstDay) / DAYS[every])
  return ((turn % members.length) + members.length) % members.length
}

function handoverOn({ minute, timeZone }: Pick<Rotation, 'minute' | 'timeZone'>, day: number): number {
  const plainTime = new Temporal.PlainTime(Math.floor(minute / 60), minute % 60)
  return EPOCH.add({ days: day }).toZonedDateTime({ timeZone, plainTime }).epochMilliseconds
}

const EPOCH = new Temporal.PlainDate(1970, 1, 1)

function dayNumber(date: Temporal.PlainDate): number {
  return EPOCH.until(date, { largestUnit: 'days' }).days
}
