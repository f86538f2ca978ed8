// Parses the time formats that programs write: numbers since 1970 of any unit, RFC 3339 and its dialects, and those of
// Apache, nginx, mail and syslog. Instants are epoch ms; a time without a zone is UTC.

/** Smaller numbers, which would be times before 1973, are counters. */
const MIN_NUMBER = 1e8
/** The last instant of a JavaScript date. */
const MAX_INSTANT_MS = 8.64e15
const DAY = 86_400_000

/**
 * The instant of a value: `receivedAt` when it is empty (missing, null, 0, `''`, `-`, Go's zero time), null when it is not a
 * time.
 */
export function readTimestamp(value: unknown, receivedAt: number): number | null {
  if (typeof value === 'string') return readText(value, receivedAt)
  if (typeof value === 'number') return value === 0 ? receivedAt : readNumber(value)
  if (value === undefined || value === null) return receivedAt
  if (typeof value !== 'object') return null
  // Protobuf's timestamp as Google logs it, and MongoDB's.
  const { seconds, nanos, $date } = value as { [name: string]: unknown }
  if ($date !== undefined) return typeof $date === 'object' ? null : readTimestamp($date, receivedAt)
  const whole = typeof seconds === 'number' || typeof seconds === 'string' ? readNumber(Number(seconds)) : null
  return whole === null ? null : whole + (typeof nanos === 'number' ? Math.floor(nanos / 1e6) : 0)
}

/** The time at the beginning of a text line, in brackets or not, and the rest of the line; null when there is none. */
export function leadingTimestamp(line: string, receivedAt: number): { timestamp: number; rest: string } | null {
  const first = line.charCodeAt(line.startsWith('[') ? 1 : 0)
  // A time begins with a digit or a capital letter; most lines do not and return here.
  if (!((first >= 48 && first <= 57) || (first >= 65 && first <= 90))) return null
  const head = line.slice(0, 64)
  for (const pattern of LEADING) {
    const found = pattern.exec(head)
    const timestamp = found && readText(found[1]!, receivedAt)
    if (timestamp) return { timestamp, rest: line.slice(found[0].length) }
  }
  return null
}

const ISO_TIME = String.raw`\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?`
const SYSLOG_TIME = String.raw`[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,6})?`
const LEADING = [
  `\\[?(${ISO_TIME})\\]?(?::? |$)`,
  `\\[?((?:[A-Z][a-z]{2} )?${SYSLOG_TIME}(?: \\d{4})?)\\]?(?: |$)`,
  `\\[?([A-Z][a-z]{2}, \\d{1,2} [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d (?:GMT|UTC|[+-]\\d{4}))\\]?(?: |$)`,
  '\\[?(\\d{1,2}/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4})\\]?(?: |$)',
  '\\[?(1\\d{9}(?:\\.\\d{1,9}|\\d{3})?)\\]?(?: |$)',
].map(source => new RegExp(`^${source}`))

/** Seconds, milliseconds, microseconds or nanoseconds, by magnitude: no log is from before 1973 or after 5138. */
function readNumber(value: number): number | null {
  if (!(value >= MIN_NUMBER)) return null
  const ms = value < 1e11 ? value * 1e3 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6
  return ms <= MAX_INSTANT_MS ? Math.floor(ms) : null
}

const rfc3339 =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?\s?(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?: [A-Z]{3,4}| ?\[[\w/+-]{1,40}\])?$/
const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/
const apache = /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?: ([+-]\d{4}))?$/
const mail = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ?(GMT|UTC|Z|[+-]\d{4})?$/
const spelled = /^(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: (\d{4}))?$/
const microsoft = /^\/Date\((\d{9,16})(?:[+-]\d{4})?\)\/$/

function readText(text: string, receivedAt: number): number | null {
  const quick = readPlainIso(text)
  if (quick !== null) return quick
  if (text.length > 80) return null
  const bare = text.trim()
  if (bare === '' || bare === '-' || bare === '0' || bare.startsWith('0001-01-01T00:00:00')) return receivedAt
  if (/^\d+(?:\.\d+)?$/.test(bare) && bare.length < 30) return readNumber(Number(bare))
  let found = rfc3339.exec(bare) ?? basic.exec(bare)
  if (found) return instant(found[1]!, Number(found[2]), found[3]!, found.slice(4, 8), found[8])
  found = apache.exec(bare)
  if (found) return instant(found[3]!, month(found[2]!), found[1]!, found.slice(4, 7), found[7])
  found = mail.exec(bare)
  if (found) return instant(found[3]!, month(found[2]!), found[1]!, found.slice(4, 7), found[7])
  found = spelled.exec(bare)
  if (found) return spelledInstant(found, receivedAt)
  found = microsoft.exec(bare)
  return found && readNumber(Number(found[1]))
}

/** `2026-11-21T08:00:00.123Z`, the most common format, digit by digit: several times as fast as other ways. */
function readPlainIso(text: string): number | null {
  const length = text.length
  if ((length !== 24 && length !== 20) || text.charCodeAt(length - 1) !== 90 || text.charCodeAt(10) !== 84) return null
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return null
  const year = two(text, 0) * 100 + two(text, 2)
  const date = utc(year, two(text, 5), two(text, 8), two(text, 11), two(text, 14), two(text, 17))
  if (length === 20 || date === null) return date
  const fraction = text[19] === '.' ? two(text, 20) * 10 + (two(text, 21) % 10) : Number.NaN
  return fraction >= 0 ? date + fraction : null
}

function two(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48]
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** The time of syslog has no year (RFC 3164): it is the last such day that is at most a day after the receipt. */
function spelledInstant(found: RegExpExecArray, receivedAt: number): number | null {
  const [, name, day, hour, minute, second, fraction, year] = found
  const clock = [hour, minute, second, fraction]
  if (year !== undefined) return instant(year, month(name!), day!, clock, undefined)
  const next = new Date(receivedAt).getUTCFullYear() + 1
  for (let tried = next; tried > next - 9; tried--) {
    const at = instant(String(tried), month(name!), day!, clock, undefined)
    if (at !== null && at <= receivedAt + DAY) return at
  }
  return null
}

function instant(
  year: string,
  monthNumber: number,
  day: string,
  [hour, minute, second, fraction]: (string | undefined)[],
  zone: string | undefined,
): number | null {
  const seconds = utc(
    Number(year),
    monthNumber,
    Number(day),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  )
  const offset = zoneOffset(zone)
  if (seconds === null || offset === null) return null
  const at = seconds + Math.floor(Number(`0.${fraction ?? 0}`) * 1000) - offset
  return at >= MIN_NUMBER * 1000 ? at : null
}

/** Null when there is no such day or time; a leap second counts as the one after. */
function utc(
  year: number,
  monthNumber: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  if (!(hour <= 24 && minute <= 59 && second <= 60 && year >= 1973 && day >= 1)) return null
  const days =
    monthNumber === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : DAYS[monthNumber - 1]
  return days !== undefined && day <= days ? Date.UTC(year, monthNumber - 1, day, hour, minute, second) : null
}

const DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function zoneOffset(zone: string | undefined): number | null {
  const found = zone === undefined ? null : /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (!found) return 0
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0)
  return minutes > 18 * 60 ? null : (found[1] === '-' ? -minutes : minutes) * 60_000
}

function month(name: string): number {
  return 1 + 'JanFebMarAprMayJunJulAugSepOctNovDec'.indexOf(name) / 3
}
