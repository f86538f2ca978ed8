// The shape of a scenario: its sources, how much each sends and when, and its faults. Pure.
import { z } from 'zod'
import { DAY, parseDuration, SECOND } from '../time.ts'

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof LEVELS)[number]

const MAX_DURATION_MS = 31 * DAY

/** A duration as people write it, in ms. */
const durationText = (least = 0) =>
  z
    .string({ error: 'must be a duration such as 90s, 5m or 1h' })
    .transform((text, issues) => {
      const ms = parseDuration(text)
      if (ms !== null && ms >= least && ms <= MAX_DURATION_MS) return ms
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

/** The settings of every source of log lines. */
const lines = {
  name,
  host: name.optional(),
  /** Lines a second. */
  rate: z.number({ error: 'must be a number of lines a second' }).min(0, 'must not be below 0').max(100_000),
  levels: weights.default({ info: 90, debug: 6, warn: 3, error: 1 }),
  /** When it is active, from the start of the scenario (default: always). */
  windows: z.array(z.strictObject({ from: durationText(), to: durationText() })).optional(),
  /** How long its rate takes to rise at the start of each window, and to fall at its end. */
  ramp: z.strictObject({ up: durationText().default(0), down: durationText().default(0) }).default({ up: 0, down: 0 }),
  /** How uneven the times of lines are: 0 regular, 1 anywhere within their slot. */
  jitter: share.default(0.5),
  /** Repeated periods with a multiple of the rate. */
  burst: z
    .strictObject({ every: durationText(SECOND), for: durationText(1), times: z.number().min(0).max(10_000) })
    .refine(burst => burst.for <= burst.every, { path: ['for'], error: 'must not be longer than "every"' })
    .optional(),
  /** The maximum of lines per request, and how long a request waits for more. */
  batch: z.number().int().min(1).max(1000).default(100),
  gather: durationText().default(SECOND),
  /** Whether an error is sent at once, with the lines that wait. */
  prompt: z.boolean().default(false),
}

/** Messages by level, in place of generated ones. */
const messages = z.partialRecord(z.enum(LEVELS), z.array(words).min(1)).optional()

const beats = z.strictObject({
  kind: z.literal('beats'),
  name,
  every: durationText(SECOND),
  grace: durationText(SECOND),
  /** How long a run takes; with it, a start signal precedes every beat. */
  run: durationText(1).optional(),
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
    z.strictObject({ kind: z.literal('kafka'), ...lines, messages }),
    /** The lines of a text file beside the scenario. */
    z.strictObject({ kind: z.literal('file'), ...lines, file: words }),
    /** A module of the user's own that writes lines as the kinds in `sources/` do. */
    z.strictObject({ kind: z.literal('module'), ...lines, messages, module: words }),
    beats,
  ],
  { error: 'must be one of json, csv, minimal, noise, syslog, access-log, kafka, file, module, beats' },
)

const when = { name, about: z.string().max(500).default(''), at: durationText(), for: durationText(1) }

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
    /** The beats of a check are missing. */
    z.strictObject({ kind: z.literal('missed-beat'), ...when, source: name }),
    /** The runs of a check fail. */
    z.strictObject({ kind: z.literal('failure'), ...when, source: name }),
    /** The network is down: nothing arrives from any source. */
    z.strictObject({ kind: z.literal('outage'), ...when }),
  ],
  { error: 'must be one of spike, errors, silence, missed-beat, failure, outage' },
)

export const scenarioShape = z
  .strictObject({
    name,
    about: z.string().max(500).default(''),
    seed: z.union([z.string(), z.number()]).transform(String).default('1'),
    duration: durationText(SECOND),
    sources: z.array(source, { error: 'must be a list of sources' }).min(1, 'must have at least one source').max(200),
    faults: z.array(fault).max(1000).default([]),
  })
  .superRefine((scenario, issues) => {
    for (const { path, message } of findIssues(scenario)) issues.addIssue({ code: 'custom', path, message })
  })

export type Scenario = z.output<typeof scenarioShape>
export type Source = Scenario['sources'][number]
export type Beats = Extract<Source, { kind: 'beats' }>
export type LineSource = Exclude<Source, Beats>
export type Fault = Scenario['faults'][number]

const MAX_RATE = 100_000

/** The scenario with `times` as many ordinary lines in the same time; faults and beats stay what they are. */
export function withRate(scenario: Scenario, times: number): Scenario {
  const sources = scenario.sources.map(one =>
    one.kind === 'beats' ? one : { ...one, rate: Math.min(MAX_RATE, one.rate * times) },
  )
  return { ...scenario, sources }
}

type ScenarioIssue = { path: (string | number)[]; message: string }

/** Values that are valid by themselves but contradict each other. */
function findIssues(scenario: Scenario): ScenarioIssue[] {
  return [
    ...scenario.sources.flatMap((source, i) => [
      ...(scenario.sources.findIndex(other => other.name === source.name) === i
        ? []
        : [{ path: ['sources', i, 'name'], message: `"${source.name}" is already the name of another source` }]),
      ...(source.kind === 'beats' ? beatIssues(source, i) : windowIssues(source, i)),
    ]),
    ...scenario.faults.flatMap((fault, i) => faultIssues(scenario, fault, i)),
  ]
}

function beatIssues({ run, grace, every }: Beats, i: number): ScenarioIssue[] {
  if (run === undefined || run < Math.min(grace, every)) return []
  return [
    { path: ['sources', i, 'run'], message: 'must be shorter than "grace" and "every", or the run would be an alert' },
  ]
}

function windowIssues({ windows = [], ramp }: LineSource, i: number): ScenarioIssue[] {
  return windows.flatMap(({ from, to }, j): ScenarioIssue[] => {
    const path = ['sources', i, 'windows', j]
    if (to <= from) return [{ path, message: 'must end after it begins' }]
    if (to - from < ramp.up + ramp.down) return [{ path, message: 'is shorter than its ramps' }]
    if (j > 0 && from < windows[j - 1]!.to)
      return [{ path, message: 'must begin after the end of the window before it' }]
    return []
  })
}

/** The kinds of sources that a fault can affect: access logs and noise have no errors. */
const SOURCE_KINDS_OF_FAULT: Record<Exclude<Fault['kind'], 'outage'>, readonly Source['kind'][]> = {
  spike: ['json', 'csv', 'minimal', 'syslog', 'kafka', 'module'],
  errors: ['json', 'csv', 'minimal', 'syslog', 'kafka', 'module'],
  silence: ['json', 'csv', 'minimal', 'syslog', 'noise', 'access-log', 'kafka', 'file', 'module'],
  'missed-beat': ['beats'],
  failure: ['beats'],
}

function faultIssues({ sources, faults, duration }: Scenario, fault: Fault, i: number): ScenarioIssue[] {
  const path = (field: string) => ['faults', i, field]
  const found: ScenarioIssue[] = []
  if (faults.findIndex(other => other.name === fault.name) !== i)
    found.push({ path: path('name'), message: `"${fault.name}" is already the name of another fault` })
  if (fault.at + fault.for > duration)
    found.push({ path: path('for'), message: 'must not end after the end of the scenario' })
  if (fault.kind === 'outage') return found
  const source = sources.find(({ name }) => name === fault.source)
  const kinds = SOURCE_KINDS_OF_FAULT[fault.kind]
  if (!source) found.push({ path: path('source'), message: `"${fault.source}" is not one of the sources` })
  else if (!kinds.includes(source.kind))
    found.push({
      path: path('source'),
      message: `is of the kind ${source.kind}; ${fault.kind} needs ${kinds.join(', ')}`,
    })
  else if (source.kind === 'beats' && fault.for < source.every + source.grace)
    found.push({
      path: path('for'),
      message: 'must be as long as "every" and "grace" of the source, or no beat would be missed',
    })
  return found
}
