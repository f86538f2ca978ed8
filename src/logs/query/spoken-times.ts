// Times and durations as people say them: `5min`, `2 hours`, `10 minutes ago`, `monday`, `8am`, `now-2h`.
import { DAY, HOUR, MINUTE, parseDuration, parseTime, SECOND, WEEK } from '../../time.ts'

const UNITS: [RegExp, number][] = [
  [/^(?:ms|msecs?|millis|milliseconds?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, SECOND],
  [/^(?:m|mins?|minutes?)$/, MINUTE],
  [/^(?:h|hrs?|hours?)$/, HOUR],
  [/^(?:d|days?)$/, DAY],
  [/^(?:w|wks?|weeks?)$/, WEEK],
  [/^(?:mo|months?)$/, 30 * DAY],
  [/^(?:y|yrs?|years?)$/, 365 * DAY],
]
const UNIT_NAMES = '(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?)'
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const WEEKDAY = '(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?'
const CLOCK = String.raw`\d{1,2}:\d{2}(?::\d{2})?|\d{1,2}(?::\d{2})?\s?[ap]m|noon|midnight`
const DATE = String.raw`\d{4}-\d\d-\d\d`

const durationPart = /(\d+(?:\.\d+)?|(?:an?|one|half an?)(?=\s))\s*([a-z]+)/g
const wholeDay = new RegExp(String.raw`^(?:today|yesterday|${DATE}|(?:last\s+)?${WEEKDAY})$`, 'i')
const clockOrDay = new RegExp(`^(?:${CLOCK}|${DATE}(?:[T ].*)?|now\\b.*|today|yesterday|${WEEKDAY})$`, 'i')
/** What may follow the value of a time after a space: `since:monday 14:00`, `last:2 hours`, `since:10 minutes ago`. */
const AFTER_DAY = new RegExp(String.raw`\s+(${CLOCK})(?=[\s)]|$)`, 'iy')
const AFTER_NUMBER = new RegExp(String.raw`\s+(${UNIT_NAMES}(?:\s+ago)?|ago)(?=[\s)]|$)`, 'iy')
const AFTER_LAST = new RegExp(String.raw`\s+(${WEEKDAY}|${UNIT_NAMES})(?=[\s)]|$)`, 'iy')

/** What belongs to the unquoted value of a time although a space stands before it; null when nothing does. */
export function restOfTime(value: string, query: string, end: number): { text: string; end: number } | null {
  const pattern = wholeDay.test(value)
    ? AFTER_DAY
    : /^(?:last|past)$/i.test(value)
      ? AFTER_LAST
      : /^(?:\d|an?$|one$)/i.test(value)
        ? AFTER_NUMBER
        : null
  if (pattern === null) return null
  pattern.lastIndex = end
  const found = pattern.exec(query)
  return found && { text: `${value} ${found[1]}`, end: end + found[0].length }
}

/** A duration in ms: `15m`, `5min`, `2 hours`, `1 hour 30 minutes`, `an hour`, `week`; null for other text. */
export function spokenDuration(text: string): number | null {
  const word = text
    .trim()
    .toLowerCase()
    .replace(/^(?:the\s+)?(?:last|past)\s+/, '')
  const short = parseDuration(word)
  if (short !== null) return short
  const unit = unitOf(word)
  if (unit !== null && word.length > 2) return unit
  let total = 0
  const rest = word.replace(durationPart, (part, amount: string, name: string) => {
    const size = unitOf(name)
    if (size === null) return part
    total += size * (/^\d/.test(amount) ? Number(amount) : amount.startsWith('half') ? 0.5 : 1)
    return ''
  })
  return total > 0 && /^(?:[\s,]|and)*$/.test(rest) ? Math.round(total) : null
}

/** An instant (epoch ms) as people say it; a weekday is the last one, today included. Null for other text. */
export function spokenInstant(text: string, now: number, timeZone: string): number | null {
  const word = text.trim().toLowerCase().replace(/\s+/g, ' ')
  const ago = /^(.+?) ?(?:ago|back)$/.exec(word) ?? /^now ?- ?(.+)$/.exec(word) ?? /^-(.+)$/.exec(word)
  const back = spokenDuration(ago ? ago[1]! : word)
  if (back !== null) return now - back
  if (/^\d{10}(?:\d{3})?$/.test(word)) return word.length === 10 ? Number(word) * SECOND : Number(word)
  const named = withWeekday(word, now, timeZone)
  return named === null ? null : parseTime(withClock(named), now, timeZone)
}

/** Whether a text is a day as a whole, such as `monday`. */
export function isWholeDay(text: string): boolean {
  return wholeDay.test(text.trim())
}

/** Whether a value is clearly a time of day or a date, whatever its name. */
export function isTimeText(text: string): boolean {
  return clockOrDay.test(text)
}

function unitOf(name: string): number | null {
  return UNITS.find(([pattern]) => pattern.test(name))?.[1] ?? null
}

/** `2026-11-16 14:00` of `monday 14:00`; null when a day is named that there is not. */
function withWeekday(word: string, now: number, timeZone: string): string | null {
  const found = new RegExp(`^(last )?(${WEEKDAY})(?: (.+))?$`).exec(word)
  if (!found) return word
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate()
  const days = (today.dayOfWeek - 1 - WEEKDAYS.indexOf(found[2]!.slice(0, 3)) + 7) % 7
  const date = today.subtract({ days: days === 0 && found[1] ? 7 : days })
  return `${date}${found[3] ? ` ${withClock(found[3])}` : ' 00:00'}`
}

/** Clocks of twelve hours, noon and midnight as `hh:mm`. */
function withClock(word: string): string {
  return word
    .replace(/\bnoon$/, '12:00')
    .replace(/\bmidnight$/, '00:00')
    .replace(/\b(\d{1,2})(:\d{2})? ?([ap])m$/, (clock, hour: string, minutes: string | undefined, half: string) => {
      const hours = Number(hour)
      if (hours < 1 || hours > 12) return clock
      return `${String((hours % 12) + (half === 'p' ? 12 : 0)).padStart(2, '0')}${minutes ?? ':00'}`
    })
    .replace(/^(\d{4}-\d\d-\d\d) (\d:)/, '$1 0$2')
}
