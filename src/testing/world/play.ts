// Plays the plan of a world, asserts what must be true after each quiet moment, and shortens a plan that fails.
import { MINUTE } from '../../time.ts'
import { audit } from './audit.ts'
import { STORM_RATE } from './audit-storms.ts'
import { createChat } from './chat.ts'
import { BLOCK_MS } from './jobs.ts'
import { auditLogRules } from './logs/audit-log-rules.ts'
import { auditLogs } from './logs/audit-logs.ts'
import { LOG_RULE_LINES } from './logs/log-rules.ts'
import { logBody } from './logs/log-traffic.ts'
import { createWorldLogs } from './logs/world-logs.ts'
import { Killed } from './mortal-database.ts'
import type { Plan } from './plan.ts'
import { createRandom, seedCrypto } from './random.ts'
import { PAGER, routingLines } from './routing.ts'
import { STEP_KINDS } from './steps/index.ts'
import type { Step } from './steps/step.ts'
import { collectImmediates, settle } from './turns.ts'
import { Violation, World } from './world.ts'
import { createWorldClock } from './world-clock.ts'

/** For so long before the end of a block nothing fails any more; jobs go on. */
const WELL_MS = 80 * MINUTE

/** What went wrong, when, and in which block; null when nothing did. */
export type Failure = { message: string; at: number; block: number } | null

/** Plays a plan to its end, or to the first thing that is not true; `onReported` hears how many problems had their alerts. */
export async function playPlan(
  plan: Plan,
  onReported: (count: number, world: World) => void = () => {},
): Promise<Failure> {
  const random = createRandom(plan.seed ^ 0x5eed)
  const clock = createWorldClock(plan.start)
  const logs = plan.hasLogs ? createWorldLogs() : null
  const world = new World({
    ...{ clock, random, checks: plan.checks, probes: plan.probes, hasTargets: plan.hasTargets, logs },
    ...{ routing: plan.routing ?? null, storming: plan.storming ?? [], hasLogRules: plan.hasLogRules ?? false },
    createChats: own =>
      ['discord', 'slack', ...(plan.routing ? [PAGER] : [])].map(id =>
        createChat(id, { random, trueNow: clock.trueNow, isOnline: () => own.isOnline }),
      ),
  })
  const restore = replaceGlobals(random.next, plan.seed)
  let block = 0
  try {
    await furnish(world)
    let next = 0
    for (; block * BLOCK_MS < plan.days * 86_400_000; block++) {
      const end = (block + 1) * BLOCK_MS
      const playUntil = async (until: number) => {
        for (let step = plan.steps[next]; step && step.at < until; step = plan.steps[++next]) {
          await world.passUntil(plan.start + step.at)
          await playStep(world, step)
        }
        await world.passUntil(plan.start + until)
      }
      await playUntil(end - WELL_MS)
      world.heal()
      await playUntil(end)
      await auditLogs(world)
      const reported = audit(world)
      auditLogRules(world)
      onReported(reported, world)
    }
    return null
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    return { message: error.message, at: clock.now(), block }
  } finally {
    world.vakt?.kill()
    await settle()
    logs?.remove()
    restore()
  }
}

/** Everything random follows the seed, and what a dead process was about to do does not end the world. */
function replaceGlobals(random: () => number, seed: number): () => void {
  const releaseCrypto = seedCrypto(createRandom(seed ^ 0x1d5))
  const { random: unseeded } = Math
  Math.random = random
  const { now: unseededNow } = performance
  // Group commits gather for as long as more comes, and not for so many real milliseconds.
  performance.now = () => 0
  const releaseImmediates = collectImmediates()
  const listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error, promise) => {
    if (error instanceof Killed) return
    if (listeners.length === 0) throw error
    for (const listener of listeners) listener(error, promise)
  })
  return () => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    Math.random = unseeded
    performance.now = unseededNow
    releaseImmediates()
    releaseCrypto()
  }
}

async function playStep(world: World, { kind, at: _, ...details }: Step): Promise<void> {
  const known = STEP_KINDS.find(({ name }) => name === kind)
  if (!known) throw new Error(`There is no kind of step "${kind}".`)
  await known.play(world, details)
}

/** Starts Vakt and creates what the plan needs. */
async function furnish(world: World): Promise<void> {
  await world.start()
  const run = async (line: string) => {
    const answer = await world.command(line)
    if (!answer?.ok) throw new Error(`The world cannot begin: "${line}" says ${answer?.message}`)
    return answer.result
  }
  // Each of these would make one alert of several, or a later one.
  await run('suppression set --flap-changes 0 --storm-rate 0 --inhibition-delay 0s')
  const { rules } = (await run('rules list')) as { rules: { name: string; paused?: boolean }[] }
  for (const { name } of rules) await world.command(`rules pause "${name}"`)
  if (world.logs) await furnishLogs(world, run)
  const { checks, storming, routing } = world.options
  if (storming.length > 0) {
    await run('projects add mass')
    await run(`suppression set --project mass --flap-changes 0 --inhibition-delay 0s --storm-rate ${STORM_RATE}`)
  }
  for (const line of routing ? routingLines(routing) : []) await run(line)
  if (routing) world.model.routeChanges.push({ at: world.clock.now(), routes: routing.routes, isCertain: true })
  for (const { name, flags } of [...checks, ...storming]) {
    const { check } = (await run(`checks add ${name} ${flags}`)) as { check: { uuid: string } }
    world.uuids.set(name, check.uuid)
  }
  for (const name of world.options.probes)
    await run(`checks add ${name} --probe http://198.51.100.7/${name} --every 5m --after 2`)
}

/** A source that is known already, and a rule that reports each error that nobody has seen before. */
async function furnishLogs(world: World, run: (line: string) => Promise<unknown>): Promise<void> {
  const { key } = (await run('keys create default')) as { key: { secret: string } }
  world.logKey = key.secret
  await run('rules add fresh --kind new-error --for 1s --severity warning')
  if (world.options.hasLogRules) for (const line of LOG_RULE_LINES) await run(line)
  const [body, type] = logBody('array', 0, ['started'], false)
  await world.sendLogs(world.logs!.lines.begin(0, 1, null, world.clock.trueNow()), { body, type, key: null })
}

/** The steps of `plan` without which the same failure does not happen; `onTry` hears how many are left. */
export async function shrinkPlan(
  plan: Plan,
  failure: NonNullable<Failure>,
  onTry?: (left: number) => void,
): Promise<Plan> {
  let best: Plan = { ...plan, days: ((failure.block + 1) * BLOCK_MS) / 86_400_000 }
  best = { ...best, steps: best.steps.filter(({ at }) => at < (failure.block + 1) * BLOCK_MS) }
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.steps.length; ) {
      const steps = [...best.steps.slice(0, from), ...best.steps.slice(from + size)]
      const found = await playPlan({ ...best, steps })
      if (found && kindOf(found.message) === kindOf(failure.message)) best = { ...best, steps }
      else from += size
      onTry?.(best.steps.length)
    }
  }
  return best
}

/** A failure without its names and numbers. */
function kindOf(message: string): string {
  return message.replace(/job-\d+|\d[\d:.TZ-]*/g, '#').slice(0, 40)
}
