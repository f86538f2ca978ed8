// Reads systemd's OnCalendar expressions: `Sat *-*-1..7 04:00`, `Mon..Fri 09:00`, `daily`. See systemd.time(7) and
// calendarspec.c of systemd.
import { invalid } from '../../problem.ts'
import { isTimeZone } from '../../time-zone.ts'

/** A value, a range or a repetition: from `start`, every `repeat` up to `stop` (null: no end). */
export type Component = { start: number; stop: number | null; repeat: number }
/** What a field may be; null is `*`. */
export type Chain = readonly Component[] | null

/** A parsed expression. Seconds are in ms; `weekdays` has Monday as bit 0, and 0 stands for any day. */
export type CalendarSpec = {
  weekdays: number
  year: Chain
  month: Chain
  day: Chain
  /** The days count from the end of the month: `~03`. */
  isFromEnd: boolean
  hour: Chain
  minute: Chain
  second: Chain
  /** The time zone at the end of the expression, else null. */
  timeZone: string | null
}

/** systemd's words for whole expressions. */
export const CALENDAR_WORDS: ReadonlyMap<string, string> = new Map([
  ['minutely', '*-*-* *:*:00'],
  ['hourly', '*-*-* *:00:00'],
  ['daily', '*-*-* 00:00:00'],
  ['monthly', '*-*-01 00:00:00'],
  ['weekly', 'Mon *-*-* 00:00:00'],
  ['yearly', '*-01-01 00:00:00'],
  ['annually', '*-01-01 00:00:00'],
  ['anually', '*-01-01 00:00:00'],
  ['quarterly', '*-01,04,07,10-01 00:00:00'],
  ['semiannually', '*-01,07-01 00:00:00'],
  ['semi-annually', '*-01,07-01 00:00:00'],
  ['biannually', '*-01,07-01 00:00:00'],
  ['bi-annually', '*-01,07-01 00:00:00'],
])

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

type FieldRange = { name: string; low: number; high: number }
const YEAR: FieldRange = { name: 'year', low: 1970, high: 2199 }
const MONTH: FieldRange = { name: 'month', low: 1, high: 12 }
const DAY: FieldRange = { name: 'day', low: 1, high: 31 }
const HOUR: FieldRange = { name: 'hour', low: 0, high: 23 }
const MINUTE: FieldRange = { name: 'minute', low: 0, high: 59 }
const SECOND: FieldRange = { name: 'second', low: 0, high: 59 }

const SHAPE = 'Write weekdays, a date and a time, as in "Mon..Fri *-*-* 09:00", or a word such as daily.'

/** Reads an expression. Throws `invalid` (field `on-calendar`) with what is wrong with it. */
export function readCalendar(expression: string): CalendarSpec {
  const words = expression.trim().split(/\s+/).filter(Boolean)
  const zone = words.length > 1 && isZone(words.at(-1)!) ? words.pop()! : null
  const known = words.length === 1 ? CALENDAR_WORDS.get(words[0]!.toLowerCase()) : undefined
  const parts = known === undefined ? words : known.split(' ')
  const refuse = (why: string) => invalid('on-calendar', `"${expression}" is no OnCalendar expression: ${why}`)
  if (parts.length === 0) throw refuse(`it is empty. ${SHAPE}`)
  if (parts[0]!.startsWith('@')) throw refuse('a single instant has no next run.')
  const weekdays = /^[a-z]/i.test(parts[0]!) ? readWeekdays(parts.shift()!, refuse) : 0
  const date = parts[0]?.includes('-') || parts[0]?.includes('~') ? parts.shift()! : null
  const time = parts.shift() ?? null
  if (parts.length > 0) throw refuse(`"${parts[0]}" follows the time. ${SHAPE}`)
  if (time !== null && !time.includes(':')) throw refuse(`"${time}" is neither a date nor a time. ${SHAPE}`)
  return { weekdays, ...readDate(date, refuse), ...readTime(time, refuse), timeZone: zone }
}

/** Names of zones have a capital letter or a slash; `daily` and `mon` are none. */
function isZone(word: string): boolean {
  if (/^utc$/i.test(word)) return true
  const isWeekday = WEEKDAYS.some(day => day === word.toLowerCase() || day.slice(0, 3) === word.toLowerCase())
  return !isWeekday && /^[A-Z][\w+-]*(\/[\w+-]+)*$/.test(word) && isTimeZone(word)
}

type Refuse = (why: string) => Error

function readWeekdays(text: string, refuse: Refuse): number {
  let bits = 0
  for (const item of text.replace(/,$/, '').split(',')) {
    const [first, last = first, ...more] = item.split(/\.\.|-/)
    const [from, to] = [weekday(first!), weekday(last!)]
    if (from < 0 || to < 0 || more.length > 0) {
      throw refuse(`"${item}" is no weekday. Write Mon, Mon,Wed or Mon..Fri.`)
    }
    if (to < from) throw refuse(`${item} runs backwards: write ${first}..Sun,Mon..${last}.`)
    for (let day = from; day <= to; day++) bits |= 1 << day
  }
  return bits
}

function weekday(name: string): number {
  const lower = name.toLowerCase()
  return WEEKDAYS.findIndex(day => day === lower || day.slice(0, 3) === lower)
}

function readDate(text: string | null, refuse: Refuse): Pick<CalendarSpec, 'year' | 'month' | 'day' | 'isFromEnd'> {
  if (text === null) return { year: null, month: null, day: null, isFromEnd: false }
  const isFromEnd = text.includes('~')
  // The last sign before the day may be ~, which counts from the end of the month.
  const parts = text.split(/[-~]/)
  const misplaced = isFromEnd && !/^[^~]*~[^~-]*$/.test(text)
  if (parts.length < 2 || parts.length > 3 || misplaced) {
    throw refuse(`the date "${text}" is not year-month-day. Write *-*-01, 2026-12-24 or *-02~03.`)
  }
  const [day, month, year = '*'] = parts.toReversed()
  return {
    year: readChain(YEAR, year, refuse, fullYear),
    month: readChain(MONTH, month!, refuse),
    // Some months end 28 days after their first, so no day lies further from the end.
    day: readChain(isFromEnd ? { ...DAY, high: 28 } : DAY, day!, refuse, undefined, isFromEnd),
    isFromEnd,
  }
}

function readTime(text: string | null, refuse: Refuse): Pick<CalendarSpec, 'hour' | 'minute' | 'second'> {
  const [hour, minute, second = '0', ...more] = text === null ? ['0', '0'] : text.split(':')
  if (minute === undefined || more.length > 0)
    throw refuse(`the time "${text}" is not hour:minute or hour:minute:second.`)
  return {
    hour: readChain(HOUR, hour!, refuse),
    minute: readChain(MINUTE, minute, refuse),
    second: inMilliseconds(readChain(SECOND, second, refuse)),
  }
}

function fullYear(year: number): number {
  if (year >= 100) return year
  return year + (year < 70 ? 2000 : 1900)
}

/** `*` for the second is every whole second. */
function inMilliseconds(chain: Chain): Chain {
  if (chain === null) return [{ start: 0, stop: null, repeat: 1000 }]
  const ms = (seconds: number) => Math.round(seconds * 1000)
  return chain.map(({ start, stop, repeat }) => ({
    start: ms(start),
    stop: stop === null ? null : ms(stop),
    repeat: ms(repeat),
  }))
}

function readChain(
  field: FieldRange,
  text: string,
  refuse: Refuse,
  convert = (value: number) => value,
  isFromEnd = false,
): Chain {
  if (text === '*') return null
  return text.split(',').map(item => readComponent(field, item, refuse, convert, isFromEnd))
}

function readComponent(
  field: FieldRange,
  item: string,
  refuse: Refuse,
  convert: (value: number) => number,
  isFromEnd: boolean,
): Component {
  const form = field === SECOND ? SECOND_FORM : NUMBER_FORM
  const [, from, to, step] = form.exec(item) ?? []
  if (from === undefined) {
    const star = item.startsWith('*/') ? ` Write ${field.low}${item.slice(1)} instead of ${item}.` : ''
    throw refuse(`the ${field.name} "${item}" is neither a number, a range as 1..5 nor a repetition as 1/2.${star}`)
  }
  const start = convert(Number(from))
  const stop = to === undefined ? null : convert(Number(to))
  const isOutside = (value: number) => value < field.low || Math.floor(value) > field.high
  if (isOutside(start) || isOutside(stop ?? start)) {
    throw refuse(`the ${field.name} ${item} is not from ${field.low} to ${field.high}.`)
  }
  if (Number(step) === 0) throw refuse(`${item} repeats every 0.`)
  if (stop !== null) return closed(start, stop, Number(step ?? 1), () => refuse(`${item} runs backwards.`))
  const repeat = Number(step ?? 0)
  const isOnce = isFromEnd ? start - repeat < field.low : start + repeat > field.high + (field === SECOND ? 1 : 0)
  if (repeat > 0 && isOnce) throw refuse(`${item} never repeats within the ${field.name}s there are.`)
  return { start, stop, repeat }
}

const NUMBER_FORM = /^(\d+)(?:\.\.(\d+))?(?:\/(\d+))?$/
const SECOND_FORM = /^(\d+(?:\.\d{1,6})?)(?:\.\.(\d+(?:\.\d{1,6})?))?(?:\/(\d+(?:\.\d{1,6})?))?$/

/** A range up to the last value that it has; one that has room for its first value only is that value. */
function closed(start: number, stop: number, repeat: number, refuse: () => Error): Component {
  if (stop < start) throw refuse()
  const steps = Math.floor((stop - start) / repeat)
  return steps === 0 ? { start, stop: null, repeat: 0 } : { start, stop: start + steps * repeat, repeat }
}
