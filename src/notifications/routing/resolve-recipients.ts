// Resolves the recipients of alerts: after each version of an alert, and after routes or channels changed.
import { listMatchables } from '../../alerts/groups/groups.ts'
import { EVERY_CHANNEL, readChosenChannels } from '../../checks/healthchecks/check-details.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { asc, isNull, sql } from '../../state/orm.ts'
import { alerts, channels, routes } from '../../state/schema/index.ts'
import { clearIfDelivered } from '../delivery/outbox.ts'
import { updateEscalations } from './escalations.ts'
import { resolveAlertRecipients } from './recipients.ts'
import { type ChannelRow, chooseRecipients, mergeRecipients, type NewRecipient } from './route.ts'

/** How many alerts are resolved before the event loop does other work. */
const BATCH_SIZE = 100

/**
 * Resolves the recipients and escalations of alerts that changed since the last call, at most a batch of them. Returns
 * whether more may be left.
 */
export function resolveRecipients(state: State, now: number): boolean {
  return state.transaction(() => resolveBatch(state, now)) === BATCH_SIZE
}

function resolveBatch(state: State, now: number): number {
  const query = state.prepared('alerts without recipients of their version', db =>
    db.select().from(alerts).where(sql`undelivered = 1 and routed_version < version`).limit(BATCH_SIZE).prepare(),
  )
  const changed = query.all()
  if (changed.length === 0) return 0
  const allRoutes = state
    .prepared('routes', db => db.select().from(routes).orderBy(asc(routes.position)).prepare())
    .all()
  const inUse = state
    .prepared('channels in use', db =>
      db.select().from(channels).where(isNull(channels.removedAt)).orderBy(asc(channels.id)).prepare(),
    )
    .all()
  for (const alert of changed) {
    const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
    const recipients = listMatchables(state, alert).flatMap(
      own => chosenRecipients(state, own.key, inUse) ?? chooseRecipients(own, project, allRoutes, inUse),
    )
    resolveAlertRecipients(state, alert, mergeRecipients(recipients), now)
    updateEscalations(state, alert, project, now)
    state.prepare('update alerts set routed_version = version where id = ?').run(alert.id)
    clearIfDelivered(state, alert.id, now)
  }
  return changed.length
}

/** The channels that Healthchecks' API gave a check, for its alerts; null where it gave none that is in use. */
function chosenRecipients(state: State, alertKey: string, channels: readonly ChannelRow[]): NewRecipient[] | null {
  const [, checkId] = /^check:(\d+)/.exec(alertKey) ?? []
  const ids = checkId === undefined ? null : readChosenChannels(state, Number(checkId))
  if (ids === null) return null
  const chosen = channels.filter(
    ({ id, origin }) => origin !== 'person' && (ids.includes(id) || ids.includes(EVERY_CHANNEL)),
  )
  if (chosen.length === 0) return null
  return chosen.map(({ id }) => ({ channelId: id, mention: [], why: 'chosen for this check' }))
}
