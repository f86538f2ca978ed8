// What a step of a world is: something that happens at an instant, planned by a seed and played on the world.
import type { Random } from '../random.ts'
import type { World } from '../world.ts'

/** One thing that happens; `at` is the time since the start of the world, ms. Everything in it can be printed and read back. */
export type Step = { at: number; kind: string; [detail: string]: unknown }

/** What a step may be planned around: the names there are, and how long faults may last, ms. */
export type Site = {
  checks: readonly string[]
  probes: readonly string[]
  chats: readonly string[]
  hasTargets: boolean
  /** Whether Vakt's clock may show a wrong time. */
  mayClockBeWrong: boolean
  hasLogs: boolean
  /** Whether alerts follow routes, escalations and a rotation. */
  hasRouting: boolean
  /** The jobs that fail together. */
  storming: readonly string[]
  /** The time until everything must be well again, ms. */
  leftMs: number
}

export type Details = { readonly [detail: string]: unknown }

/** One kind of step. */
export type StepKind<D extends Details = Details> = {
  name: string
  /** How often it is planned, beside the others; 0 for steps that only plans of jobs have. */
  weight: number
  /** The details of one; null where the site has no place for it. */
  plan(random: Random, site: Site): D | null
  play(world: World, details: D): Promise<void>
}

/** A kind whose details are known here only. */
export function stepKind<D extends Details>(kind: StepKind<D>): StepKind {
  return kind as unknown as StepKind
}

/** A duration from `min` to `max` ms that ends in time; null where there is no time left. */
export function lasting(random: Random, { leftMs }: Site, min: number, max: number): number | null {
  const most = Math.min(max, leftMs)
  return most < min ? null : random.whole(min, most)
}
