// What a scenario says: its sources, how much each sends when, and what goes wrong at which time. Pure.
import { z } from 'zod'
import { DAY, parseDuration, SECOND } from '../time.ts'

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof LEVELS)[number]

const LONGEST = 31 * DAY

/** A duration as people write it, in ms. */
const span = (least = 0) =>
  z
    .string({ error: 'must be a duration such as 90s, 5m or 1h' })
    .transform((text, issues) => {
      const ms = parseDuration(text)
      if (ms !== null && ms >= least && ms <= LONGEST) return ms
      issues.addIssue(ms === null ? 'must be a duration such as 90s, 5m or 1h' : `must be from ${least} ms to 31d`)
      return z.NEVER
    })
    .describe('duration')

const name = z
  .string({ error: 'must be a name' })
  .regex(/^[\w][\w .-]{0,59}$/, 'must be a name of at most 60 letters, digits, spaces, dots and hyphens')
const words = z.string().min(1).max(2000)
const share = z.number().min(0, 'must be from 0 to 1').max(1, 'must be from 0 to 1')
const weights = z
  .partialRecord(z.enum(LEVELS), z.number().int('must be a whole number').min(0).max(1000))
  .refine(mix => Object.values(mix).some(weight => weight > 0), 'must give at least one level more than 0')

/** What every source of log lines can say. */
const lines = {
  name,
  host: name.optional(),
  /** Lines a second. */
  rate: z.number({ error: 'must be a number of lines a second' }).min(0, 'must not be below 0').max(100_000),
  levels: weights.default({ info: 90, debug: 6, warn: 3, error: 1 }),
  /** When it is active, from the beginning of the scenario; all the time unless said. */
  windows: z.array(z.strictObject({ from: span(), to: span() })).optional(),
  /** How long it takes to come up to its rate at the beginning of each window, and to go down at its end. */
  ramp: z.strictObject({ up: span().default(0), down: span().default(0) }).default({ up: 0, down: 0 }),
  /** How uneven lines come: 0 like a clock, 1 anywhere within their turn. */
  jitter: share.default(0.5),
  /** Every so often, for so long, so many times the rate. */
  burst: z
    .strictObject({ every: span(SECOND), for: span(1), times: z.number().min(0).max(10_000) })
    .refine(burst => burst.for <= burst.every, { path: ['for'], error: 'must not be longer than "every"' })
    .optional(),
  /** The most lines of one request, and how long it waits for more. */
  batch: z.number().int().min(1).max(1000).default(100),
  gather: span().default(SECOND),
  /** Whether an error is sent at once, with what waits. */
  prompt: z.boolean().default(false),
}

/** What it says instead of made-up sentences, by level. */
const messages = z.partialRecord(z.enum(LEVELS), z.array(words).min(1)).optional()

const beats = z.strictObject({
  kind: z.literal('beats'),
  name,
  every: span(SECOND),
  grace: span(SECOND),
  /** How long a run takes; with it a start comes before every beat. */
  run: span(1).optional(),
  /** How much of its grace time a beat may be late. */
  jitter: share.default(0.2),
})

const source = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('json'), ...lines, messages }),
    z.strictObject({ kind: z.literal('csv'), ...lines, file: words }),
    z.strictObject({ kind: z.literal('minimal'), ...lines, messages }),
    z.strictObject({ kind: z.literal('noise'), ...lines }),
    z.strictObject({ kind: z.literal('syslog'), ...lines, messages }),
    z.strictObject({ kind: z.literal('access-log'), ...lines }),
    beats,
  ],
  { error: 'must be one of json, csv, minimal, noise, syslog, access-log, beats' },
)

const when = { name, about: z.string().max(500).default(''), at: span(), for: span(1) }

const fault = z.discriminatedUnion(
  'kind',
  [
    /** The same error many times within `for`. */
    z.strictObject({
      kind: z.literal('spike'),
      ...when,
      source: name,
      count: z.number().int().min(1).max(100_000).default(10),
      message: words,
    }),
    /** This share of the source's lines are errors, each another. */
    z.strictObject({ kind: z.literal('errors'), ...when, source: name, share }),
    /** The source sends nothing. */
    z.strictObject({ kind: z.literal('silence'), ...when, source: name }),
    /** The beats of a check do not come. */
    z.strictObject({ kind: z.literal('missed-beat'), ...when, source: name }),
    /** The runs of a check fail. */
    z.strictObject({ kind: z.literal('failure'), ...when, source: name }),
    /** The network is gone: nothing arrives of anybody. */
    z.strictObject({ kind: z.literal('outage'), ...when }),
  ],
  { error: 'must be one of spike, errors, silence, missed-beat, failure, outage' },
)

export const scenarioShape = z
  .strictObject({
    name,
    about: z.string().max(500).default(''),
    seed: z.union([z.string(), z.number()]).transform(String).default('1'),
    duration: span(SECOND),
    sources: z.array(source, { error: 'must be a list of sources' }).min(1, 'must have at least one source').max(200),
    faults: z.array(fault).max(1000).default([]),
  })
  .superRefine((scenario, issues) => {
    for (const { path, message } of misfits(scenario)) issues.addIssue({ code: 'custom', path, message })
  })

export type Scenario = z.output<typeof scenarioShape>
export type Source = Scenario['sources'][number]
export type Beats = Extract<Source, { kind: 'beats' }>
export type LineSource = Exclude<Source, Beats>
export type Fault = Scenario['faults'][number]

type Misfit = { path: (string | number)[]; message: string }

/** What each part allows by itself and does not fit together. */
function misfits(scenario: Scenario): Misfit[] {
  return [
    ...scenario.sources.flatMap((one, i) => [
      ...(scenario.sources.findIndex(other => other.name === one.name) === i
        ? []
        : [{ path: ['sources', i, 'name'], message: `"${one.name}" is the name of another source already` }]),
      ...(one.kind === 'beats' ? beatMisfits(one, i) : windowMisfits(one, i)),
    ]),
    ...scenario.faults.flatMap((one, i) => faultMisfits(scenario, one, i)),
  ]
}

function beatMisfits({ run, grace, every }: Beats, i: number): Misfit[] {
  if (run === undefined || run < Math.min(grace, every)) return []
  return [
    { path: ['sources', i, 'run'], message: 'must be shorter than "grace" and "every", or the run would be an alert' },
  ]
}

function windowMisfits({ windows = [], ramp }: LineSource, i: number): Misfit[] {
  return windows.flatMap(({ from, to }, j): Misfit[] => {
    const path = ['sources', i, 'windows', j]
    if (to <= from) return [{ path, message: 'must end after it begins' }]
    if (to - from < ramp.up + ramp.down) return [{ path, message: 'is shorter than its ramps' }]
    if (j > 0 && from < windows[j - 1]!.to)
      return [{ path, message: 'must begin after the window before it has ended' }]
    return []
  })
}

/** Which sources can have which fault: access logs and noise know no errors. */
const HAPPENS_TO: Record<Exclude<Fault['kind'], 'outage'>, readonly Source['kind'][]> = {
  spike: ['json', 'csv', 'minimal', 'syslog'],
  errors: ['json', 'csv', 'minimal', 'syslog'],
  silence: ['json', 'csv', 'minimal', 'syslog', 'noise', 'access-log'],
  'missed-beat': ['beats'],
  failure: ['beats'],
}

function faultMisfits({ sources, faults, duration }: Scenario, fault: Fault, i: number): Misfit[] {
  const path = (field: string) => ['faults', i, field]
  const found: Misfit[] = []
  if (faults.findIndex(other => other.name === fault.name) !== i)
    found.push({ path: path('name'), message: `"${fault.name}" is the name of another fault already` })
  if (fault.at + fault.for > duration)
    found.push({ path: path('for'), message: 'goes on after the end of the scenario' })
  if (fault.kind === 'outage') return found
  const source = sources.find(one => one.name === fault.source)
  const kinds = HAPPENS_TO[fault.kind]
  if (!source) found.push({ path: path('source'), message: `"${fault.source}" is none of the sources` })
  else if (!kinds.includes(source.kind))
    found.push({
      path: path('source'),
      message: `is of the kind ${source.kind}; ${fault.kind} happens to ${kinds.join(', ')}`,
    })
  else if (source.kind === 'beats' && fault.for < source.every + source.grace)
    found.push({
      path: path('for'),
      message: 'must be as long as "every" and "grace" of the source, or no beat would be missed',
    })
  return found
}
