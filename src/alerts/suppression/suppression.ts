// What suppresses an alert, and in which order the reasons are tried. Pure.
import type { SUPPRESSIONS } from '../../state/schema/index.ts'
import { aboutDuration } from '../../time.ts'
import type { Alert } from '../alert.ts'
import { type Matchable, type Matcher, matcherTest } from '../matcher.ts'
import { GROUP, HOST_CHECKS, NOTICE, STORM, TEST } from './inhibition.ts'

export type SuppressionKind = (typeof SUPPRESSIONS)[number]

/** What suppresses an alert; `id` is the silence, the maintenance or the alert that does, null for the other kinds. */
export type Suppressor = { kind: SuppressionKind; id: number | null }

/** A suppression with its reason in words, and the instant at which time alone ends it (epoch ms, null: nothing known). */
export type Suppression = Suppressor & { reason: string; until: number | null }

/** A silence or a maintenance window in effect. */
export type ActiveMute = {
  kind: 'silence' | 'maintenance'
  id: number
  projectId: number | null
  matcher: Matcher
  until: number
  reason: string
}

/** An alert, or a finding that is about to become one. */
export type Suppressible = Matchable & Pick<Alert, 'projectId' | 'role' | 'groupId'>

/** What the reasons depend on, in the order in which they are tried; the costly questions come last, only when needed. */
export type SuppressionContext = {
  now: number
  /** The name of the alert's project, for matchers. */
  project(): string | null
  mutes: readonly ActiveMute[]
  /** The open alert that is its root cause. */
  rootCause(): { id: number; title: string } | null
  /** Until when it waits for a possible root cause; null when it does not. */
  awaitsCauseUntil(): number | null
  /** The end of the quiet hours of its project; null outside of them. */
  quietUntil(): number | null
  /** What suppresses each of the open members of a group; null when one of them is not suppressed otherwise. */
  membersSuppression(): Suppression | null
  /** The alert of the storm that it belongs to. */
  stormId(): number | null
}

/** Detectors of alerts about Vakt itself or about other alerts; no storm includes them. */
const OWN_DETECTORS: ReadonlySet<string> = new Set([
  STORM,
  HOST_CHECKS,
  NOTICE,
  TEST,
  'connectivity',
  'absence',
  'storage',
  'lost-channel',
])

/** Whether an alert is about Vakt itself or other alerts, so that it neither joins a storm nor makes one. */
export function isAboutVakt({ detector }: Pick<Suppressible, 'detector'>): boolean {
  return OWN_DETECTORS.has(detector)
}

/**
 * The first reason to suppress an alert, or null: silences and maintenance (the mute that ends last), inhibition by a root
 * cause, the wait for one, quiet hours (not for critical alerts), the card of its group, a storm. Test alerts are never
 * suppressed; notices only by quiet hours; a group when all of its members are.
 */
export function findSuppression(alert: Suppressible, context: SuppressionContext): Suppression | null {
  if (alert.detector === TEST) return null
  if (alert.detector === NOTICE) return quietHours(alert, context)
  if (alert.detector === GROUP) return context.membersSuppression() ?? storm(context)
  return (
    mute(alert, context) ??
    inhibition(context) ??
    quietHours(alert, context) ??
    (alert.groupId === null ? null : groupSuppression(alert.groupId)) ??
    (isAboutVakt(alert) ? null : storm(context))
  )
}

/** What suppresses an alert, as its row has it; null when nothing does. */
export function suppressorOf(alert: Pick<Alert, 'suppression' | 'suppressorId'>): Suppressor | null {
  return alert.suppression === null ? null : { kind: alert.suppression, id: alert.suppressorId }
}

/** The columns of an alert that store its suppression. */
export type SuppressionColumns = Pick<
  Alert,
  'suppression' | 'suppressorId' | 'suppressionReason' | 'suppressedUntil' | 'releasedAt'
>

/** A suppression as columns of the alert's row. */
export function suppressionColumns({ kind, id, reason, until }: Suppression): SuppressionColumns {
  return {
    suppression: kind,
    suppressorId: id,
    suppressionReason: reason,
    suppressedUntil: until,
    releasedAt: null,
  }
}

/** The suppression of an alert that belongs to the storm with the alert `id`. */
export function stormSuppression(id: number): Suppression {
  return { kind: 'storm', id, reason: `the alert storm (alert ${id})`, until: null }
}

/** The suppression of an alert whose group has one card for all; `id` is null for a group, which `reason` suppresses. */
export function groupSuppression(id: number | null, reason = `the card of its group (alert ${id})`): Suppression {
  return { kind: 'group', id, reason, until: null }
}

/** The suppression of an alert in quiet hours that end at `until` (epoch ms). */
export function quietSuppression(until: number): Suppression {
  return { kind: 'quiet-hours', id: null, reason: 'quiet hours', until }
}

/** Whether two suppressors are the same. */
export function isSameSuppressor(a: Suppressor | null, b: Suppressor | null): boolean {
  return a?.kind === b?.kind && a?.id === b?.id
}

/** The field `held_by` of results: `silence:3`, `maintenance:2`, `alert:12`, `storm:7`, `group:5`, `quiet` or `settling`. */
export function suppressorText(suppressor: Suppressor): string {
  const { kind, id } = suppressor
  if (kind === 'quiet-hours') return 'quiet'
  if (kind === 'awaiting-cause') return 'settling'
  if (kind === 'group') return id === null ? 'group' : `group:${id}`
  return `${kind === 'inhibition' ? 'alert' : kind}:${id}`
}

function mute(alert: Suppressible, { mutes, now, project }: SuppressionContext): Suppression | null {
  if (mutes.length === 0) return null
  const isMatching = matcherTest(alert, project())
  const matching = mutes.filter(
    mute =>
      mute.until > now && (mute.projectId === null || mute.projectId === alert.projectId) && isMatching(mute.matcher),
  )
  const longest = matching.sort((a, b) => b.until - a.until || a.kind.localeCompare(b.kind) || a.id - b.id)[0]
  if (!longest) return null
  const { kind, id, reason, until } = longest
  return { kind, id, reason, until }
}

function inhibition(context: SuppressionContext): Suppression | null {
  const cause = context.rootCause()
  if (cause) return { kind: 'inhibition', id: cause.id, reason: `alert ${cause.id} (${cause.title})`, until: null }
  const until = context.awaitsCauseUntil()
  if (until === null || until <= context.now) return null
  const reason = `the ${aboutDuration(until - context.now)} wait for a possible root cause`
  return { kind: 'awaiting-cause', id: null, reason, until }
}

function quietHours(alert: Suppressible, context: SuppressionContext): Suppression | null {
  const until = alert.severity === 'critical' ? null : context.quietUntil()
  return until === null ? null : quietSuppression(until)
}

function storm(context: SuppressionContext): Suppression | null {
  const id = context.stormId()
  return id === null ? null : stormSuppression(id)
}
