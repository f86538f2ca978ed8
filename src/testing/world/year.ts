// A year of real life as a plan: both clock changes, a team's usual jobs with their usual faults, maintenance and updates.
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { BLOCK_MS, runsOf } from './jobs.ts'
import type { Schedule } from './model/schedule.ts'
import type { Plan } from './plan.ts'
import { createRandom, type Random } from './random.ts'
import type { Step } from './steps/step.ts'
import type { PlannedCheck } from './world.ts'

const ZONE = 'Europe/Oslo'
/** The share of runs that go another way than usual: early, late, overlapping, long, failing, missing. */
const UNUSUAL = 0.08

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

/** The plan of a year, or of its first `days`. */
export function planYear(seed: number, days = 365): Plan {
  const random = createRandom(seed)
  const start = Date.parse('2026-01-01T00:00:00Z')
  const steps = [
    ...JOBS.flatMap(check => runsOf(check, random, start, days * DAY, UNUSUAL)),
    ...Array.from({ length: days }, (_, day) => lifeOf(day, random)).flat(),
  ].sort((a, b) => a.at - b.at)
  return { seed, days, start, checks: JOBS, probes: [], hasTargets: false, hasLogs: false, steps }
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
  if (day % 30 === 11)
    steps.push({ at: at(0), kind: 'mute', by: 'maintenance', check: 'backup', ms: 5 * HOUR, name: `work-${day}` })
  if (day % 7 === 2) steps.push({ at: at(13), kind: 'restart', ms: random.whole(5, 50) * SECOND })
  if (day % 9 === 4)
    steps.push({ at: at(2), kind: 'chat fault', chat, fault: random.pick(['unreachable', 'limits']), ms: HOUR })
  return steps.filter(step => step.at % BLOCK_MS < BLOCK_MS - 2 * HOUR)
}
