// Compares the coming runs of random cron expressions, most of them around clock changes, with those of Debian's cron itself: its
// own binary, which lives through the time in seconds (clock.c).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nextRun, parseCron } from '../../src/checks/cron.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/time.ts'
import { clockSpan } from '../../src/time-zone.ts'
import type { Proof } from '../main.ts'
import { createRandom } from '../random.ts'

/** Zones with clock changes of every kind: an hour, half, 20 minutes, two hours, a lost day, at midnight, twice for Ramadan. */
const ZONES = [
  ...['Europe/Oslo', 'Europe/London', 'Europe/Dublin', 'Europe/Lisbon', 'Europe/Istanbul', 'Europe/Moscow'],
  ...['America/New_York', 'America/Los_Angeles', 'America/St_Johns', 'America/Sao_Paulo', 'America/Havana'],
  ...['America/Caracas', 'America/Nuuk', 'America/Scoresbysund', 'America/Asuncion', 'America/Santiago'],
  ...['Africa/Casablanca', 'Africa/Cairo', 'Asia/Tehran', 'Asia/Kathmandu', 'Asia/Pyongyang', 'Asia/Gaza'],
  ...['Asia/Kolkata', 'Asia/Tokyo', 'Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Apia', 'Pacific/Chatham'],
  ...['Antarctica/Troll', 'UTC'],
]
const FIRST_YEAR = 1986
const LAST_YEAR = 2030
const RUNS = 20
/** How far ahead runs are compared: rare ones would take cron minutes. */
const HORIZON_MS = 400 * DAY
/** So much longer has cron run by then: one that begins within an hour that repeats does not know what ran before. */
const EARLIER_S = 4 * 3600

/** The next runs, epoch seconds, of one expression. */
type Case = { expression: string; timeZone: string; start: number }

/**
 * Compares `--cases` (2,200) expressions with `--seed` (1): the next 20 runs of each, at most 400 days ahead. `--cron` is the
 * binary (default: the one installed, or the one of the package, which is fetched into a temporary folder). Differences
 * where both know other offsets of the zone are counted apart.
 */
export const cronProof: Proof = async options => {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-cron-'))
  try {
    const cron = options.cron ?? findCron(folder)
    if (cron === null) {
      console.log("Debian's cron, or gcc, is not here and cannot be had: nothing to compare with")
      return true
    }
    const seed = Number(options.seed ?? 1)
    const random = createRandom(seed)
    const counts = { equal: 0, zoneData: 0, different: 0 }
    const cases = Number(options.cases ?? 2200)
    let runs = 0
    for (let i = 0; i < cases; i++) {
      if (i > 0 && i % 200 === 0) console.log(`cron: ${i} expressions`)
      const one = randomCase(random)
      const theirs = cronRuns(cron, folder, one)
      const ours = ownRuns(one)
      runs += ours.length
      if (ours.join() === theirs.join()) counts.equal++
      else if (knowOtherOffsets(one, [...ours, ...theirs])) counts.zoneData++
      else {
        counts.different++
        console.log(`"${one.expression}" in ${one.timeZone} from ${shown(one.start)}`)
        const at = ours.findIndex((run, index) => run !== theirs[index])
        const place = at < 0 ? ours.length : at
        console.log(`  run ${place + 1}: cron ${shown(theirs[place])}, Vakt ${shown(ours[place])}`)
      }
    }
    console.log(
      `${cases} expressions, ${runs} runs, seed ${seed}: ${counts.equal} equal, ${counts.zoneData} by other zone data, ${counts.different} different`,
    )
    return counts.different === 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const shown = (seconds: number | undefined) =>
  seconds === undefined ? 'none' : new Date(seconds * SECOND).toISOString().slice(0, 19)

/** The binary of cron; null where it, or the compiler, cannot be had. Makes the clock beside it. */
function findCron(folder: string): string | null {
  const source = join(import.meta.dirname, 'clock.c')
  const clock = spawnSync('gcc', ['-O2', '-shared', '-fPIC', '-o', join(folder, 'clock.so'), source, '-ldl'])
  if (clock.status !== 0) return null
  for (const part of ['etc/cron.d', 'var/spool/cron/crontabs', 'var/run', 'run'])
    mkdirSync(join(folder, 'root', part), { recursive: true })
  if (existsSync('/usr/sbin/cron')) return '/usr/sbin/cron'
  spawnSync('apt-get', ['download', 'cron'], { cwd: folder })
  const file = readdirSync(folder).find(name => name.endsWith('.deb'))
  if (file === undefined || spawnSync('dpkg', ['-x', file, 'package'], { cwd: folder }).status !== 0) return null
  console.log(`cron of the package ${file}`)
  return join(folder, 'package/usr/sbin/cron')
}

/** The minutes in which cron starts the job. */
function cronRuns(cron: string, folder: string, { expression, timeZone, start }: Case): number[] {
  const root = join(folder, 'root')
  writeFileSync(join(root, 'etc/crontab'), `${expression} root job\n`, { mode: 0o644 })
  const result = spawnSync(cron, ['-f'], {
    env: {
      TZ: timeZone,
      CLOCK_ROOT: root,
      CLOCK_START: String(start - EARLIER_S),
      CLOCK_END: String(start + HORIZON_MS / SECOND),
      CLOCK_MINUTES: String(RUNS + EARLIER_S / 60),
      LD_PRELOAD: join(folder, 'clock.so'),
    },
    encoding: 'utf8',
  })
  if (/error/i.test(result.stderr)) throw new Error(`cron refuses "${expression}": ${result.stderr}`)
  const minutes = result.stdout
    .split('\n')
    .filter(line => line !== '')
    .map(seconds => Number(seconds) - (Number(seconds) % 60))
  return [...new Set(minutes)].filter(minute => minute > start).slice(0, RUNS)
}

function ownRuns({ expression, timeZone, start }: Case): number[] {
  const schedule = parseCron(expression, timeZone)
  const runs: number[] = []
  let at = nextRun(schedule, start * SECOND)
  while (at !== null && at <= start * SECOND + HORIZON_MS && runs.length < RUNS) {
    runs.push(at / SECOND)
    at = nextRun(schedule, at)
  }
  return runs
}

/** Whether the system, whose zone data cron reads, and Node know other offsets anywhere between the start and the last run. */
function knowOtherOffsets({ timeZone, start }: Case, runs: readonly number[]): boolean {
  const hours = Array.from({ length: (Math.max(start, ...runs) - start) / 3600 + 2 }, (_, i) => start + i * 3600)
  const dates = hours.map(at => `@${at}`).join('\n')
  const system = spawnSync('date', ['-f', '-', '+%z'], { env: { TZ: timeZone }, input: dates, encoding: 'utf8' })
  const offsets = system.stdout.trim().split('\n')
  return hours.some((at, i) => {
    const [, sign, hour, minute] = /^([+-])(\d\d)(\d\d)$/.exec(offsets[i] ?? '') ?? []
    const offset = (sign === '-' ? -1 : 1) * (Number(hour) * HOUR + Number(minute) * MINUTE)
    return Math.abs(clockSpan(timeZone, at * SECOND).offset - offset) >= MINUTE
  })
}

/** An expression, a zone, and a start on a whole minute: mostly within 3 days before or 10 hours after a clock change. */
function randomCase(random: () => number): Case {
  const timeZone = ZONES[Math.floor(random() * ZONES.length)]!
  const any = Math.floor(Date.UTC(FIRST_YEAR) + random() * (Date.UTC(LAST_YEAR) - Date.UTC(FIRST_YEAR)))
  const change = clockSpan(timeZone, any).end
  const isNear = random() < 0.85 && change < Date.UTC(LAST_YEAR)
  const start = isNear ? change - 3 * DAY + random() * (3 * DAY + 10 * HOUR) : any
  return { expression: randomExpression(random), timeZone, start: Math.floor(start / MINUTE) * 60 }
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const NICKNAMES = ['@yearly', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']

function randomExpression(random: () => number): string {
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const pick = <T>(list: readonly T[]) => list[whole(0, list.length - 1)]!
  const item = (low: number, high: number): string => {
    const a = whole(low, high - 1)
    const b = whole(a, high)
    return pick([`${a}`, `${a}`, `${a}-${b}`, `${a}-${b}/${whole(1, 7)}`, `*/${whole(1, Math.max(2, high - low))}`])
  }
  const field = (low: number, high: number, star: number): string => {
    if (random() < star) return '*'
    return Array.from({ length: random() < 0.3 ? whole(2, 3) : 1 }, () => item(low, high)).join(',')
  }
  if (random() < 0.03) return pick(NICKNAMES)
  const month = random() < 0.05 ? pick(MONTHS) : field(1, 12, 0.85)
  const weekday = random() < 0.08 ? pick(DAYS) : field(0, 7, 0.7)
  // Most clock changes are in the first hours of a day.
  const hour = random() < 0.5 ? field(0, 4, 0) : field(0, 23, 0.4)
  return `${field(0, 59, 0.1)} ${hour} ${field(1, 28, 0.7)} ${month} ${weekday}`
}
