// Who is told of each alert, settled again with every version of it, and when routes or channels have changed.
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { asc, isNull, sql } from '../../state/orm.ts'
import { alerts, channels, routes } from '../../state/schema/index.ts'
import { clearIfDelivered } from '../delivery/outbox.ts'
import { updateEscalations } from './escalations.ts'
import { resolveAlertRecipients } from './recipients.ts'
import { recipientsOf } from './route.ts'

/** How many alerts are settled before anything else gets its turn. */
const AT_ONCE = 100

/**
 * Settles who is told of alerts that have changed since they were last settled, and what is to be escalated when. Says
 * whether some are left for the next time.
 */
export function resolveRecipients(state: State, now: number): boolean {
  return state.transaction(() => settleSome(state, now)) === AT_ONCE
}

function settleSome(state: State, now: number): number {
  const unsettled = state.prepared('unsettled audiences', db =>
    db.select().from(alerts).where(sql`undelivered = 1 and routed_version < version`).limit(AT_ONCE).prepare(),
  )
  const found = unsettled.all()
  if (found.length === 0) return 0
  const ways = {
    routes: state.db.select().from(routes).orderBy(asc(routes.position)).all(),
    channels: state.db.select().from(channels).where(isNull(channels.removedAt)).orderBy(asc(channels.id)).all(),
  }
  for (const alert of found) {
    const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
    resolveAlertRecipients(state, alert, recipientsOf(alert, project, ways.routes, ways.channels), now)
    updateEscalations(state, alert, project, now)
    state.prepare('update alerts set routed_version = version where id = ?').run(alert.id)
    clearIfDelivered(state, alert.id, now)
  }
  return found.length
}
