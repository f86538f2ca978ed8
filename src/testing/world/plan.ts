// The plan of a world: everything that will happen in it, from a seed. It can be printed, read back and shortened.
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { CHECKS } from './checks.ts'
import { BLOCK_MS, runsOf } from './jobs.ts'
import { DAMAGED_PLACES } from './logs/file-damage.ts'
import { watchedTraffic } from './logs/log-rules.ts'
import { logTraffic } from './logs/log-traffic.ts'
import type { Routing } from './model/routing.ts'
import { createRandom, type Random } from './random.ts'
import { PAGER, planRouting } from './routing.ts'
import { STEP_KINDS } from './steps/index.ts'
import type { Site, Step } from './steps/step.ts'
import type { PlannedCheck } from './world.ts'

export type Plan = {
  seed: number
  days: number
  /** The instant the world begins, epoch ms. */
  start: number
  checks: readonly PlannedCheck[]
  probes: readonly string[]
  hasTargets: boolean
  hasLogs: boolean
  /** Whether rules watch how many lines programs send. */
  hasLogRules?: boolean
  routing?: Routing | null
  storming?: readonly PlannedCheck[]
  /** In order of time. */
  steps: readonly Step[]
}

/** Faults end this long before the end of their block. */
const QUIET_MS = 90 * MINUTE
const CHATS = ['discord', 'slack']

/** The plan of a seed. */
export function planWorld(seed: number, days: number): Plan {
  const random = createRandom(seed)
  const isWrongClock = random.chance(0.2)
  const kinds = isWrongClock ? CHECKS.filter(({ isTimed }) => !isTimed) : CHECKS
  const checks = Array.from({ length: random.whole(3, 6) }, (_, i) => random.pick(kinds).make(`job-${i + 1}`, random))
  const routing = random.chance(0.5) ? planRouting(random) : null
  const storming = random.chance(0.3) ? stormingJobs() : []
  const site = {
    checks: checks.map(({ name }) => name),
    probes: !isWrongClock && random.chance(0.3) ? ['shop'] : [],
    chats: routing ? [...CHATS, PAGER] : CHATS,
    hasTargets: random.chance(0.15),
    mayClockBeWrong: isWrongClock,
    hasLogs: !isWrongClock && random.chance(0.3),
    hasRouting: routing !== null,
    storming: storming.map(({ name }) => name),
  }
  const start = startOf(random)
  // Choices of its own, so that all else of a seed is as it was.
  const own = createRandom(seed ^ 0x10965)
  const hasLogRules = site.hasLogs && own.chance(0.6)
  const steps = [
    ...checks.flatMap(check => runsOf(check, random, start, days * DAY)),
    ...faultsOf(random, site, days * DAY),
    ...(site.hasLogs ? logTraffic(random, days * DAY) : []),
    ...(site.hasLogs ? damageOf(own, days) : []),
    ...(hasLogRules ? watchedTraffic(own, days * DAY) : []),
  ].sort((a, b) => a.at - b.at)
  const { probes, hasTargets, hasLogs } = site
  return { seed, days, start, checks, probes, hasTargets, hasLogs, hasLogRules, routing, storming, steps }
}

/** Jobs that only fail together; their period is longer than a world. */
function stormingJobs(): PlannedCheck[] {
  const ms = 8_000 * HOUR
  const schedule = { kind: 'every', ms, days: 0, zone: 'UTC' } as const
  const rules = { schedule, graceMs: HOUR, earlyMs: 0, maxRuntimeMs: null, after: 1 }
  return Array.from({ length: 8 }, (_, i) => ({
    name: `mass-${i + 1}`,
    flags: '--project mass --every 8000h --grace 1h --severity warning',
    rules,
  }))
}

/** Often the days around a change of the clocks. */
function startOf(random: Random): number {
  const day = random.pick(['2026-03-27', '2026-10-23', `2026-0${random.whole(1, 9)}-${random.whole(10, 28)}`])
  return Date.parse(`${day}T00:00:00Z`) + random.whole(0, 23) * HOUR
}

/** In some worlds one log file is damaged, once there is one of a day that is over. */
function damageOf(random: Random, days: number): Step[] {
  if (days <= 2 || !random.chance(0.5)) return []
  const at = random.whole(30 * HOUR, (days - 1) * DAY)
  const isQuiet = at % BLOCK_MS > BLOCK_MS - QUIET_MS
  const details = { place: random.pick(DAMAGED_PLACES), isStopped: random.chance(0.5) }
  return isQuiet ? [] : [{ at, kind: 'log file damaged', ...details }]
}

function faultsOf(random: Random, site: Omit<Site, 'leftMs'>, lengthMs: number): Step[] {
  const steps: Step[] = []
  for (let block = 0; block < lengthMs; block += BLOCK_MS) {
    const end = block + BLOCK_MS - QUIET_MS
    const count = random.whole(0, 9)
    for (let i = 0; i < count; i++) {
      const at = random.whole(block + MINUTE, end - MINUTE)
      const kind = random.pickWeighted(STEP_KINDS, ({ weight }) => weight)
      const details = kind.plan(random, { ...site, leftMs: end - at })
      if (details) steps.push({ at, kind: kind.name, ...details })
    }
  }
  return steps
}
