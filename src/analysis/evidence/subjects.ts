// What an analysis of an alert looks at: the time around its beginning, in its project, with what was known before.
import { Problem } from '../../problem.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { eq } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import { MINUTE } from '../../time.ts'
import type { Subject } from './gather.ts'
import { earlierAlerts } from './timeline-events.ts'

/** Causes come before: so much is looked at before an alert began, and at most so much after. */
const BEFORE = 15 * MINUTE
const AFTER = 45 * MINUTE
const FAVOURED = ['host', 'source', 'container', 'check'] as const

/** The subject of an alert at `now`, and the title for people. Throws `not_found`. */
export function alertSubject(state: State, id: number, now: number): Subject {
  const alert = state.db.select().from(alerts).where(eq(alerts.id, id)).get()
  if (!alert)
    throw new Problem('not_found', `There is no alert ${id}. "alerts list" shows those that are open.`, {
      fields: { alert: 'no such alert' },
    })
  const project = alert.projectId === null ? undefined : readProjectById(state, alert.projectId)
  const begun = Math.min(alert.since, alert.firedAt)
  const until = Math.min(
    now + 1,
    Math.max(alert.firedAt + 1, Math.min(alert.resolvedAt ?? now, begun + AFTER)) + MINUTE,
  )
  const seen = alert.observation.lines
    .map(line => (typeof line === 'string' ? line : line.map(wordsOf).join('')))
    .join(' ')
  return {
    title: `alert ${id}: ${alert.title}`,
    where: project ? { kind: 'field', field: 'project', value: project.name } : null,
    from: begun - BEFORE,
    until,
    projectId: alert.projectId,
    favoured: FAVOURED.map(name => alert.labels[name]).filter(value => value !== undefined),
    known: [
      {
        at: begun,
        text: `this alert (${alert.severity}) began: ${alert.title}. ${seen}`,
        command: `alerts show ${id}`,
      },
      ...earlierAlerts(state, alert.key, id, alert.firedAt),
    ],
  }
}

function wordsOf(span: string | { bold: string } | { code: string } | { time: number } | { label: string }): string {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold
  if ('code' in span) return span.code
  return 'time' in span ? new Date(span.time).toISOString() : span.label
}
