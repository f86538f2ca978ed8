// Reads the events of an ICS calendar (RFC 5545) as the days and times that they cover. Pure.
import ICAL from 'ical.js'
import { Problem } from '../../problem.ts'
import type { Exceptions } from '../../state/schema/index.ts'
import { DAY, wallInstant } from '../../time.ts'
import { isTimeZone } from '../../time-zone.ts'

/** How far ahead repeated events are written out, ms. */
const AHEAD_MS = 3 * 366 * DAY
/** How often the events of a calendar may repeat until then, those in the past included: daily ones for fifty years. */
const MAX_OCCURRENCES = 50_000
/** The most days and times that a calendar may have. */
const MAX_SPANS = 2_000

/** The days and times of all events that are not cancelled, from a week before `now` on. Throws `invalid` for a text that is no calendar. */
export function readIcs(text: string, now: number): Exceptions {
  const found: Exceptions = { days: [], times: [] }
  const budget = { occurrences: MAX_OCCURRENCES }
  for (const calendar of parse(text)) {
    for (const component of calendar.getAllSubcomponents('vevent')) {
      if (component.getFirstPropertyValue('status') === 'CANCELLED') continue
      addEvent(found, new ICAL.Event(component), budget, now)
    }
  }
  if (found.days.length + found.times.length > MAX_SPANS) {
    throw new Problem('invalid', `The calendar has more than ${MAX_SPANS.toLocaleString('en')} events in three years.`)
  }
  return found
}

function parse(text: string): ICAL.Component[] {
  try {
    const parsed: unknown = ICAL.parse(text.replace(/^\uFEFF/, ''))
    // One calendar is ["vcalendar", …]; several in one file are a list of these.
    const list = (Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed]) as unknown[][]
    const calendars = list.map(jcal => new ICAL.Component(jcal as never))
    if (calendars.every(({ name }) => name === 'vcalendar')) return calendars
  } catch {
    // The parser repeats the line, which may be of a file that nobody should see.
    throw new Problem('invalid', 'It is not an ICS calendar: its lines cannot be read as one.')
  }
  throw new Problem('invalid', 'It is not an ICS calendar: it has no VCALENDAR.')
}

function addEvent(found: Exceptions, event: ICAL.Event, budget: { occurrences: number }, now: number): void {
  // An occurrence that was moved stands in an event of its own.
  if (!event.startDate) return
  const zone = event.component.getFirstProperty('dtstart')?.getFirstParameter('tzid') ?? null
  if (!event.isRecurring()) {
    addSpan(found, event.startDate, event.endDate, zone, now)
    return
  }
  const occurrences = event.iterator()
  for (;;) {
    const next = occurrences.next()
    if (!next || instantOf(next, zone) > now + AHEAD_MS) return
    if (budget.occurrences-- <= 0)
      throw new Problem(
        'invalid',
        `The events of the calendar repeat more than ${MAX_OCCURRENCES.toLocaleString('en')} times. Let them begin later, or leave some out.`,
      )
    const { startDate, endDate } = event.getOccurrenceDetails(next)
    addSpan(found, startDate, endDate, zone, now)
  }
}

function addSpan(found: Exceptions, start: ICAL.Time, end: ICAL.Time | null, zone: string | null, now: number): void {
  const [from, to] = [instantOf(start, zone), end ? instantOf(end, zone) : Number.NaN]
  if ((Number.isFinite(to) ? to : from) < now - 7 * DAY || from > now + AHEAD_MS) return
  if (!start.isDate) {
    if (to > from) found.times.push([from, to])
    return
  }
  const first = dateOf(start)
  // The end of a whole day is the day after it; without one the event is a single day.
  const last = end?.isDate && to > from ? dateOf(end) : first.add({ days: 1 })
  found.days.push([first.toString(), last.toString()])
}

function dateOf({ year, month, day }: ICAL.Time): Temporal.PlainDate {
  return Temporal.PlainDate.from({ year, month, day })
}

/** The instant of a time: by the zone that it names, else by the rules for that zone in the calendar; without one in UTC. */
function instantOf(time: ICAL.Time, zone: string | null): number {
  if (time.isDate || zone === null || !isTimeZone(zone)) return time.toUnixTime() * 1000
  const { year, month, day, hour, minute, second } = time
  return wallInstant(Temporal.PlainDateTime.from({ year, month, day, hour, minute, second }), zone)
}
