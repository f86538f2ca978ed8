// When a cron job is due next, with clock changes handled as in Debian's cron.

import { CronDate, CronPattern } from 'croner'
import { BoundedMap } from '../bounded-map.ts'
import { invalid } from '../problem.ts'
import { plainTyping } from '../text.ts'
import { HOUR } from '../time.ts'
import { type ClockSpan, clockSpan, timeZoneId } from '../time-zone.ts'

/** A parsed cron expression in a time zone; made by `parseCron` and read only by `nextRun`. */
export type CronSchedule = {
  readonly expression: string
  readonly timeZone: string
  readonly pattern: CronPattern
  /** Must a day match day-of-month and day-of-week, or is either enough? */
  readonly days: 'both' | 'either'
  /** What a clock change does: each wall-clock time runs once, or at every real occurrence. */
  readonly runs: 'once' | 'every'
}

type Field = { name: string; low: number; high: number; steps: number; names?: string[]; form?: RegExp; also?: string }

/** What the fields of an expression may hold, in croner's order. Sunday is both 0 and 7, and steps count it once. */
const FIELDS: Field[] = [
  { name: 'second', low: 0, high: 59, steps: 60 },
  { name: 'minute', low: 0, high: 59, steps: 60 },
  { name: 'hour', low: 0, high: 23, steps: 24 },
  { name: 'day-of-month', low: 1, high: 31, steps: 31, form: /^(?:L|LW|(?<of>\d+)W)$/i, also: ', L, LW or 15W' },
  { name: 'month', low: 1, high: 12, steps: 12, names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ') },
  {
    name: 'day-of-week',
    low: 0,
    high: 7,
    steps: 7,
    names: 'SUN MON TUE WED THU FRI SAT'.split(' '),
    form: /^(?<of>[\w-]+?)(?<nth>#[1-5]|#?L)$/i,
    also: ', MON#2 (the second) or FRI#L (the last)',
  },
]

const NICKNAMES = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

// cron(8): "Local time changes of less than three hours ... are handled specially"; for others "the new time is used
// immediately".
const CORRECTION_MS = 3 * HOUR

/** About 3 KB each, so at most a dozen megabytes. */
const CACHE_SIZE = 4096
const cache = new BoundedMap<string, CronSchedule>(CACHE_SIZE)

/** `parseCron` with a cache of the schedules used most recently. */
export function cronSchedule(expression: string, timeZone: string): CronSchedule {
  const key = `${timeZone}\n${expression}`
  const cached = cache.get(key)
  if (cached) return cached
  const schedule = parseCron(expression, timeZone)
  cache.set(key, schedule)
  return schedule
}

/**
 * Reads five cron fields, six with seconds first, or a nickname such as `@daily`, in the syntax of Debian's crontab(5)
 * and croner's L, W and #. Throws `invalid` (field `cron` or `tz`) for what cannot be read and for a day that never comes.
 */
export function parseCron(expression: string, timeZone: string): CronSchedule {
  const zone = timeZoneId(timeZone)
  const fields = splitFields(expression)
  const [, minute = '', hour = '', dayOfMonth = '', , dayOfWeek = ''] = fields
  const starts = (field: string) => field.startsWith('*')
  const schedule: CronSchedule = {
    expression,
    timeZone: zone,
    pattern: readPattern(expression, fields),
    // crontab(5): the star flag belongs to a field that begins with a star, so also to */2.
    days: starts(dayOfMonth) || starts(dayOfWeek) ? 'both' : 'either',
    runs: starts(minute) || starts(hour) ? 'every' : 'once',
  }
  if (nextMatch(schedule, Date.UTC(2000)) === null) {
    throw invalid('cron', `"${expression}" never comes due: none of its months has such a day.`)
  }
  return schedule
}

/**
 * The first due instant strictly after `after` (both epoch ms); null when none comes within 400 years.
 *
 * Clock changes follow vixie cron (Debian's cron(8)). A job with a wildcard minute or hour runs at every real occurrence.
 * Any other job runs each wall-clock time once: right after the gap when it was skipped, the first time when it is repeated.
 */
export function nextRun(schedule: CronSchedule, after: number): number | null {
  let span = clockSpan(schedule.timeZone, after)
  let seen = Math.max(after + span.offset, firstWall(schedule, span) - 1)
  let wall = nextMatch(schedule, seen)
  while (wall !== null) {
    // A wall time that was skipped reads as before the span, and is due as it starts.
    const due = Math.max(wall - span.offset, span.start)
    if (due < span.end) return due
    span = clockSpan(schedule.timeZone, span.end)
    const first = firstWall(schedule, span)
    // Searching is the dear part: only again when the change skipped the match, or repeats time before it.
    if (wall < first || first <= seen) {
      seen = first - 1
      wall = nextMatch(schedule, seen)
    }
  }
  return null
}

/** The first wall-clock time (as if it were UTC) that is to run in `span`. */
function firstWall(schedule: CronSchedule, span: ClockSpan): number {
  const change = Math.abs(span.offset - span.offsetBefore)
  if (schedule.runs === 'every' || change >= CORRECTION_MS) return span.start + span.offset
  // Where the clocks stood at the change: what forward skipped is still to run, what backward repeats has run.
  return span.start + span.offsetBefore
}

/** The first wall-clock time (as if it were UTC) after `wall` that the fields match, to the second. */
function nextMatch(schedule: CronSchedule, wall: number): number | null {
  const date = new CronDate(new Date(wall), 0)
  return date.increment(schedule.pattern, { domAndDow: schedule.days === 'both' }, false)?.getTime() ?? null
}

/** Whether a word could be a field of a cron expression: `*`, `1-5`, `MON`, `5/10`; no command is. */
export function isCronField(word: string): boolean {
  return CRON_FIELD.test(word)
}

const CRON_FIELD = new RegExp(
  `^(?:[*?\\d,/#LW-]|(?:${FIELDS.flatMap(field => field.names ?? []).join('|')})(?![a-z]))+$`,
  'i',
)

/** The six fields of an expression, a nickname written out. */
function splitFields(expression: string): string[] {
  const text = plainTyping(expression).trim()
  const known = NICKNAMES.get(text.toLowerCase())
  if (text.startsWith('@') && !known) {
    const period = /^@every\s+(\S+)$/i.exec(text)?.[1]
    if (period) throw invalid('cron', `"${text}" is a period: write --every ${period} instead of --cron.`)
    const why = /^@reboot$/i.test(text) ? 'has no time, so no beat can be late' : 'is not a schedule'
    throw invalid('cron', `"${text}" ${why}. Use five cron fields, or one of ${[...NICKNAMES.keys()].join(', ')}.`)
  }
  // croner takes ? for * as well.
  const fields = (known ?? text).replaceAll('?', '*').split(/\s+/).filter(Boolean)
  const count = fields.length
  if (count === 5) fields.unshift('0')
  if (fields.length === FIELDS.length) return fields
  const order = 'minute, hour, day-of-month, month and day-of-week'
  throw invalid(
    'cron',
    `A cron expression has five fields (${order}), or six with second first; "${text}" has ${count}.`,
  )
}

function readPattern(expression: string, fields: string[]): CronPattern {
  const text = fields.map((field, i) => readField(expression, FIELDS[i]!, field)).join(' ')
  try {
    const pattern = new CronPattern(text, undefined, { mode: '6-part' })
    // Ten thousand entries, which croner does not read when every year matches.
    pattern.year = []
    return pattern
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^CronPattern: |\.$/g, '') : String(cause)
    throw invalid('cron', `"${expression}" cannot be read as a cron expression: ${why}.`)
  }
}

/** One field as croner reads it, in numbers; throws for a value, range or step that the field cannot hold. */
function readField(expression: string, field: Field, text: string): string {
  const refuse = (why: string) => invalid('cron', `The ${field.name} field of "${expression}" ${why}.`)
  // croner's +, before a day-of-week: both kinds of day must match.
  const both = field.name === 'day-of-week' && text.startsWith('+') ? '+' : ''
  const items = text.slice(both.length).split(',')
  return both + items.map(item => readItem(field, item, refuse)).join(',')
}

function readItem(field: Field, item: string, refuse: (why: string) => Error): string {
  const special = field.form?.exec(item)?.groups
  if (!special) return readRange(field, item, refuse)
  return special.of ? `${readRange(field, special.of, refuse)}${special.nth ?? 'W'}` : item
}

/** Words of other programs that look like cron, and what to write. */
const OTHER_SYNTAX: { form: RegExp; what: string }[] = [
  { form: /^H(\(|\/|$)/, what: 'H is a time that Jenkins chooses. Write the one at which the job really runs' },
  { form: /~/, what: '~ is a time that cron chooses at random. Write the latest one and a longer --grace' },
  { form: /^L-\d+$/i, what: 'days before the end of the month are not read. With --on-calendar write *-*~03 for L-2' },
  { form: /^\d+\.\.\d+$/, what: 'a range is written as 1-5 in cron. --on-calendar takes 1..5' },
]

function readRange(field: Field, item: string, refuse: (why: string) => Error): string {
  const other = OTHER_SYNTAX.find(({ form }) => form.test(item))
  if (other) throw refuse(`has "${item}": ${other.what}`)
  const parts = /^(?:\*|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/.exec(item)?.groups
  if (!parts) {
    throw refuse(
      `has "${item}" where it takes *, a number, a range as 1-5, a step as */10, a list of these${field.also ?? ''}`,
    )
  }
  const step = parts.step === undefined ? '' : `/${Number(parts.step)}`
  if (step && !(Number(parts.step) >= 1 && Number(parts.step) <= field.steps)) {
    throw refuse(`has ${item}, and its steps go from 1 to ${field.steps}`)
  }
  if (parts.from === undefined) return item
  const from = readValue(field, parts.from, refuse)
  // crontab(5) leaves 5/15 open; Healthchecks reads it as from 5 to the end.
  let to = parts.to === undefined ? (step ? field.high : from) : readValue(field, parts.to, refuse)
  if (to === 0 && /^sun$/i.test(parts.to ?? '') && from > 0) to = 7
  if (to < from) {
    throw refuse(`has ${item}, which runs backwards: write ${from}-${field.high},${field.low}-${to}`)
  }
  return to === from ? `${from}` : `${from}-${to}${step}`
}

function readValue(field: Field, text: string, refuse: (why: string) => Error): number {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1
  const value = named >= 0 ? named + field.low : /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= field.low && value <= field.high) return value
  const names = field.names ? ` or ${field.names[0]} to ${field.names.at(-1)}` : ''
  throw refuse(`has ${text}, and its values go from ${field.low} to ${field.high}${names}`)
}
