// The settings of a check as flags, and what they make of its row.
import { z } from 'zod'
import { parseActiveHours } from '../../src/checks/active-hours.ts'
import { type Check, nextDue } from '../../src/checks/check.ts'
import { cronSchedule } from '../../src/checks/cron.ts'
import { graceFor } from '../../src/checks/schedule.ts'
import { completes } from '../../src/command/command.ts'
import { SEVERITIES } from '../../src/detectors/finding.ts'
import { invalid } from '../../src/problem.ts'
import { DAY, HOUR } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { type Context, duration, readable } from '../context.ts'

const NONE = 'none'
const text = (max = 200) => z.string().trim().max(max).optional()

/** The flags that `checks add` and `checks edit` share. */
export function checkSettings() {
  return {
    every: duration().optional().describe('How often a beat comes, such as 5m or 1d'),
    cron: readable(aCron, 200).optional().describe('When a beat comes, as a cron expression: "0 2 * * *"'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('The time zone of --cron and --active, such as Europe/Oslo'),
    grace: duration()
      .optional()
      .describe('How late a beat may be before it alerts; half the time between two unless said, 1h at the most'),
    maxRuntime: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How long a run may take from its start; the grace time unless said'),
    after: z.number().int().min(1).max(1000).optional().describe('Alert only after this many misses in a row'),
    active: readable(aWeek, 200).optional().describe('Hours in which beats are awaited: "Mon-Fri 08:00-18:00"'),
    methods: z.enum(['POST', 'any']).optional().describe('POST: ignore beats by any other method'),
    startKeywords: text().describe('Words in a body that make a beat a start, comma-separated'),
    successKeywords: text().describe('Words in a body that make a beat a success, comma-separated'),
    failureKeywords: text().describe('Words in a body that make a beat a failure, comma-separated'),
    defaultFail: z.boolean().optional().describe('A body with none of the keywords is a failure, not ignored'),
    manualResume: z.boolean().optional().describe('Stay paused when a beat comes'),
    host: text(100).describe('The host it runs on'),
    dependsOn: completes(z.string().max(100), 'check').optional().describe('The check that it depends on'),
    lan: z.boolean().optional().describe('Its beats come over the local network: judge it while Vakt is offline too'),
    severity: z.enum(SEVERITIES).optional().describe('How bad a miss is, critical unless said'),
    owner: text(100).describe('Who looks after it'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How often to tell again until acknowledged; as the project unless said'),
  }
}

// Whether they can be read does not depend on the zone, so any will do until it is known.
function aCron(expression: string): string {
  cronSchedule(expression, 'UTC')
  return expression
}

function aWeek(active: string): string {
  if (orNull(active) !== null) parseActiveHours(active, 'UTC')
  return active
}

type Settings = z.output<z.ZodObject<ReturnType<typeof checkSettings>>>

/** The row of a new check. Throws `invalid` for what does not fit together. */
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
  return { ...row, grace: settings.grace ?? usualGrace(row as unknown as Check, context.now) }
}

/** The changes that settings make to a check; "none" takes one away. Throws `invalid` for what does not fit together. */
export function readSettings(settings: Settings, check: Check, context: Context): Partial<Check> {
  if (settings.every !== undefined && settings.cron !== undefined) {
    throw invalid('every', 'Give either --every or --cron, not both.')
  }
  const changes: Partial<Check> = {}
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) Object.assign(changes, TO_ROW[name as keyof Settings](value as never))
  }
  refuseMisfits({ ...check, ...changes }, context.now)
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

function refuseMisfits(check: Check, now: number): void {
  if (check.cron !== null) cronSchedule(check.cron, check.timeZone)
  if (check.active !== null) parseActiveHours(check.active, check.timeZone)
  if (check.dependsOn !== null && check.dependsOn === check.name) {
    throw invalid('depends-on', 'A check cannot depend on itself.')
  }
  if (check.active !== null && check.cron !== null && nextDue(check, now) === null) {
    throw invalid('active', 'No run of that cron expression falls into those active hours.')
  }
}

function usualGrace(check: Check, now: number): number {
  const due = nextDue(check, now)
  const after = due === null ? null : nextDue(check, due)
  const between = due === null || after === null ? DAY : (check.every ?? after - due)
  return graceFor(between)
}

function orNull(value: string): string | null {
  return value === '' || value === NONE ? null : value
}
