// The kinds of checks in worlds: the flags of each, and the same in the words of the model.
import { DAY, formatDuration, HOUR, MINUTE, SECOND } from '../../time.ts'
import type { Schedule } from './model/schedule.ts'
import type { Random } from './random.ts'
import type { PlannedCheck } from './world.ts'

type CheckKind = { isTimed: boolean; make(name: string, random: Random): PlannedCheck }

const ZONES = ['Europe/Oslo', 'America/New_York', 'UTC', 'Australia/Lord_Howe']

export const CHECKS: readonly CheckKind[] = [
  // A period.
  {
    isTimed: false,
    make(name, random) {
      const ms = random.pick([20, 30, 60, 90, 360]) * MINUTE
      const schedule: Schedule = { kind: 'every', ms, days: 0, zone: 'UTC' }
      return check(name, random, `--every ${formatDuration(ms)}`, schedule, ms)
    },
  },
  // Whole days by the wall clock.
  {
    isTimed: false,
    make(name, random) {
      const zone = random.pick(ZONES)
      const schedule: Schedule = { kind: 'every', ms: DAY, days: 1, zone }
      return check(name, random, `--every 1d --tz ${zone}`, schedule, 4 * HOUR)
    },
  },
  // Once a day by cron, often in the hour that clock changes skip or repeat.
  {
    isTimed: true,
    make(name, random) {
      const [hour, minute, zone] = [random.pick([1, 2, 2, 3, 14]), random.pick([0, 15, 30]), random.pick(ZONES)]
      const weekdays = random.chance(0.3) ? [1, 2, 3, 4, 5] : null
      const schedule: Schedule = { kind: 'daily', by: 'cron', hour, minute, weekdays, zone }
      const days = weekdays ? '1-5' : '*'
      return check(name, random, `--cron "${minute} ${hour} * * ${days}" --tz ${zone}`, schedule, 3 * HOUR)
    },
  },
  // Several times an hour by cron.
  {
    isTimed: true,
    make(name, random) {
      const minutes = random.pick([20, 30])
      return check(
        name,
        random,
        `--cron "*/${minutes} * * * *" --tz UTC`,
        { kind: 'minutes', minutes },
        minutes * MINUTE,
      )
    },
  },
  // As systemd writes it.
  {
    isTimed: true,
    make(name, random) {
      const [hour, zone] = [random.pick([0, 9, 17]), random.pick(ZONES)]
      const schedule: Schedule = { kind: 'daily', by: 'calendar', hour, minute: 30, weekdays: [1, 2, 3, 4, 5], zone }
      const time = `${String(hour).padStart(2, '0')}:30`
      return check(name, random, `--on-calendar "Mon..Fri ${time}" --tz ${zone}`, schedule, 3 * HOUR)
    },
  },
]

function check(name: string, random: Random, flags: string, schedule: Schedule, betweenMs: number): PlannedCheck {
  const graceMs = Math.min(Math.floor((betweenMs * random.pick([0.1, 0.3, 0.5])) / SECOND) * SECOND, 2 * HOUR)
  const after = random.pick([1, 1, 1, 2, 3])
  const maxRuntimeMs = random.chance(0.25) ? random.pick([0.5, 2]) * graceMs : null
  const earlyMs = schedule.kind === 'every' ? 0 : random.pick([0, 60 * SECOND])
  const all = [
    flags,
    `--grace ${formatDuration(graceMs)}`,
    ...(after > 1 ? [`--after ${after}`] : []),
    ...(maxRuntimeMs === null ? [] : [`--max-runtime ${formatDuration(maxRuntimeMs)}`]),
    ...(schedule.kind === 'every' ? [] : [`--early ${earlyMs === 0 ? 'none' : '60s'}`]),
    `--severity ${random.pick(['critical', 'critical', 'warning'])}`,
  ]
  return { name, flags: all.join(' '), rules: { schedule, graceMs, earlyMs, maxRuntimeMs, after } }
}
