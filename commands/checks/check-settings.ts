// The settings of a check as flags, and the changes to its row.
import { z } from 'zod'
import { parseActiveHours } from '../../src/checks/active-hours.ts'
import type { Check } from '../../src/checks/check.ts'
import { cronSchedule } from '../../src/checks/cron.ts'
import { readCronLine } from '../../src/checks/crontab.ts'
import { expressionsOf, isTimed, nextDue } from '../../src/checks/due.ts'
import { checkCalendarSource } from '../../src/checks/exceptions/calendar-reader.ts'
import { exceptionsOf } from '../../src/checks/exceptions/calendars.ts'
import { readExcept } from '../../src/checks/exceptions/exception.ts'
import { onCalendar } from '../../src/checks/on-calendar/next-elapse.ts'
import { graceBetween, graceFor } from '../../src/checks/schedule.ts'
import { completes, repeated } from '../../src/command/command.ts'
import { validateCheckTitle } from '../../src/detectors/check-templates.ts'
import { invalid } from '../../src/problem.ts'
import { SEVERITIES } from '../../src/severity.ts'
import { plainTyping } from '../../src/text.ts'
import { DAY, formatDuration, HOUR, periodLength } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { type Context, duration, readable } from '../context.ts'
import { period } from '../period.ts'

const NONE = 'none'
const text = (max = 200) => z.string().trim().max(max).optional()

/** The flags that `checks add` and `checks edit` share. */
export function checkSettings() {
  return {
    every: period()
      .optional()
      .describe('Expected time between beats, such as 5m or 1d; 1d follows the wall clock, 24h does not (default: 1d)'),
    cron: repeated(readable(readCrons, 1000))
      .optional()
      .describe('Expected times of beats as a cron expression: "0 2 * * *"; repeat it for several'),
    onCalendar: repeated(readable(readCalendars, 1000))
      .optional()
      .describe('Expected times of beats as systemd writes them: "Mon..Fri 09:00"; repeat it for several'),
    except: repeated(readable(readExceptText, 2000))
      .optional()
      .describe('Days without a beat: 2026-12-24, 2026-12-24..2027-01-01, or the URL or file of an ICS calendar'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('Time zone of --cron, --active and whole days of --every (default: that of the project)'),
    grace: duration()
      .optional()
      .describe(
        'How late a beat may be before an alert fires (default: half the time between two beats, at most 1h; 2h for --every 1d and more)',
      ),
    early: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe(
        'How early a beat may be and still count for its due time (default: a minute, at most 5 % of the time between two)',
      ),
    maxRuntime: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How long a run may take after its start signal (default: the grace period)'),
    after: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Number of consecutive misses before an alert fires (default: 1)'),
    active: readable(validActiveHours, 200)
      .optional()
      .describe('Hours in which beats are expected: "Mon-Fri 08:00-18:00"'),
    methods: z.enum(['POST', 'any']).optional().describe('POST ignores beats sent with any other method'),
    startKeywords: text().describe('Words in the body that mean a start, comma-separated'),
    successKeywords: text().describe('Words in the body that mean success, comma-separated'),
    failureKeywords: text().describe('Words in the body that mean failure, comma-separated'),
    defaultFail: z
      .boolean()
      .optional()
      .describe('Treat a body without any of the keywords as a failure instead of ignoring it'),
    manualResume: z.boolean().optional().describe('Stay paused when a beat arrives; resume only manually'),
    host: text(100).describe('Host that the job runs on'),
    dependsOn: completes(z.string().max(100), 'check').optional().describe('Check that this one depends on'),
    lan: z
      .boolean()
      .optional()
      .describe('Beats come over the local network, so the check is evaluated even while Vakt is offline'),
    watchDuration: z
      .boolean()
      .optional()
      .describe('Warn when a run takes clearly longer or shorter than usual; needs start signals'),
    watchSize: z
      .boolean()
      .optional()
      .describe('Warn when the output of a run is clearly smaller than usual: its body, or the bytes in ?size='),
    severity: z.enum(SEVERITIES).optional().describe('Severity of an alert (default: critical)'),
    owner: text(100).describe('Person or team that owns the job'),
    title: readable(readTitle, 200)
      .optional()
      .describe(
        'Title of its alerts, with {check}, {what} ("sent no beat"), {host} and {owner}; none restores the default',
      ),
    note: text(500).describe('Note for the card of its alerts: what to do, where the runbook is; none removes it'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('Time between reminders until somebody acknowledges (default: the project setting)'),
  }
}

/** What people gave as cron expressions: pasted lines may name a zone, a user and a command. */
type Crons = { expressions: string; timeZone: string | null; rest: string[] }

function readCrons(text: string): Crons {
  const lines = text.split('\n').map(readCronLine)
  const zones = [...new Set(lines.map(({ timeZone }) => timeZone))]
  if (zones.length > 1)
    throw invalid('cron', 'All expressions of a check have one time zone. Use --tz instead of CRON_TZ=.')
  return {
    expressions: [...new Set(lines.map(({ expression }) => expression))].join('\n'),
    timeZone: zones[0]!,
    rest: lines.map(({ rest }) => rest).filter(rest => rest !== ''),
  }
}

/** What was left out of pasted cron lines, for the answer. */
export function pastedLines(settings: { cron?: Crons | undefined }): string[] {
  const rest = settings.cron?.rest ?? []
  if (rest.length === 0) return []
  return [`Only the schedule of the cron line is used; "${rest.join('", "')}" is its user and command.`]
}

// The syntax does not depend on the zone, so UTC serves until the zone is known.
function readCalendars(text: string): string {
  const expressions = text.split('\n').map(line =>
    plainTyping(line)
      .trim()
      .replace(/^OnCalendar\s*=\s*/i, ''),
  )
  for (const expression of expressions) onCalendar(expression, 'UTC')
  return [...new Set(expressions)].join('\n')
}

function readExceptText(text: string): string {
  if (orNull(text) === null) return text
  const { calendars } = readExcept(text)
  for (const source of calendars) checkCalendarSource(source)
  return text
    .split(/[,\n]/)
    .map(item => item.trim())
    .filter(Boolean)
    .join('\n')
}

function readTitle(title: string): string {
  validateCheckTitle(title)
  return title
}

function validActiveHours(active: string): string {
  if (orNull(active) !== null) parseActiveHours(active, 'UTC')
  return active
}

type Settings = z.output<z.ZodObject<ReturnType<typeof checkSettings>>>

/**
 * The row of a new check called `name`; `timeZone` is that of its project, if it has one. Throws `invalid` for settings that
 * contradict each other.
 */
export function draftOf(settings: Settings, context: Context, timeZone = context.config.timeZone, name = '') {
  const hasTimes = settings.cron !== undefined || settings.onCalendar !== undefined
  const blank = {
    every: hasTimes ? null : DAY,
    everyDays: hasTimes ? 0 : 1,
    cron: null,
    onCalendar: null,
    except: null,
    exceptions: null,
    early: null,
    timeZone,
    grace: HOUR,
    active: null,
    dependsOn: null,
    severity: 'critical' as const,
  }
  const row = { ...blank, ...readSettings(settings, { ...blank, name } as unknown as Check, context) }
  return { ...row, grace: settings.grace ?? defaultGrace(row as unknown as Check, context.now) }
}

/** The changes that settings make to a check; "none" removes one. Throws `invalid` for settings that contradict each other. */
export function readSettings(settings: Settings, check: Check, context: Context): Partial<Check> {
  const other = settings.cron !== undefined ? '--cron' : settings.onCalendar !== undefined ? '--on-calendar' : null
  if (settings.every !== undefined && other !== null) {
    throw invalid('every', `Use either --every or ${other}, not both.`)
  }
  const changes: Partial<Check> = {}
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) Object.assign(changes, TO_ROW[name as keyof Settings](value as never))
  }
  // A new schedule of one kind replaces the other kind; both together are both.
  if (settings.cron !== undefined && settings.onCalendar === undefined) changes.onCalendar = null
  if (settings.onCalendar !== undefined && settings.cron === undefined) changes.cron = null
  Object.assign(changes, zoneOfCrons(settings))
  if (changes.except) changes.exceptions = exceptionsOf(context.state, changes.except, context.now)
  if (changes.except === null) changes.exceptions = null
  refuseContradictions({ ...check, ...changes }, context.now)
  return changes
}

function zoneOfCrons({ cron, tz }: Settings): Partial<Check> {
  if (!cron?.timeZone) return {}
  if (tz === undefined || tz === cron.timeZone) return { timeZone: cron.timeZone }
  throw invalid('tz', `The cron line is in ${cron.timeZone}, and --tz is ${tz}. Use one of them.`)
}

const TO_ROW: { [Name in keyof Settings]-?: (value: NonNullable<Settings[Name]>) => Partial<Check> } = {
  every: every => ({ every: periodLength(every), everyDays: every.days, cron: null, onCalendar: null }),
  cron: cron => ({ cron: cron.expressions, every: null, everyDays: 0 }),
  onCalendar: onCalendar => ({ onCalendar, every: null, everyDays: 0 }),
  except: except => ({ except: orNull(except) }),
  tz: tz => ({ timeZone: tz }),
  grace: grace => ({ grace }),
  early: early => ({ early: early === NONE ? 0 : early }),
  maxRuntime: limit => ({ maxRuntime: limit === NONE ? null : limit }),
  after: after => ({ after }),
  active: active => ({ active: orNull(active) }),
  methods: methods => ({ methods: methods === 'any' ? '' : methods }),
  startKeywords: words => ({ startKeywords: orNull(words) ?? '' }),
  successKeywords: words => ({ successKeywords: orNull(words) ?? '' }),
  failureKeywords: words => ({ failureKeywords: orNull(words) ?? '' }),
  defaultFail: defaultFail => ({ defaultFail }),
  manualResume: manualResume => ({ manualResume }),
  host: host => ({ host: orNull(host) }),
  dependsOn: check => ({ dependsOn: orNull(check) }),
  lan: lan => ({ lan }),
  watchDuration: watchDuration => ({ watchDuration }),
  watchSize: watchSize => ({ watchSize }),
  severity: severity => ({ severity }),
  owner: owner => ({ owner: orNull(owner) }),
  title: title => ({ alertTitle: orNull(title) }),
  note: note => ({ alertNote: orNull(note) }),
  remind: every => ({ remindEvery: every === NONE ? 0 : every }),
}

function refuseContradictions(check: Check, now: number): void {
  for (const expression of expressionsOf(check.cron)) cronSchedule(expression, check.timeZone)
  for (const expression of expressionsOf(check.onCalendar)) onCalendar(expression, check.timeZone)
  if (check.active !== null) parseActiveHours(check.active, check.timeZone)
  if (check.dependsOn !== null && check.dependsOn === check.name) {
    throw invalid('depends-on', 'A check cannot depend on itself.')
  }
  if (isTimed(check) && nextDue(check, now) === null) {
    if (check.active === null) throw invalid('on-calendar', 'This schedule has no run in the future.')
    const schedule = check.cron === null ? 'OnCalendar expression' : 'cron expression'
    throw invalid('active', `No run of this ${schedule} falls within these active hours.`)
  }
  if (check.early !== null && check.early > 0) refuseEarly(check, check.early, now)
}

function refuseEarly(check: Check, early: number, now: number): void {
  if (!isTimed(check)) {
    throw invalid(
      'early',
      'A period starts again with each beat, so no beat is early. --early goes with --cron and --on-calendar.',
    )
  }
  const due = nextDue(check, now)
  const following = due === null ? null : nextDue(check, due)
  if (due === null || following === null || early < following - due) return
  const gap = formatDuration(following - due)
  throw invalid(
    'early',
    `With ${formatDuration(early)} each beat would count for the next due time, ${gap} later. Use less.`,
  )
}

function defaultGrace(check: Check, now: number): number {
  const due = nextDue(check, now)
  const after = due === null ? null : nextDue(check, due)
  if (check.every !== null) return graceFor(check.every)
  return graceBetween(due === null || after === null ? DAY : after - due)
}

function orNull(value: string): string | null {
  return value === '' || value === NONE ? null : value
}
