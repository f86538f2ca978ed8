// Compares the coming times of random OnCalendar expressions with those of `systemd-analyze calendar`, where it is installed.
import { spawnSync } from 'node:child_process'
import { nextElapse, onCalendar } from '../src/checks/on-calendar/next-elapse.ts'
import type { Proof } from './main.ts'
import { createRandom } from './random.ts'

/** Zones with clock changes of every kind, and starts within a day of one. */
const STARTS = [
  ['UTC', '2026-02-27T22:00:00Z'],
  ['Europe/Oslo', '2026-03-28T20:00:00Z'],
  ['Europe/Oslo', '2026-10-24T20:00:00Z'],
  ['America/New_York', '2026-03-07T20:00:00Z'],
  ['America/New_York', '2026-10-31T20:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T00:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T00:00:00Z'],
  ['Asia/Kolkata', '2026-12-30T00:00:00Z'],
  ['America/Sao_Paulo', '2018-11-03T12:00:00Z'],
  ['Pacific/Apia', '2011-12-29T00:00:00Z'],
] as const

const ITERATIONS = 10

/**
 * A repetition without an end (`0/35`). Where it overruns its field, systemd carries the rest into the next hour or day and
 * skips matches there, or gives up; with the end written out it does not. Vakt takes both alike: docs/checks.md says so.
 */
const OPEN = /(?<![\d.])(\d+)\/(\d+)/g

/** Compares `--cases` (1,000) expressions with `--seed` (1): the next ten times of each, and what is refused. */
export const onCalendarProof: Proof = async options => {
  if (spawnSync('systemd-analyze', ['--version']).error) {
    console.log('systemd-analyze is not installed: nothing to compare with')
    return true
  }
  const cases = Number(options.cases ?? 1000)
  const random = createRandom(Number(options.seed ?? 1))
  const counts = { equal: 0, documented: 0, different: 0 }
  for (let i = 0; i < cases; i++) {
    const expression = randomExpression(random)
    const [timeZone, start] = STARTS[Math.floor(random() * STARTS.length)]!
    const theirs = systemdTimes(expression, timeZone, start)
    const ours = ownTimes(expression, timeZone, start)
    // Vakt refuses what systemd accepts and never runs.
    if (ours === theirs || (theirs === '' && ours === 'refused')) counts.equal++
    else if (ours === systemdTimes(withEnds(expression), timeZone, start)) counts.documented++
    else {
      counts.different++
      console.log(`"${expression}" in ${timeZone} from ${start}\n  systemd ${theirs}\n  Vakt    ${ours}`)
    }
  }
  console.log(
    `${cases} expressions: ${counts.equal} equal, ${counts.documented} documented, ${counts.different} different`,
  )
  return counts.different === 0
}

/** The expression with the end of each open repetition of its date and time. */
function withEnds(expression: string): string {
  return expression
    .split(' ')
    .map(word => {
      const ends = word.includes(':') ? (word.split(':').length === 3 ? [23, 59, 59] : [23, 59]) : ['', 12, 31]
      const parts = word.split(/(?=[:~-])/)
      if (parts.length !== ends.length || word.includes('~')) return word
      return parts.map((part, i) => (ends[i] === '' ? part : part.replace(OPEN, `$1..${ends[i]}/$2`))).join('')
    })
    .join(' ')
}

function systemdTimes(expression: string, timeZone: string, start: string): string {
  const base = `${start.slice(0, 10)} ${start.slice(11, 19)} UTC`
  const result = spawnSync(
    'systemd-analyze',
    ['calendar', `--iterations=${ITERATIONS}`, `--base-time=${base}`, expression],
    { env: { ...process.env, TZ: timeZone, LC_ALL: 'C' }, encoding: 'utf8' },
  )
  if (result.status !== 0) return 'refused'
  const utc =
    timeZone === 'UTC' ? /(?:Next elapse|Iteration #\d+|Iter\. #\d+): \w+ (.+) UTC/g : /\(in UTC\): \w+ (.+) UTC/g
  return [...result.stdout.matchAll(utc)].map(([, time]) => time!.replace(/\.\d+$/, '')).join(', ')
}

function ownTimes(expression: string, timeZone: string, start: string): string {
  try {
    const schedule = onCalendar(expression, timeZone)
    const times: string[] = []
    for (let at = nextElapse(schedule, Date.parse(start)); at !== null; at = nextElapse(schedule, at)) {
      times.push(new Date(at).toISOString().slice(0, 19).replace('T', ' '))
      if (times.length === ITERATIONS) break
    }
    return times.join(', ')
  } catch {
    return 'refused'
  }
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const WORDS = ['minutely', 'hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'semiannually', 'yearly']

function randomExpression(random: () => number): string {
  const whole = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const pick = <T>(list: readonly T[]) => list[whole(0, list.length - 1)]!
  const item = (low: number, high: number): string => {
    const a = whole(low, high - 1)
    const b = whole(a + 1, high)
    return pick([
      `${a}`,
      `${a}`,
      `${a}..${b}`,
      `${low}/${whole(1, high - low)}`,
      `${a}..${b}/${whole(1, 5)}`,
      `${a}/${whole(1, 9)}`,
    ])
  }
  const field = (low: number, high: number, star: number): string => {
    if (random() < star) return '*'
    return Array.from({ length: random() < 0.25 ? 2 : 1 }, () => item(low, high)).join(',')
  }
  if (random() < 0.04) return pick(WORDS)
  const weekdays =
    random() < 0.3 ? `${pick([pick(DAYS), `${pick(DAYS)},${pick(DAYS)}`, `${pick(DAYS)}..${pick(DAYS)}`])} ` : ''
  const year = random() < 0.1 ? pick(['2026', '2026..2028', '2027/2', '30']) : '*'
  const day = random() < 0.1 ? `~${item(1, 28)}` : `-${field(1, 31, 0.6)}`
  const date = random() < 0.6 ? `${year}-${field(1, 12, 0.7)}${day} ` : ''
  const second = random() < 0.4 ? `:${field(0, 59, 0.1)}` : ''
  return `${weekdays}${date}${field(0, 23, 0.4)}:${field(0, 59, 0.15)}${second}`
}
