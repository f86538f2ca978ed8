// When beats are due, told again from the documents and without Vakt's code.
import { DAY } from '../../../time.ts'

export type Schedule =
  /** A period after the last beat; whole days follow the wall clock of the zone. */
  | { kind: 'every'; ms: number; days: number; zone: string }
  /** At a time of the day, as cron or systemd have it; `weekdays` from 1 (Monday) to 7. */
  | {
      kind: 'daily'
      by: 'cron' | 'calendar'
      hour: number
      minute: number
      weekdays: readonly number[] | null
      zone: string
    }
  /** At each multiple of `minutes`. */
  | { kind: 'minutes'; minutes: number }

export function isTimed({ kind }: Schedule): boolean {
  return kind !== 'every'
}

/** The first due time after `after`, epoch ms. */
export function dueAfter(schedule: Schedule, after: number): number {
  if (schedule.kind === 'every') return addPeriod(schedule, after)
  if (schedule.kind === 'minutes') {
    const step = schedule.minutes * 60_000
    return (Math.floor(after / step) + 1) * step
  }
  const { hour, minute, weekdays, zone } = schedule
  const start = Temporal.Instant.fromEpochMilliseconds(after).toZonedDateTimeISO(zone).toPlainDate()
  for (let days = -1; ; days++) {
    const date = start.add({ days })
    if (weekdays !== null && !weekdays.includes(date.dayOfWeek)) continue
    const at = instantOf(date.toPlainDateTime({ hour, minute }), zone)
    if (at > after) return at
  }
}

/** The first due time after `until` of a period that keeps its phase. */
export function dueInPhase(schedule: Schedule & { kind: 'every' }, due: number, until: number): number {
  for (let times = 1; ; times++) {
    const at = addPeriod(schedule, due, times)
    if (at > until) return at
  }
}

function addPeriod({ ms, days, zone }: Schedule & { kind: 'every' }, at: number, times = 1): number {
  if (days === 0) return at + ms * times
  const start = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  return instantOf(start.toPlainDateTime().add({ days: days * times }), zone, start.offset) + (ms - days * DAY) * times
}

/** A wall time that does not exist is the end of the gap; of two that exist, the first or the one with the same offset. */
function instantOf(wall: Temporal.PlainDateTime, zone: string, offset?: string): number {
  const [first, second] = (['earlier', 'later'] as const).map(disambiguation =>
    wall.toZonedDateTime(zone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime]
  const isGap = !first.toPlainDateTime().equals(wall)
  if (isGap) return first.getTimeZoneTransition('next')!.epochMilliseconds
  return (second.offset === offset ? second : first).epochMilliseconds
}
