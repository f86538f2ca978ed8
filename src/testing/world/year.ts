// A year of real life as a plan: both clock changes, a team's usual jobs with their usual faults, maintenance and updates.
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { BLOCK_MS, outsideQuiet } from './jobs.ts'
import { logTraffic } from './logs/log-traffic.ts'
import { dueAfter, isTimed, type Schedule } from './model/schedule.ts'
import type { Plan } from './plan.ts'
import { createRandom, type Random, uuid } from './random.ts'
import { planRouting } from './routing.ts'
import type { Step } from './steps/step.ts'
import type { PlannedCheck } from './world.ts'

const ZONE = 'Europe/Oslo'

const JOBS: readonly PlannedCheck[] = [
  job(
    'backup',
    '--cron "30 2 * * *"',
    { kind: 'daily', by: 'cron', hour: 2, minute: 30, weekdays: null, zone: ZONE },
    2 * HOUR,
    HOUR,
  ),
  job(
    'report',
    '--on-calendar "Mon..Fri 09:30"',
    { kind: 'daily', by: 'calendar', hour: 9, minute: 30, weekdays: [1, 2, 3, 4, 5], zone: ZONE },
    HOUR,
  ),
  job('digest', '--every 1d', { kind: 'every', ms: DAY, days: 1, zone: ZONE }, 2 * HOUR),
  job('sync', '--every 3h', { kind: 'every', ms: 3 * HOUR, days: 0, zone: ZONE }, 30 * MINUTE),
  job(
    'import',
    '--cron "15 1 * * *"',
    { kind: 'daily', by: 'cron', hour: 1, minute: 15, weekdays: null, zone: ZONE },
    HOUR,
    90 * MINUTE,
  ),
]

function job(
  name: string,
  flags: string,
  schedule: Schedule,
  graceMs: number,
  maxRuntimeMs: number | null = null,
): PlannedCheck {
  const isTimed = schedule.kind !== 'every'
  const all = [
    `${flags} --tz ${ZONE} --grace ${graceMs / MINUTE}m`,
    ...(isTimed ? ['--early 60s'] : []),
    ...(maxRuntimeMs === null ? [] : [`--max-runtime ${maxRuntimeMs / MINUTE}m`]),
  ]
  const rules = { schedule, graceMs, earlyMs: isTimed ? MINUTE : 0, maxRuntimeMs, after: 1 }
  return { name, flags: all.join(' '), rules }
}

/** What breaks, and when it must be reported: a job that a check watches, or a program that logs an error that nobody has seen. */
export type PlannedFault = {
  check: string
  kind: 'missing' | 'failing' | 'late' | 'hanging' | 'new error'
  /** The earliest report, ms since the start. */
  from: number
  /** Work was announced for this time, so that nobody is to be told. */
  isMuted: boolean
}

export type Year = { plan: Plan; faults: readonly PlannedFault[] }

/** The plan of a year, or of its first `days`, with the list of everything that breaks in it. */
export function planYear(seed: number, days = 365): Year {
  const random = createRandom(seed)
  const start = Date.parse('2026-01-01T00:00:00Z')
  const length = days * DAY
  const runs = JOBS.map(check => runsOfYear(check, random, start, length))
  // Programs send again what was not acknowledged.
  const logs = logTraffic(random, length, { least: 60, most: 400 }).map(step => ({ ...step, hasKey: true }))
  const errors = logs.filter((step: Step) => step.word !== null)
  const steps = [
    ...runs.flatMap(({ steps }) => steps),
    ...logs,
    ...Array.from({ length: days }, (_, day) => lifeOf(day, random)).flat(),
  ].sort((a, b) => a.at - b.at)
  const newErrors = errors.map(({ at, word }: Step) => ({
    check: String(word),
    kind: 'new error' as const,
    from: at,
    isMuted: false,
  }))
  const faults = [...runs.flatMap(({ faults }) => faults), ...newErrors].sort((a, b) => a.from - b.from)
  const site = { probes: [], hasTargets: false, hasLogs: true, routing: planRouting(random), storming: [] }
  return { plan: { seed, days, start, checks: JOBS, ...site, steps }, faults }
}

/** Nights of announced work, by the day of the year. */
const isWorkNight = (day: number) => day % 30 === 11
/** The nights in which the clocks change in Oslo, as days of 2026. */
const CLOCK_CHANGES = [87, 297]

type YearOfRuns = { steps: Step[]; faults: PlannedFault[] }

/** The runs of a job, most of them usual, some early, late or overlapping, and every so often one that breaks. */
function runsOfYear(check: PlannedCheck, random: Random, start: number, length: number): YearOfRuns {
  const { schedule, graceMs, maxRuntimeMs } = check.rules
  const steps: Step[] = []
  const faults: PlannedFault[] = []
  const hasStarts = maxRuntimeMs !== null
  const ping: Run['ping'] = (at, signal, rid = null) =>
    void steps.push({ at: outsideQuiet(at - start), kind: 'beat', check: check.name, signal, rid, tries: 12 })
  const run: Run = {
    ...{ random, due: 0, at: 0, ms: 0, graceMs, maxRuntimeMs, isTimed: isTimed(schedule), ping },
    fault: (kind, from, isMuted = false) => void faults.push({ check: check.name, kind, from: from - start, isMuted }),
    runs(at, ms, end) {
      if (hasStarts) ping(at, 'start')
      ping(at + ms, end)
    },
  }
  const share = schedule.kind === 'every' && schedule.days === 0 ? 0.01 : 0.06
  let sound = 0
  for (let due = start + 5 * MINUTE; due < start + length; ) {
    run.due = due
    run.at = due + random.whole(0, 20 * SECOND)
    run.ms = hasStarts ? random.whole(MINUTE, 20 * MINUTE) : 0
    const day = Math.floor((due - start) / DAY)
    const special = check.name === 'backup' ? specialRun(day) : null
    const isLastDay = due > start + length - 2 * DAY
    const isBroken = special === null && !isLastDay && sound > 8 && random.chance(share)
    sound = isBroken || special !== null ? 0 : sound + 1
    const go = special ?? (isBroken ? random.pick(hasStarts ? [...BROKEN, hangs] : BROKEN) : soundRun)
    const beganAt = go(run)
    due = dueAfter(schedule, isTimed(schedule) ? due : beganAt)
  }
  return { steps, faults }
}

/** What the backup does on the nights that everybody knows of. */
function specialRun(day: number): Way | null {
  if (isWorkNight(day)) return failsDuringWork
  return CLOCK_CHANGES.includes(day) ? isMissing : null
}

type Run = {
  random: Random
  due: number
  /** When it begins, and how long it takes, ms. */
  at: number
  ms: number
  graceMs: number
  maxRuntimeMs: number | null
  isTimed: boolean
  ping(at: number, signal: 'success' | 'start' | 'fail', rid?: string | null): void
  runs(at: number, ms: number, end: 'success' | 'fail'): void
  fault(kind: PlannedFault['kind'], from: number, isMuted?: boolean): void
}

/** One way to run; returns when it began. */
type Way = (run: Run) => number

const isMissing: Way = ({ due, at, graceMs, fault }) => {
  fault('missing', due + graceMs)
  return at
}

const fails: Way = ({ at, ms, fault, runs }) => {
  fault('failing', at + ms)
  runs(at, ms, 'fail')
  return at
}

const isLate: Way = ({ due, graceMs, random, fault, runs }) => {
  fault('late', due + graceMs)
  const at = due + graceMs + random.whole(10, 40) * MINUTE
  runs(at, 0, 'success')
  return at
}

const hangs: Way = ({ at, maxRuntimeMs, fault, ping }) => {
  fault('hanging', at + maxRuntimeMs!)
  ping(at, 'start')
  return at
}

const BROKEN: readonly Way[] = [isMissing, fails, isLate]

/** It fails while people work on it, and recovers before they are done. */
const failsDuringWork: Way = ({ at, ms, fault, runs }) => {
  fault('failing', at + ms, true)
  runs(at, ms, 'fail')
  runs(at + ms + 20 * MINUTE, ms, 'success')
  return at
}

/** A run that nobody is to be told of: as usual, early, late within its grace, or two at once. */
const soundRun: Way = ({ random, due, at, ms, graceMs, isTimed, maxRuntimeMs, runs, ping }) => {
  const way = random.next()
  if (way < 0.03 && isTimed) {
    runs(due - random.whole(5, 50) * SECOND, 0, 'success')
    return due
  }
  if (way < 0.08) {
    const late = due + Math.floor(graceMs * 0.7 * random.next())
    runs(late, 0, 'success')
    return late
  }
  if (way < 0.12 && maxRuntimeMs !== null) {
    const [first, second] = [uuid(random), uuid(random)]
    ping(at, 'start', first)
    ping(at + MINUTE, 'start', second)
    ping(at + 3 * MINUTE, 'success', second)
    ping(at + 5 * MINUTE, 'success', first)
    return at
  }
  runs(at, ms, 'success')
  return at
}

/** What people and machines do on one day. */
function lifeOf(day: number, random: Random): Step[] {
  const at = (hour: number) => day * DAY + hour * HOUR + random.whole(0, 50) * MINUTE
  const chat = random.pick(['discord', 'slack'])
  const steps: Step[] = [
    // Whoever is on call looks twice a day.
    ...[8, 16].map(hour => ({ at: at(hour), kind: 'press', chat, button: 'ack', place: random.whole(0, 3), ms: HOUR })),
  ]
  // Planned work in a night of each month; an update each week; a chat has a bad hour now and then.
  // It begins before the backup, which in summer runs half an hour after midnight UTC.
  if (isWorkNight(day))
    steps.push({
      at: day * DAY + random.whole(0, 25) * MINUTE,
      kind: 'mute',
      by: 'maintenance',
      check: 'backup',
      ms: 5 * HOUR,
      name: `work-${day}`,
    })
  if (day % 7 === 2) steps.push({ at: at(13), kind: 'restart', ms: random.whole(5, 50) * SECOND })
  if (day % 9 === 4)
    steps.push({ at: at(2), kind: 'chat fault', chat, fault: random.pick(['unreachable', 'limits']), ms: HOUR })
  return steps.filter(step => step.at % BLOCK_MS < BLOCK_MS - 2 * HOUR)
}
