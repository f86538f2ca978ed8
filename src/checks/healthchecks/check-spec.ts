// What a request of Healthchecks' API says about a check, and the errors it is answered with: `Spec` of hc/api/views.py. Pure.
import { DAY, SECOND } from '../../time.ts'
import { isTimeZone } from '../../time-zone.ts'
import { cronSchedule, nextRun } from '../cron.ts'
import { onCalendar } from '../on-calendar/next-elapse.ts'

/** The fields by which an existing check is found. */
const UNIQUE_FIELDS = ['name', 'slug', 'tags', 'timeout', 'grace'] as const

/** The fields of a request that are there; durations in seconds, as they were sent. */
export type CheckSpec = {
  channels?: string
  desc?: string
  failure_kw?: string
  filter_subject?: boolean
  filter_body?: boolean
  filter_http_body?: boolean
  filter_default_fail?: boolean
  grace?: number
  manual_resume?: boolean
  methods?: '' | 'POST'
  name?: string
  schedule?: string
  slug?: string
  start_kw?: string
  subject?: string
  subject_fail?: string
  success_kw?: string
  tags?: string
  timeout?: number
  tz?: string
  unique?: readonly (typeof UNIQUE_FIELDS)[number][]
}

/** A request that is answered 400 with `message` as its `error`. */
export class SpecError extends Error {}

const MIN_SECONDS = 60
const MAX_SECONDS = (365 * DAY) / SECOND
const MAX_KEYWORDS_LENGTH = 200
const MAX_NAME_LENGTH = 100
const CRON_FIELDS = 5
const MAX_TAGS_LENGTH = 500
const MAX_DESCRIPTION_LENGTH = 10_000

/** What is wrong with a value, after the name of its field; null when nothing is. */
type Rule = (value: unknown) => string | null

const text =
  (max: number): Rule =>
  value =>
    typeof value !== 'string' ? 'is not a string' : [...value].length > max ? 'is too long' : null
const flag: Rule = value => (typeof value === 'boolean' ? null : 'is not a boolean')
const seconds: Rule = value => {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'is not a number'
  return value < MIN_SECONDS ? 'is too small' : value > MAX_SECONDS ? 'is too large' : null
}
const both =
  (first: Rule, second: (value: string) => string | null): Rule =>
  value =>
    first(value) ?? second(value as string)

/** In the order in which Healthchecks reports their errors. */
const RULES: { readonly [field in Exclude<keyof CheckSpec, 'unique'>]-?: Rule } = {
  channels: text(Number.POSITIVE_INFINITY),
  desc: text(MAX_DESCRIPTION_LENGTH),
  failure_kw: text(MAX_KEYWORDS_LENGTH),
  filter_subject: flag,
  filter_body: flag,
  filter_http_body: flag,
  filter_default_fail: flag,
  grace: seconds,
  manual_resume: flag,
  methods: value => (value === '' || value === 'POST' ? null : 'has unexpected value'),
  name: text(MAX_NAME_LENGTH),
  schedule: both(text(MAX_NAME_LENGTH), value =>
    isSchedule(value) ? null : 'is not a valid cron or OnCalendar expression',
  ),
  slug: both(text(MAX_NAME_LENGTH), value => (/^[a-z0-9-_]*$/.test(value) ? null : 'does not match pattern')),
  start_kw: text(MAX_KEYWORDS_LENGTH),
  success_kw: text(MAX_KEYWORDS_LENGTH),
  subject: text(MAX_KEYWORDS_LENGTH),
  subject_fail: text(MAX_KEYWORDS_LENGTH),
  tags: text(MAX_TAGS_LENGTH),
  timeout: seconds,
  tz: both(text(MAX_NAME_LENGTH), value => (isTimeZone(value) ? null : 'is not a valid timezone')),
}

/** Reads the JSON of a request; unknown fields are ignored. Throws `SpecError` for the first wrong one. */
export function readSpec(json: { readonly [name: string]: unknown }): CheckSpec {
  const spec: { [name: string]: unknown } = {}
  for (const [field, rule] of Object.entries(RULES)) {
    if (!Object.hasOwn(json, field)) continue
    const wrong = rule(json[field])
    if (wrong !== null) throw new SpecError(`json validation error: ${field} ${wrong}`)
    spec[field] = json[field]
  }
  if (Object.hasOwn(json, 'unique')) spec.unique = readUnique(json.unique)
  return spec as CheckSpec
}

function readUnique(value: unknown): CheckSpec['unique'] {
  if (!Array.isArray(value)) throw new SpecError('json validation error: unique is not an array')
  if (value.some(item => !UNIQUE_FIELDS.includes(item)))
    throw new SpecError("json validation error: an item in 'unique' has unexpected value")
  return value as CheckSpec['unique']
}

function isSchedule(text: string): boolean {
  try {
    if (isCron(text)) return nextRun(cronSchedule(text, 'UTC'), 0) !== null
    const expressions = text.split('\n').filter(line => line.trim() !== '')
    for (const expression of expressions) onCalendar(expression.trim(), 'UTC')
    return expressions.length > 0
  } catch {
    return false
  }
}

/** Whether a schedule is a cron expression: one line of five words. All others are OnCalendar expressions, one a line. */
export function isCron(schedule: string): boolean {
  return !schedule.trim().includes('\n') && schedule.trim().split(/\s+/).length === CRON_FIELDS
}
