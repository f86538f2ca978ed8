// Inhibition: which open alert is the root cause of another, by their labels. Pure.
import { compareSeverity } from '../../severity.ts'
import type { Alert } from '../alert.ts'

/**
 * The label `role` names what an open alert inhibits in its project (in all projects when it has none):
 * - `host-down`, with the label `host`: every alert of that host.
 * - `source-silent`, with the label `source`: later alerts of rules about the lines of that source that are not worse, for
 *   example that there are fewer lines than usual.
 * - `offline`: every later alert, unless it has the label `lan`: it does not need the internet.
 * Alerts of checks need no role: they inhibit the alerts whose label `depends_on` names the check.
 */
export const ALERT_ROLES = ['host-down', 'source-silent', 'offline'] as const
export type AlertRole = (typeof ALERT_ROLES)[number]

/** The detector of the alert that groups the silent checks of one host. */
export const HOST_CHECKS = 'host-checks'
/** The detector of the alert that stands for an alert storm. */
export const STORM = 'storm'
/** The detector of the alert that stands for a group of alerts. */
export const GROUP = 'group'
/** The detector of notices, which only inform and are resolved at once. */
export const NOTICE = 'notice'
/** The detector of test alerts. */
export const TEST = 'test'

/** The columns of an alert that inhibition depends on. */
export type InhibitionAlert = Pick<
  Alert,
  | 'id'
  | 'key'
  | 'title'
  | 'projectId'
  | 'checkId'
  | 'severity'
  | 'detector'
  | 'role'
  | 'labels'
  | 'since'
  | 'firedAt'
  | 'suppression'
  | 'stableAt'
>

/** Whether an open alert with a role inhibits another. */
export function inhibits(cause: InhibitionAlert, alert: InhibitionAlert): boolean {
  if (cause.id === alert.id || !isActiveCause(cause, alert)) return false
  if (cause.projectId !== null && cause.projectId !== alert.projectId) return false
  const { host, source, lan } = alert.labels
  if (cause.role === 'host-down') {
    const isLower = alert.role !== 'host-down' || (alert.detector === HOST_CHECKS && cause.detector !== HOST_CHECKS)
    return host !== undefined && host === cause.labels.host && isLower
  }
  if (cause.role === 'source-silent') {
    const isOfSource = source !== undefined && source === cause.labels.source && alert.labels.rule !== undefined
    const follows = alert.firedAt >= cause.since && compareSeverity(alert.severity, cause.severity) <= 0
    return isOfSource && follows && alert.role !== 'source-silent'
  }
  return cause.role === 'offline' && lan === undefined && alert.role !== 'offline' && alert.firedAt >= cause.since
}

/**
 * Whether an open alert can inhibit others now. A flapping alert that is clear for now cannot; an alert in quiet hours
 * cannot inhibit a critical one, unless it means that Vakt is offline.
 */
export function isActiveCause(cause: InhibitionAlert, alert: Pick<InhibitionAlert, 'severity'>): boolean {
  const isQuiet = cause.suppression === 'quiet-hours' && cause.role !== 'offline'
  return cause.stableAt === null && !(isQuiet && alert.severity === 'critical')
}

/**
 * Whether the alert is about something that stopped responding, so that its host may be the cause: a check without its
 * beat, a container. A check that reports a failure did respond, so its host is up.
 */
export function isSilent({ labels }: Pick<InhibitionAlert, 'labels'>): boolean {
  if (labels.check !== undefined) return labels.miss !== 'failed'
  return labels.container !== undefined && labels.source === undefined
}

/**
 * The end of the chain of causes, or null when the alert has no cause. When alerts are causes of one another in a circle,
 * the oldest alert of the circle is the root cause of the others.
 */
export function rootCause<T extends { id: number }>(start: T, causeOf: (alert: T) => T | null): T | null {
  const path = [start]
  for (;;) {
    const last = path.at(-1)!
    const next = causeOf(last)
    if (!next) return last === start ? null : last
    const known = path.findIndex(alert => alert.id === next.id)
    if (known >= 0) {
      const root = path.slice(known).reduce((oldest, alert) => (alert.id < oldest.id ? alert : oldest))
      return root.id === start.id ? null : root
    }
    path.push(next)
  }
}
