// Reads the times of log lines: numbers since 1970 of any unit, texts, and the objects that loggers make of times. Instants
// are epoch ms.
import { type FoundTime, findTime, utcDay } from './time-text.ts'
import { instantOf, type TimeContext } from './zones.ts'

/** Smaller numbers, which would be times before 1973, are counters. */
const MIN_NUMBER = 1e8
/** Later times cannot be stored; nobody writes them but as "never". */
const MAX_INSTANT_MS = Date.UTC(2109, 0)
/** Longer texts are no times. */
const MAX_TEXT_LENGTH = 80

/** The instant of a time (epoch ms), and whether the time itself named its zone. */
export type Timestamp = { at: number; hasZone: boolean }

/** A time that is read already, as the value of a field. */
export class KnownTime {
  readonly at: number
  readonly hasZone: boolean
  constructor(at: number, hasZone: boolean) {
    this.at = at
    this.hasZone = hasZone
  }
}

/** The instant of a value: of the receipt when it is empty (missing, null, 0, `''`, `-`, Go's zero time), null when it is not a time. */
export function readTimestamp(value: unknown, context: TimeContext): Timestamp | null {
  if (typeof value === 'string') return readText(value, context)
  if (value instanceof KnownTime) return value
  if (typeof value === 'number') return value === 0 ? received(context) : zoned(readNumber(value))
  if (value === undefined || value === null) return received(context)
  return typeof value === 'object' ? readObject(value as { [name: string]: unknown }, context) : null
}

/**
 * The time at the beginning of a text line, in brackets or not, its text, and what follows it; null when there is none. What
 * stands in the bracket beside the time keeps its bracket: `[2026-… ERROR app] x` leaves `[ERROR app] x`.
 */
export function leadingTime(line: string, context: TimeContext): (Timestamp & { rest: string }) | null {
  const first = line.charCodeAt(0)
  if (first === BRACKET) return bracketedTime(line, context)
  const closing = CLOSINGS[first]
  if (closing !== undefined) return enclosedTime(line, closing, context)
  // A time begins with a digit or a capital letter; most lines do not and return here.
  if (isDigit(first)) {
    const plain = plainTime(line, context)
    if (plain) return plain
  } else if (!(first >= 65 && first <= 90 && isDigitNear(line))) return null
  const found = findTime(line, 0, context) ?? leadingEpoch(line, 0)
  if (!found) return null
  const rest = restAfter(line, found.end)
  return rest === null ? null : { at: found.at, hasZone: found.hasZone, rest }
}

/**
 * The clock without a date at the beginning of a line, `10:00:01.123 text`, and what follows it; null when there is none.
 * It may be a duration: ask only where a time is likely.
 */
export function leadingClock(line: string, context: TimeContext): (Timestamp & { rest: string }) | null {
  const start = line.charCodeAt(0) === BRACKET ? 1 : 0
  if (!isDigit(line.charCodeAt(start)) || !clock.test(line.slice(start, start + 12))) return null
  const found = findTime(line, start, context, true)
  if (!found) return null
  const { at, hasZone, end } = found
  if (start === 0) {
    const rest = restAfter(line, end)
    return rest === null ? null : { at, hasZone, rest }
  }
  if (line[end] === ']') return { at, hasZone, rest: line.slice(end + 1).replace(/^:? {1,2}/, '') }
  const rest = restAfter(line, end)
  return rest === null ? null : { at, hasZone, rest: `[${rest}` }
}

const clock = /^\d{1,2}:\d\d(?::\d\d(?!:)| ?[AaPp][Mm])/

const BRACKET = 91
const SPACE = 32

function bracketedTime(line: string, context: TimeContext): (Timestamp & { rest: string }) | null {
  const start = line.charCodeAt(1) === SPACE ? 2 : 1
  const first = line.charCodeAt(start)
  if (!isDigit(first) && !(first >= 65 && first <= 90 && isDigitNear(line))) return null
  const found = findTime(line, start, context) ?? leadingEpoch(line, start)
  if (!found) return null
  const { at, hasZone, end } = found
  const closing = /^ ?\]:?/.exec(line.slice(end, end + 3))
  if (closing) return { at, hasZone, rest: line.slice(end + closing[0].length).replace(/^ {1,2}/, '') }
  const rest = restAfter(line, end)
  return rest === null ? null : { at, hasZone, rest: `[${rest}` }
}

/** The signs that stand around a time in place of brackets, by the code of the first. */
const CLOSINGS: { readonly [code: number]: string } = { 34: '"', 40: ')', 60: '>' }

function enclosedTime(line: string, closing: string, context: TimeContext): (Timestamp & { rest: string }) | null {
  if (!isDigit(line.charCodeAt(1)) || !isDigitNear(line)) return null
  const found = findTime(line, 1, context)
  if (!found || line[found.end] !== closing) return null
  const { at, hasZone, end } = found
  return { at, hasZone, rest: line.slice(end + 1).replace(/^[:;,|]? {0,2}/, '') }
}

/** Names of months and days are followed by a number soon. */
function isDigitNear(line: string): boolean {
  for (let i = 3; i < 16; i++) if (isDigit(line.charCodeAt(i))) return true
  return false
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** What follows a time and its separator; null when the text goes on without one, so that it was no time. */
function restAfter(line: string, end: number): string | null {
  if (end === line.length) return ''
  const code = line.charCodeAt(end)
  if (code === SPACE) return line.slice(end + (line.charCodeAt(end + 1) === SPACE ? 2 : 1))
  const separator = /^(?:: |[|\t]|[,;] ?|(?=\]))/.exec(line.slice(end, end + 3))
  return separator ? line.slice(end + separator[0].length) : null
}

/** Seconds or milliseconds since 1970 at the beginning of a line. */
function leadingEpoch(line: string, start: number): FoundTime | null {
  epoch.lastIndex = start
  const found = epoch.exec(line)
  if (!found) return null
  const at = readNumber(Number(found[0]))
  return at === null ? null : { at, end: epoch.lastIndex, hasZone: true }
}

const epoch = /1\d{9}(?:\.\d{1,9}|\d{3})?(?![\w.:-])/y

/** `2026-11-21T08:00:00.123Z text` and `2026-11-21 08:00:00,123 text`, digit by digit: several times as fast as other ways. */
function plainTime(line: string, context: TimeContext): (Timestamp & { rest: string }) | null {
  const separator = line.charCodeAt(10)
  if (line.charCodeAt(4) !== 45 || (separator !== 84 && separator !== SPACE)) return null
  const seconds = plainSeconds(line)
  if (seconds === null) return null
  let end = 19
  let fraction = 0
  const mark = line.charCodeAt(19)
  if (mark === 46 || mark === 44) {
    let scale = 100
    end = 20
    for (let code = line.charCodeAt(end); isDigit(code) && end < 29; code = line.charCodeAt(++end)) {
      fraction += (code - 48) * scale
      scale /= 10
    }
    if (end === 20) return null
  }
  const hasZone = line.charCodeAt(end) === 90
  if (hasZone) end++
  const next = line.charCodeAt(end)
  // A zone may follow a space: only what cannot be one is read here.
  if (next !== SPACE || (!hasZone && !isPlainRest(line, end + 1))) return null
  const local = seconds + Math.floor(fraction + 1e-6)
  const at = hasZone ? local : instantOf(local, '', context)
  return at === null ? null : { at, hasZone, rest: line.slice(end + (line.charCodeAt(end + 1) === SPACE ? 2 : 1)) }
}

/** Whether the text begins neither with a zone nor with `AM` or `PM`. */
function isPlainRest(line: string, start: number): boolean {
  const code = line.charCodeAt(start)
  if (code === 43 || code === 45) return !isDigit(line.charCodeAt(start + 1))
  if (code < 65 || code > 122) return true
  return /^(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL|CRITICAL|NOTICE)\b/.test(line.slice(start, start + 9))
}

/** The seconds of `2026-11-21T08:00:00` as if it were UTC, epoch ms; null when there is no such time. */
function plainSeconds(text: string): number | null {
  if (text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return null
  const midnight = plainDay(text)
  const hour = two(text, 11)
  const minute = two(text, 14)
  const second = two(text, 17)
  if (midnight === null || !(hour <= 24 && minute <= 59 && second <= 60)) return null
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000
}

/** The last day that was read: almost all lines are of one. */
let knownDay = '-'
let knownMidnight = 0

/** Midnight of a text that begins with `2026-11-21`; null when there is no such day. */
function plainDay(text: string): number | null {
  if (text.startsWith(knownDay)) return knownMidnight
  const midnight = utcDay(two(text, 0) * 100 + two(text, 2), two(text, 5), two(text, 8))
  if (midnight !== null) {
    knownDay = text.slice(0, 10)
    knownMidnight = midnight
  }
  return midnight
}

function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function readText(text: string, context: TimeContext): Timestamp | null {
  const quick = readPlainIso(text)
  if (quick !== null) return { at: quick, hasZone: true }
  if (text.length > MAX_TEXT_LENGTH) return null
  if (text !== last.text || context.receivedAt !== last.receivedAt || context.timeZone !== last.timeZone)
    last = { text, receivedAt: context.receivedAt, timeZone: context.timeZone, time: readOther(text, context) }
  return last.time
}

/** The last text that was read: most programs write many lines in a second. */
let last: { text: string; receivedAt: number; timeZone: string; time: Timestamp | null } = {
  text: '',
  receivedAt: Number.NaN,
  timeZone: '',
  time: null,
}

function readOther(text: string, context: TimeContext): Timestamp | null {
  const bare = text.trim()
  if (bare === '' || bare === '-' || bare === '0' || bare.startsWith('0001-01-01T00:00:00')) return received(context)
  if (/^\d+(?:\.\d+)?$/.test(bare) && bare.length < 30) return zoned(readNumber(Number(bare)))
  const found = findTime(bare, 0, context, true)
  if (found) return found.end === bare.length ? { at: found.at, hasZone: found.hasZone } : null
  const date = microsoft.exec(bare)
  return date && zoned(readNumber(Number(date[1])))
}

const microsoft = /^\/Date\((\d{9,16})(?:[+-]\d{4})?\)\/$/

/** `2026-11-21T08:00:00.123Z`, the most common form of a field. */
function readPlainIso(text: string): number | null {
  const { length } = text
  if ((length !== 24 && length !== 20) || text.charCodeAt(length - 1) !== 90 || text.charCodeAt(10) !== 84) return null
  if (text[4] !== '-') return null
  const seconds = plainSeconds(text)
  if (length === 20 || seconds === null) return seconds
  const fraction = text[19] === '.' ? two(text, 20) * 10 + (two(text, 21) % 10) : Number.NaN
  return fraction >= 0 ? seconds + fraction : null
}

/** Protobuf's and Google's seconds and nanos, log4j's instant, MongoDB's date, and the list of numbers that Jackson makes. */
function readObject(value: { [name: string]: unknown }, context: TimeContext): Timestamp | null {
  if (Array.isArray(value)) return readList(value, context)
  const { seconds, nanos, epochSecond, nanoOfSecond, $date } = value
  if ($date !== undefined) return typeof $date === 'object' ? readLong($date) : readTimestamp($date, context)
  const whole = readSeconds(seconds ?? epochSecond)
  const fraction = nanos ?? nanoOfSecond
  // A fraction of a second or more is none, and must not move the time.
  const isFraction = typeof fraction === 'number' && fraction >= 0 && fraction < 1e9
  return whole === null ? null : zoned(whole + (isFraction ? Math.floor(fraction / 1e6) : 0))
}

function readLong(value: object | null): Timestamp | null {
  const long = (value as { $numberLong?: unknown } | null)?.$numberLong
  return typeof long === 'string' || typeof long === 'number' ? zoned(readNumber(Number(long))) : null
}

function readSeconds(value: unknown): number | null {
  return typeof value === 'number' || typeof value === 'string' ? readNumber(Number(value)) : null
}

/** `[2026,11,29,10,0,0,123456789]`: year to second, and nanoseconds. */
function readList(list: readonly unknown[], context: TimeContext): Timestamp | null {
  if (list.length < 5 || list.length > 7 || !list.every(part => Number.isInteger(part))) return null
  const [year, month, day, hour, minute, second = 0, nanos = 0] = list as number[]
  const midnight = utcDay(year!, month!, day!)
  if (midnight === null || !(hour! <= 24 && minute! <= 59 && second <= 60 && nanos < 1e9)) return null
  const local = midnight + ((hour! * 60 + minute!) * 60 + second) * 1000 + Math.floor(nanos / 1e6)
  const at = instantOf(local, '', context)
  return at === null ? null : { at, hasZone: false }
}

/** Seconds, milliseconds, microseconds or nanoseconds, by magnitude: no log is from before 1973 or after 2108. */
function readNumber(value: number): number | null {
  if (!(value >= MIN_NUMBER)) return null
  const ms = value < 1e11 ? value * 1e3 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6
  return ms < MAX_INSTANT_MS ? Math.floor(ms) : null
}

function received({ receivedAt }: TimeContext): Timestamp {
  return { at: receivedAt, hasZone: true }
}

function zoned(at: number | null): Timestamp | null {
  return at === null ? null : { at, hasZone: true }
}
