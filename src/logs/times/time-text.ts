// Reads the times that programs write in text, at the beginning of a longer text: dates in every order, clocks of 24 and 12
// hours, zones. A year or a day that is missing is the nearest one; what could mean two instants stays unread.
import { instantOf, isAbbreviation, type TimeContext } from './zones.ts'

const DAY = 86_400_000
/** Earlier instants are no times of logs, but counters. */
const FIRST_YEAR = 1973
/** The store holds instants up to May 2109. */
const LAST_YEAR = 2109

const MONTH = '[A-Z][a-z]{2}'
const WEEKDAY = '(?:[A-Z][a-z]{2,8},? )'
/** Dates in the order in which they are tried. Named groups: y, m, d numbers; mon a name; yy two digits, with sep in an order that may be another; a and b in unknown order. */
const DATES = [
  // 2026-11-29, 2026/11/29, 2026.11.29
  String.raw`(?<y>\d{4})(?<sep>[-/.])(?<m>\d{1,2})\k<sep>(?<d>\d{1,2})`,
  // 20261129
  String.raw`(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)(?=[T _-]\d\d:?\d\d(?!:\d:))`,
  // 29/Nov/2026, 29-Nov-2026, 29 Nov 2026, Sun, 29 Nov 2026
  String.raw`${WEEKDAY}?(?<d>\d{1,2})(?<sep>[ /-])(?<mon>${MONTH})\k<sep>(?<y>\d{4})`,
  // Nov 29, Nov 29 2026, Nov 29, 2026, Sun Nov 29
  String.raw`${WEEKDAY}?(?<mon>${MONTH}) {1,2}(?<d>\d{1,2})(?:,? (?<y>\d{4})(?!:))?`,
  // 29.11.2026, 11/29/2026, 29/11/2026
  String.raw`(?<a>\d{1,2})(?<sep>[./-])(?<b>\d{1,2})\k<sep>(?<y>\d{4})`,
  // 26/11/29 (log4j's yy/MM/dd), 11/29/26
  String.raw`(?<yy>\d\d)(?<sep>\/)(?<m>\d\d)\/(?<d>\d\d)(?= )`,
]
/** Dates that could be other numbers: read only where a format says that a time stands there. */
const LOOSE_DATES = [
  // 261129, of MySQL 5 and HDFS
  String.raw`(?<yy>\d\d)(?<m>\d\d)(?<d>\d\d)(?= )`,
  // 1129, of glog
  String.raw`(?<m>\d\d)(?<d>\d\d)(?= \d\d:)`,
  // 11-29 (logcat), 11.29, 11/29
  String.raw`(?<m>\d\d)[-./](?<d>\d\d)(?=[ |])`,
  // 29 Nov, of Redis 2; 29-Nov, of Bacula
  String.raw`(?<d>\d{1,2})[ -](?<mon>${MONTH})(?= )`,
  // 2026 Nov 29, of Cisco NX-OS
  String.raw`(?<y>\d{4}) (?<mon>${MONTH}) {1,2}(?<d>\d{1,2})`,
  // nov/29/2026 and nov/29, of RouterOS
  String.raw`(?<mon>[a-z]{3})\/(?<d>\d\d)(?:\/(?<y>\d{4}))?(?= )`,
  // 26.11.29, 29.11.26
  String.raw`(?<yy>\d\d)(?<sep>[.-])(?<m>\d\d)[.-](?<d>\d\d)(?= )`,
]
/** The clock after a date. Named groups: H, M, S, f (fraction), half (A or P). */
const CLOCK = String.raw`(?:[Tt_:|-]|::|,? {1,2}|\t| - |\]\[)(?:(?<H>\d{1,2}):(?<M>\d\d)(?::(?<S>\d\d)(?:[.,:](?<f>\d{1,12}))?)?|(?<H>\d\d)(?<M>\d\d)(?<S>\d\d)(?:[.,](?<f>\d{1,12}))?|(?<H>\d\d)\.(?<M>\d\d)\.(?<S>\d\d)(?:\.(?<f>\d{1,12}))?)(?!\d)(?:[ \u202f]?(?<half>[AaPp])\.?[Mm]\b\.?)?`
/** A clock alone, such as `10:00:01.123` and `10:00:01 PM`. */
const BARE_CLOCK = String.raw`(?<H>\d{1,2}):(?<M>\d\d)(?::(?<S>\d\d)(?:[.,](?<f>\d{1,12}))?)?(?!\d)(?:[ \u202f]?(?<half>[AaPp])\.?[Mm]\b\.?)?`

const dated = DATES.map(date => new RegExp(`(?:${date})(?:${CLOCK})?`, 'y'))
/** 20261129-9:5:1:44, of phones that pad nothing. */
const UNPADDED = String.raw`(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)-(?<H>\d{1,2}):(?<M>\d{1,2}):(?<S>\d{1,2})(?::(?<ms>\d{1,3}))?(?!\d)`
const loose = [...LOOSE_DATES.map(date => new RegExp(`(?:${date})(?:${CLOCK})`, 'y')), new RegExp(UNPADDED, 'y')]
const bareClock = new RegExp(BARE_CLOCK, 'y')
/** Offsets with the names that may follow them, `UTC+01:00`, `GMT+0100 (Central European Standard Time)`; hours alone only without a space. */
const offset =
  /(?: ?(?:UTC|GMT)?([+-]\d\d:?\d\d)|([+-]\d\d))(?![\d:])(?: (?!(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL|TRC|DBG|INF|WRN|ERR|FTL|PNC|ALERT|CRIT|LOG|PANIC)\b)[A-Z]{3,5}\b(?! ?[:[])| \([A-Z][^()]{1,50}\)|\[[\w/+-]{1,40}\])?(?: m=[+-][\d.]{1,25})?/y
const named = / ?([A-Z]{1,5}|z)(?![\w/+-])(?: \([A-Z][^()]{1,50}\))?(?: m=[+-][\d.]{1,25})?/y
const city =
  / ?(?:\[([A-Z][A-Za-z]{1,20}(?:\/[A-Z][\w+-]{1,30}){1,2})\]|([A-Z][A-Za-z]{1,20}(?:\/[A-Z][\w+-]{1,30}){1,2}))/y
const yearBehind = / (\d{4})(?=[\s\]),|]|$)/y

/** A time found in a text: its instant (epoch ms), where it ends, and whether it named its zone. */
export type FoundTime = { at: number; end: number; hasZone: boolean }

/**
 * The time that begins at `start`. With `isLoose`, dates that could be other numbers (`261129 10:00:00`, `11-29 10:00:00`) and
 * clocks without a date count too. Null when there is none, or when it could be two instants.
 */
export function findTime(text: string, start: number, context: TimeContext, isLoose = false): FoundTime | null {
  for (const pattern of dated) {
    const found = match(pattern, text, start)
    if (found) return completeDate(text, found, pattern.lastIndex, context)
  }
  if (!isLoose) return null
  for (const pattern of loose) {
    const found = match(pattern, text, start)
    if (found) return completeDate(text, found, pattern.lastIndex, context)
  }
  const found = match(bareClock, text, start)
  return found && completeClock(text, found, bareClock.lastIndex, context)
}

type Groups = { [name: string]: string | undefined }

function match(pattern: RegExp, text: string, start: number): Groups | null {
  pattern.lastIndex = start
  return pattern.exec(text)?.groups ?? null
}

function completeDate(text: string, found: Groups, end: number, context: TimeContext): FoundTime | null {
  const clock = readClock(found)
  if (clock === null) return null
  const zone = found.H === undefined ? { zone: '', end } : readZone(text, end)
  const behind = found.y === undefined && found.yy === undefined ? firstGroup(yearBehind, text, zone.end) : null
  const last = behind === null ? zone.end : zone.end + behind.length + 1
  const isYearMissing = behind === null && found.y === undefined && found.yy === undefined
  if (found.yy !== undefined && found.sep !== undefined) {
    const at = shortDateInstant(found, clock, zone.zone, context)
    return at === null ? null : { at, end: last, hasZone: zone.zone !== '' }
  }
  const at =
    (isYearMissing ? lastInstant(found, clock, zone.zone, context) : null) ??
    nearestInstant(candidateDates(found, behind, context), clock, zone.zone, context)
  return at === null ? null : { at, end: last, hasZone: zone.zone !== '' }
}

function firstGroup(pattern: RegExp, text: string, start: number): string | null {
  pattern.lastIndex = start
  return pattern.exec(text)?.[1] ?? null
}

/** A clock without a date is of the day on which it is nearest to the receipt. */
function completeClock(text: string, found: Groups, end: number, context: TimeContext): FoundTime | null {
  const clock = readClock(found)
  if (clock === null) return null
  const zone = readZone(text, end)
  const day = Math.floor(context.receivedAt / DAY) * DAY
  const instants = [day - DAY, day, day + DAY].map(midnight => instantOf(midnight + clock, zone.zone, context))
  const known = instants.filter(at => at !== null)
  if (known.length === 0) return null
  const distance = (at: number) => Math.abs(at - context.receivedAt)
  const at = known.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best))
  return { at, end: zone.end, hasZone: zone.zone !== '' }
}

/** The time of day in ms; null when there is no such time. A leap second counts as the one after. */
function readClock({ H, M, S, f, ms, half }: Groups): number | null {
  if (H === undefined) return 0
  let hour = Number(H)
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return null
    hour = (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
  }
  const [minute, second] = [Number(M), Number(S ?? 0)]
  if (!(hour <= 24 && minute <= 59 && second <= 60)) return null
  return ((hour * 60 + minute) * 60 + second) * 1000 + (ms ? Number(ms) : Math.floor(Number(`0.${f ?? 0}`) * 1000))
}

type CalendarDate = [year: number, month: number, day: number]

/** The dates that are meant, the only one in most formats; several years or orders otherwise. */
function candidateDates(found: Groups, behind: string | null, { receivedAt }: TimeContext): CalendarDate[] {
  const month = found.mon === undefined ? Number(found.m) : monthNumber(found.mon)
  const day = Number(found.d)
  if (found.a !== undefined) return datesInAnyOrder(Number(found.y), Number(found.a), Number(found.b), found.sep!)
  if (found.yy !== undefined) return [[2000 + Number(found.yy), month, day]]
  const year = found.y ?? behind
  if (year != null) return [[Number(year), month, day]]
  // Nine years: February 29 may be eight years ago.
  const next = yearOf(receivedAt) + 1
  return Array.from({ length: 9 }, (_, i) => [next - i, month, day])
}

/**
 * The instant of a date without a year in the newest year in which it is at most a day after the receipt, of this year and the
 * two around it; null when there is none, and older years must be looked at.
 */
function lastInstant(found: Groups, clock: number, zone: string, context: TimeContext): number | null {
  const month = found.mon === undefined ? Number(found.m) : monthNumber(found.mon)
  const next = yearOf(context.receivedAt) + 1
  for (let year = next; year > next - 3; year--) {
    const midnight = utcDay(year, month, Number(found.d))
    const at = midnight === null ? null : instantOf(midnight + clock, zone, context)
    if (at !== null && at <= context.receivedAt + DAY) return at
  }
  return null
}

/** Whole days and their years: almost all lines are received on one day. */
let knownDay = -1
let knownYear = 0

function yearOf(instant: number): number {
  const day = Math.floor(instant / DAY)
  if (day !== knownDay) {
    knownDay = day
    knownYear = new Date(instant).getUTCFullYear()
  }
  return knownYear
}

/** With dots the day comes first; otherwise either order is possible. */
function datesInAnyOrder(year: number, a: number, b: number, separator: string): CalendarDate[] {
  const dayFirst: CalendarDate = [year, b, a]
  if (separator === '.' || a === b) return [dayFirst]
  return [dayFirst, [year, a, b]]
}

/**
 * The instant of the only possible date. Of several years it is the last that is at most a day after the receipt. Of two
 * orders, the one within a day of the receipt; null when both or none are.
 */
function nearestInstant(
  dates: readonly CalendarDate[],
  clock: number,
  zone: string,
  context: TimeContext,
): number | null {
  const instants = dates.flatMap(([year, month, day]) => {
    const midnight = utcDay(year, month, day)
    const at = midnight === null ? null : instantOf(midnight + clock, zone, context)
    return at === null ? [] : [at]
  })
  if (instants.length < 2) return instants[0] ?? null
  const { receivedAt } = context
  if (dates.length === 2) {
    const near = instants.filter(at => Math.abs(at - receivedAt) <= DAY)
    return near.length === 1 ? near[0]! : null
  }
  return instants.find(at => at <= receivedAt + DAY) ?? null
}

/**
 * The instant of a date of three short numbers: the order that is within a day of the receipt. Of an older one the year is
 * first, as log4j writes it, or the order is the only possible one; null otherwise.
 */
function shortDateInstant({ yy, m, d }: Groups, clock: number, zone: string, context: TimeContext): number | null {
  const [a, b, c] = [Number(yy), Number(m), Number(d)]
  const instantOn = ([year, month, day]: CalendarDate) => {
    const midnight = utcDay(year, month, day)
    const at = midnight === null ? null : instantOf(midnight + clock, zone, context)
    return at !== null && at <= context.receivedAt + DAY ? at : null
  }
  const yearFirst = instantOn([2000 + a, b, c])
  const yearLast = [instantOn([2000 + c, b, a]), instantOn([2000 + c, a, b])].filter(at => at !== null)
  const near = [...(yearFirst === null ? [] : [yearFirst]), ...yearLast].find(at => at >= context.receivedAt - DAY)
  return near ?? yearFirst ?? (yearLast.length === 1 ? yearLast[0]! : null)
}

/** Midnight (UTC) of a day, epoch ms; null when there is no such day, or none of a log. */
export function utcDay(year: number, month: number, day: number): number | null {
  if (!(year >= FIRST_YEAR && year < LAST_YEAR && day >= 1)) return null
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && isLeap ? 29 : DAYS[month - 1]
  return days !== undefined && day <= days ? Date.UTC(year, month - 1, day) : null
}

const DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function monthNumber(name: string): number {
  return 1 + 'janfebmaraprmayjunjulaugsepoctnovdec'.indexOf(name.toLowerCase()) / 3
}

/** The zone after a clock, empty when there is none, and where it ends. */
function readZone(text: string, start: number): { zone: string; end: number } {
  offset.lastIndex = start
  const numeric = offset.exec(text)
  if (numeric) return { zone: (numeric[1] ?? numeric[2])!, end: offset.lastIndex }
  named.lastIndex = start
  const name = named.exec(text)
  if (name && (name[1] === 'z' || isAbbreviation(name[1]!)))
    return { zone: name[1]!.toUpperCase(), end: named.lastIndex }
  city.lastIndex = start
  const place = city.exec(text)
  const placeName = place?.[1] ?? place?.[2]
  if (placeName && AREAS.has(placeName.slice(0, placeName.indexOf('/'))))
    return { zone: placeName, end: city.lastIndex }
  return { zone: '', end: start }
}

const AREAS = new Set(
  'Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific Etc US Canada Brazil Chile Mexico'.split(
    ' ',
  ),
)
