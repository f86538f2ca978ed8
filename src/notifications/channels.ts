// The channels that alerts go to: which are configured, and since when.

import type { State } from '../state/database.ts'
import { asc, eq, isNull, sql } from '../state/orm.ts'
import { alerts, channels, notifications } from '../state/schema.ts'
import { settle } from './notifications.ts'

export type ChannelRow = typeof channels.$inferSelect

/** Makes the stored channels those that are configured now; one added (again) receives the open alerts by itself. */
export function syncChannels(state: State, configured: readonly { id: string; name: string }[], now: number): void {
  state.transaction(() => {
    const known = state.db.select().from(channels).all()
    const added = configured.filter(channel => saveChannel(state, known, channel, now)).length > 0
    for (const row of known) {
      const gone = row.removedAt === null && !configured.some(channel => channel.id === row.id)
      if (gone) state.db.update(channels).set({ removedAt: now }).where(eq(channels.id, row.id)).run()
    }
    if (added) state.db.update(alerts).set({ undelivered: true }).where(sql`${alerts.state} <> 'resolved'`).run()
    // What only a channel that is no more still lacked waits for nothing.
    const waiting = state.db.select({ id: alerts.id }).from(alerts).where(sql`undelivered = 1`).all()
    for (const { id } of waiting) settle(state, id, now)
  })
}

/** Stores one that is configured; says whether it is new or here again. */
function saveChannel(
  state: State,
  known: readonly ChannelRow[],
  { id, name }: { id: string; name: string },
  now: number,
): boolean {
  const old = known.find(row => row.id === id)
  if (!old) state.db.insert(channels).values({ id, name, addedAt: now }).run()
  else if (old.removedAt !== null) readd(state, id, name, now)
  else if (old.name !== name) state.db.update(channels).set({ name }).where(eq(channels.id, id)).run()
  return !old || old.removedAt !== null
}

/** A channel that was away shows old cards: they are made true again, without calling anybody to what was meanwhile. */
function readd(state: State, id: string, name: string, now: number): void {
  state.db.update(channels).set({ name, addedAt: now, removedAt: null }).where(eq(channels.id, id)).run()
  const calls = sql`(select calls from alerts where alerts.id = alert_id)`
  state.db.update(notifications).set({ called: calls }).where(eq(notifications.channelId, id)).run()
  const stale = sql`${alerts.id} in (select alert_id from notifications n where n.channel_id = ${id}
    and n.ref is not null and n.shown_version < ${alerts.version})`
  state.db.update(alerts).set({ undelivered: true }).where(stale).run()
}

/** The configured channels. */
export function listChannels(state: State): ChannelRow[] {
  return state.db.select().from(channels).where(isNull(channels.removedAt)).orderBy(asc(channels.id)).all()
}
