// The settings of a check as flags, and the changes to its row.
import { z } from 'zod'
import { parseActiveHours } from '../../src/checks/active-hours.ts'
import { type Check, nextDue } from '../../src/checks/check.ts'
import { cronSchedule } from '../../src/checks/cron.ts'
import { graceFor } from '../../src/checks/schedule.ts'
import { completes } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { SEVERITIES } from '../../src/severity.ts'
import { DAY, HOUR } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { type Context, duration, readable } from '../context.ts'

const NONE = 'none'
const text = (max = 200) => z.string().trim().max(max).optional()

/** The flags that `checks add` and `checks edit` share. */
export function checkSettings() {
  return {
    every: duration().optional().describe('Expected time between beats, such as 5m or 1d (default: 1d)'),
    cron: readable(validCron, 200).optional().describe('Expected times of beats as a cron expression: "0 2 * * *"'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('Time zone of --cron and --active, such as Europe/Oslo'),
    grace: duration()
      .optional()
      .describe('How late a beat may be before an alert fires (default: half the time between two beats, at most 1h)'),
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
    severity: z.enum(SEVERITIES).optional().describe('Severity of an alert (default: critical)'),
    owner: text(100).describe('Person or team that owns the job'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('Time between reminders until somebody acknowledges (default: the project setting)'),
  }
}

// The syntax does not depend on the zone, so UTC serves until the zone is known.
function validCron(expression: string): string {
  cronSchedule(expression, 'UTC')
  return expression
}

function validActiveHours(active: string): string {
  if (orNull(active) !== null) parseActiveHours(active, 'UTC')
  return active
}

type Settings = z.output<z.ZodObject<ReturnType<typeof checkSettings>>>

/** The row of a new check. Throws `invalid` for settings that contradict each other. */
export function draftOf(settings: Settings, context: Context) {
  const timeZone = settings.tz ?? context.config.timeZone
  const every = settings.cron === undefined ? (settings.every ?? DAY) : null
  const blank = {
    every,
    cron: null,
    timeZone,
    grace: HOUR,
    active: null,
    dependsOn: null,
    severity: 'critical' as const,
  }
  const row = { ...blank, ...readSettings(settings, { ...blank } as unknown as Check, context) }
  return { ...row, grace: settings.grace ?? defaultGrace(row as unknown as Check, context.now) }
}

/** The changes that settings make to a check; "none" removes one. Throws `invalid` for settings that contradict each other. */
export function readSettings(settings: Settings, check: Check, context: Context): Partial<Check> {
  if (settings.every !== undefined && settings.cron !== undefined) {
    throw invalid('every', 'Use either --every or --cron, not both.')
  }
  const changes: Partial<Check> = {}
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) Object.assign(changes, TO_ROW[name as keyof Settings](value as never))
  }
  refuseContradictions({ ...check, ...changes }, context.now)
  return changes
}

const TO_ROW: { [Name in keyof Settings]-?: (value: NonNullable<Settings[Name]>) => Partial<Check> } = {
  every: every => ({ every, cron: null }),
  cron: cron => ({ cron, every: null }),
  tz: tz => ({ timeZone: tz }),
  grace: grace => ({ grace }),
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
  severity: severity => ({ severity }),
  owner: owner => ({ owner: orNull(owner) }),
  remind: every => ({ remindEvery: every === NONE ? 0 : every }),
}

function refuseContradictions(check: Check, now: number): void {
  if (check.cron !== null) cronSchedule(check.cron, check.timeZone)
  if (check.active !== null) parseActiveHours(check.active, check.timeZone)
  if (check.dependsOn !== null && check.dependsOn === check.name) {
    throw invalid('depends-on', 'A check cannot depend on itself.')
  }
  if (check.active !== null && check.cron !== null && nextDue(check, now) === null) {
    throw invalid('active', 'No run of this cron expression falls within these active hours.')
  }
}

function defaultGrace(check: Check, now: number): number {
  const due = nextDue(check, now)
  const after = due === null ? null : nextDue(check, due)
  const between = due === null || after === null ? DAY : (check.every ?? after - due)
  return graceFor(between)
}

function orNull(value: string): string | null {
  return value === '' || value === NONE ? null : value
}
