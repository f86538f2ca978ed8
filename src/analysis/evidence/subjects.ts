// The subject of an analysis of an alert: the time around its start, in its project, with earlier alerts of the same kind.
import { monoText } from '../../chat/mono-text.ts'
import { Problem } from '../../problem.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { eq } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import { MINUTE } from '../../time.ts'
import type { AnalysisSubject } from './gather.ts'
import { readEarlierAlerts } from './timeline-events.ts'

/** How much time before the start of an alert is analyzed, where its cause is, and how much after it at most. */
const LOOKBACK_MS = 15 * MINUTE
const MAX_AFTER_START_MS = 45 * MINUTE
const ORIGIN_LABELS = ['host', 'source', 'container', 'check'] as const

/** Reads the subject of an alert at `now`. Throws `not_found`. */
export function readAlertSubject(state: State, id: number, now: number): AnalysisSubject {
  const alert = state.db.select().from(alerts).where(eq(alerts.id, id)).get()
  if (!alert)
    throw new Problem('not_found', `There is no alert ${id}. "alerts list" shows the open alerts.`, {
      fields: { alert: 'no such alert' },
    })
  const project = alert.projectId === null ? undefined : readProjectById(state, alert.projectId)
  const startedAt = Math.min(alert.since, alert.firedAt)
  const until = Math.min(
    now + 1,
    Math.max(alert.firedAt + 1, Math.min(alert.resolvedAt ?? now, startedAt + MAX_AFTER_START_MS)) + MINUTE,
  )
  const seen = alert.observation.lines
    .map(line => (typeof line === 'string' ? line : line.map(spanText).join('')))
    .concat(
      (alert.observation.evidence ?? []).map(evidence => monoText(evidence, { timeZone: 'UTC', width: Infinity })),
    )
    .join(' ')
  return {
    title: `alert ${id}: ${alert.title}`,
    where: project ? { kind: 'field', field: 'project', value: project.name } : null,
    from: startedAt - LOOKBACK_MS,
    until,
    projectId: alert.projectId,
    preferredOrigins: ORIGIN_LABELS.map(name => alert.labels[name]).filter(value => value !== undefined),
    knownEvents: [
      {
        at: startedAt,
        text: `this alert (${alert.severity}) began: ${alert.title}. ${seen}`,
        command: `alerts show ${id}`,
      },
      ...readEarlierAlerts(state, alert.key, id, alert.firedAt),
    ],
  }
}

function spanText(span: string | { bold: string } | { code: string } | { time: number } | { label: string }): string {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold
  if ('code' in span) return span.code
  return 'time' in span ? new Date(span.time).toISOString() : span.label
}
