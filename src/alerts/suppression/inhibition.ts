// What the labels of alerts say of one another: what each role explains, and which alert is the root of many. Pure.
import type { Alert } from '../alert.ts'

/**
 * The label `role` says what an open alert explains in others of its project (of all projects when it has none):
 * `host-down` with the label `host`: every alert of that host; `source-silent` with `source`: what rules found in the lines
 * of that source since then and is no worse (that they are fewer than usual, for one);
 * `offline`: what fired since then, unless its label `lan` says that it does not need the internet.
 * A check needs no role: its alert explains those whose label `depends_on` names it.
 */
export const ALERT_ROLES = ['host-down', 'source-silent', 'offline'] as const
export type AlertRole = (typeof ALERT_ROLES)[number]

/** The detector of the alert that groups the silent checks of one host. */
export const HOST_CHECKS = 'host-checks'
export const STORM = 'storm'
/** Detectors of cards that only tell something and are over at once. */
export const NOTICE = 'notice'
export const TEST = 'test'

const RANK = { info: 0, warning: 1, critical: 2 } as const

export type InhibitionAlert = Pick<
  Alert,
  'id' | 'projectId' | 'severity' | 'detector' | 'role' | 'labels' | 'since' | 'firedAt'
> &
  Pick<Alert, 'key' | 'title' | 'suppression' | 'stableSince' | 'checkId'>

/** Whether an open alert with a role explains another. */
export function inhibits(parent: InhibitionAlert, child: InhibitionAlert): boolean {
  if (parent.id === child.id || !isGoingOn(parent, child)) return false
  if (parent.projectId !== null && parent.projectId !== child.projectId) return false
  const { host, source, lan } = child.labels
  if (parent.role === 'host-down') {
    const lower = child.role !== 'host-down' || (child.detector === HOST_CHECKS && parent.detector !== HOST_CHECKS)
    return host !== undefined && host === parent.labels.host && lower
  }
  if (parent.role === 'source-silent') {
    const isOfLines = source !== undefined && source === parent.labels.source && child.labels.rule !== undefined
    const follows = child.firedAt >= parent.since && RANK[child.severity] <= RANK[parent.severity]
    return isOfLines && follows && child.role !== 'source-silent'
  }
  return parent.role === 'offline' && lan === undefined && child.role !== 'offline' && child.firedAt >= parent.since
}

/**
 * A parent that has just gone (flapping), or that itself waits for the morning while this one must not, explains nothing;
 * being offline explains by night as by day.
 */
export function isGoingOn(parent: InhibitionAlert, child: Pick<InhibitionAlert, 'severity'>): boolean {
  const sleeps = parent.suppression === 'quiet-hours' && parent.role !== 'offline'
  return parent.stableSince === null && !(sleeps && child.severity === 'critical')
}

/**
 * Whether the alert is about something that fell silent, so that what it runs on may be to blame: a check without its
 * beat, a container. What reports a failure of itself is heard, so the host lives.
 */
export function isSilent({ labels }: Pick<InhibitionAlert, 'labels'>): boolean {
  if (labels.check !== undefined) return labels.miss !== 'failed'
  return labels.container !== undefined && labels.source === undefined
}

/**
 * The end of the chain of parents, or null when the alert explains itself. Where alerts explain one another in a circle,
 * the oldest of the circle is the root of the others.
 */
export function rootCause<T extends { id: number }>(start: T, parentOf: (one: T) => T | null): T | null {
  const path = [start]
  for (;;) {
    const last = path.at(-1)!
    const next = parentOf(last)
    if (!next) return last === start ? null : last
    const met = path.findIndex(one => one.id === next.id)
    if (met >= 0) {
      const root = path.slice(met).reduce((oldest, one) => (one.id < oldest.id ? one : oldest))
      return root.id === start.id ? null : root
    }
    path.push(next)
  }
}
