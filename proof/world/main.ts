// Simulated worlds: `npm run world -- --seeds 100 [--seed 1] [--days 7]`; `--plan <file>` plays a saved plan.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Chat } from '../../src/testing/world/chat.ts'
import { type Plan, planWorld } from '../../src/testing/world/plan.ts'
import { type Failure, playPlan, shrinkPlan } from '../../src/testing/world/play.ts'
import type { Step } from '../../src/testing/world/steps/step.ts'
import { planYear } from '../../src/testing/world/year.ts'
import { isoTime } from '../../src/time.ts'
import { compareYear } from './year-report.ts'

const USAGE = `Usage: npm run world -- [--seeds N] [--seed S] [--days D] [--plan FILE]
  --seeds N    how many worlds (default: 20)
  --seed S     the first seed (default: 1)
  --days D     how many days each world lasts (default: 7)
  --first 1    stop at the first failure, and shorten nothing
  --year 1     a year of real life instead: precision and recall of its alerts
  --plan FILE  play a plan that an earlier failure saved, and print every step`

const DEFAULT_DAYS = 7

const options = readOptions(process.argv.slice(2))
if (options === null) {
  console.error(USAGE)
  process.exitCode = 2
} else if (options.plan) {
  const plan = JSON.parse(readFileSync(options.plan, 'utf8')) as Plan
  printPlan(plan)
  report(plan, await playPlan(plan))
} else if (options.year) process.exitCode = (await playYear(options)) ? 0 : 1
else process.exitCode = (await playSeeds(options)) ? 0 : 1

type Options = { seeds: number; seed: number; days: number; first: number; year: number; plan: string | null }

async function playSeeds({ seeds, seed: first, days, first: isFirst }: Options): Promise<boolean> {
  const begun = process.cpuUsage()
  const startedAt = performance.now()
  let failed = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const plan = planWorld(seed, days)
    const failure = await playPlan(plan)
    if (failure && isFirst) {
      report(plan, failure)
      return false
    }
    if (failure) {
      failed++
      await explain(plan, failure)
    }
  }
  const { user, system } = process.cpuUsage(begun)
  const played = seeds * days
  const [bySecond, byProcessor] = [(performance.now() - startedAt) / 1000, (user + system) / 1e6]
  console.log(
    `${played} simulated days, seeds ${first} to ${first + seeds - 1}: ${failed} failed. ${rate(played, bySecond)} days a second, ${rate(played, byProcessor)} a second of processor.`,
  )
  return failed === 0
}

/** A year is one long world; `--days` shortens it. */
async function playYear({ seed, days, year }: Options): Promise<boolean> {
  const { plan, faults } = planYear(seed, days === DEFAULT_DAYS ? 365 * year : days)
  const startedAt = performance.now()
  let chats: readonly Chat[] = []
  const failure = await playPlan(plan, (_, world) => {
    chats = world.chats
  })
  const seconds = (performance.now() - startedAt) / 1000
  const { planned, reported, matched, wrong } = compareYear(faults, chats, plan.start)
  const count = (kind: string) => plan.steps.filter(step => step.kind === kind).length
  console.log(
    `${plan.days} days of real life from ${isoTime(plan.start)}: ${count('beat')} pings of ${plan.checks.length} jobs, ${count('log batch')} batches of log lines.`,
  )
  const muted = faults.filter(({ isMuted }) => isMuted).length
  console.log(`${planned} problems planned, and ${muted} more during announced work; ${reported} reported.`)
  for (const line of wrong.slice(0, 20)) console.log(`  ${line}`)
  console.log(
    `Precision ${share(matched, reported)}, recall ${share(matched, planned)}. ${rate(plan.days, seconds)} days a second.`,
  )
  if (failure) report(plan, failure)
  return failure === null && wrong.length === 0
}

function share(part: number, whole: number): string {
  // Never rounded up to what it is not.
  const hundredths = Math.floor((whole === 0 ? 1 : part / whole) * 100)
  return `${(hundredths / 100).toFixed(2)} (${part} of ${whole})`
}

function rate(days: number, seconds: number): string {
  return (days / Math.max(seconds, 0.001)).toFixed(1)
}

/** Prints the failure, then shortens the plan to what it needs and saves that. */
async function explain(plan: Plan, failure: NonNullable<Failure>): Promise<void> {
  report(plan, failure)
  const shrunk = await shrinkPlan(plan, failure)
  const file = `world-${plan.seed}.json`
  writeFileSync(file, JSON.stringify(shrunk, null, 1))
  printPlan(shrunk)
  report(shrunk, await playPlan(shrunk))
  console.log(`Replay: npm run world -- --seed ${plan.seed} --seeds 1 --days ${plan.days}, or --plan ${file}`)
}

function report({ seed }: Plan, failure: Failure): void {
  if (failure) console.log(`Seed ${seed} fails at ${isoTime(failure.at)}: ${failure.message}`)
  else console.log(`Seed ${seed}: everything that must be true is true.`)
}

function printPlan(plan: Plan): void {
  console.log(`${plan.steps.length} steps from ${isoTime(plan.start)}:`)
  const used = new Set(plan.steps.map(({ check }) => check))
  for (const { name, flags } of plan.checks) if (used.has(name)) console.log(`  checks add ${name} ${flags}`)
  for (const { at, kind, ...details } of plan.steps as Step[])
    console.log(`  ${isoTime(plan.start + at)} ${kind} ${JSON.stringify(details)}`)
}

function readOptions(words: readonly string[]): Options | null {
  const read: Options = { seeds: 20, seed: 1, days: DEFAULT_DAYS, first: 0, year: 0, plan: null }
  // `--year` alone is one.
  if (words.at(-1) === '--year') return readOptions([...words, '1'])
  for (let i = 0; i < words.length; i += 2) {
    const [name, value] = [words[i]!.replace(/^--/, ''), words[i + 1]]
    if (value === undefined || !(name in read)) return null
    if (name === 'plan') read.plan = value
    else read[name as 'seeds' | 'seed' | 'days' | 'first' | 'year'] = Number(value)
  }
  return [read.seeds, read.seed, read.days].every(Number.isFinite) ? read : null
}
