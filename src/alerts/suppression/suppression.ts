// What holds an alert back, and in which order the reasons count. Pure.
import { aboutDuration } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { type Matchable, type Matcher, matchesAlert } from '../matcher.ts'
import { HOST_CHECKS, NOTICE, STORM, TEST } from './inhibition.ts'

/** What holds an alert back: `by` as in `alert.suppressedBy`, in words, and when time alone ends it (epoch ms). */
export type Suppression = { by: string; until: number | null; why: string }

/** A silence or a maintenance window that is on. */
export type ActiveMute = { by: string; projectId: number | null; matcher: Matcher; until: number; why: string }

/** What is judged: an alert, or a finding that is about to be one. */
export type Suppressible = Matchable & Pick<Alert, 'projectId' | 'role'>

/** What is asked about the world, in the order of the reasons; the dear questions come last and only when needed. */
export type SuppressionContext = {
  now: number
  /** The name of the alert's project, for the matchers. */
  project(): string | null
  blankets: readonly ActiveMute[]
  /** The open alert that explains it. */
  parent(): { id: number; title: string } | null
  /** Until when it waits for a parent; null when it does not. */
  settlesAt(): number | null
  /** Until when it is quiet in its project; null when it is not. */
  quietUntil(): number | null
  /** The storm that it is part of. */
  storm(): number | null
}

/** Cards about Vakt itself and about other alerts, which no storm takes in. */
const OWN: ReadonlySet<string> = new Set([STORM, HOST_CHECKS, NOTICE, TEST, 'connectivity', 'absence', 'lost-channel'])

/** Whether it belongs to no storm, nor makes one. */
export function isAboutVakt({ detector }: Pick<Suppressible, 'detector'>): boolean {
  return OWN.has(detector)
}

/**
 * The first reason to hold an alert back, or null: silences and maintenance (the one that lasts longest), a parent that
 * explains it, the wait for a parent, quiet hours (not for what is critical), a storm. A test of the way to the chats is
 * never held back; what only tells something waits for the morning at the most.
 */
export function findSuppression(alert: Suppressible, world: SuppressionContext): Suppression | null {
  if (alert.detector === TEST) return null
  if (alert.detector === NOTICE) return quiet(alert, world)
  const other = isAboutVakt(alert) ? () => null : crowded
  return blanketOver(alert, world) ?? explained(world) ?? quiet(alert, world) ?? other(world)
}

function blanketOver(alert: Suppressible, { blankets, now, project }: SuppressionContext): Suppression | null {
  if (blankets.length === 0) return null
  const over = blankets.filter(
    one =>
      one.until > now &&
      (one.projectId === null || one.projectId === alert.projectId) &&
      matchesAlert(one.matcher, alert, project()),
  )
  const longest = over.sort((a, b) => b.until - a.until || a.by.localeCompare(b.by))[0]
  return longest ? { by: longest.by, until: longest.until, why: longest.why } : null
}

function explained(world: SuppressionContext): Suppression | null {
  const parent = world.parent()
  if (parent) return { by: `alert:${parent.id}`, until: null, why: `alert ${parent.id}, ${parent.title}` }
  const settlesAt = world.settlesAt()
  if (settlesAt === null || settlesAt <= world.now) return null
  return { by: 'settling', until: settlesAt, why: `the ${aboutDuration(settlesAt - world.now)} wait for its cause` }
}

function quiet(alert: Suppressible, world: SuppressionContext): Suppression | null {
  const until = alert.severity === 'critical' ? null : world.quietUntil()
  return until === null ? null : { by: 'quiet', until, why: 'quiet hours' }
}

function crowded(world: SuppressionContext): Suppression | null {
  const storm = world.storm()
  return storm === null ? null : { by: `storm:${storm}`, until: null, why: `the storm in alert ${storm}` }
}
