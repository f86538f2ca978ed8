// The channels that alerts go to: which are configured, and since when.
import { asc, eq, isNull, sql } from 'drizzle-orm'
import type { State } from '../state/database.ts'
import { alerts, channels } from '../state/schema.ts'

export type ChannelRow = typeof channels.$inferSelect

/** Makes the stored channels those that are configured now; one added (again) receives the open alerts by itself. */
export function syncChannels(state: State, configured: readonly { id: string; name: string }[], now: number): void {
  state.transaction(() => {
    const known = state.db.select().from(channels).all()
    for (const { id, name } of configured) {
      const old = known.find(row => row.id === id)
      if (!old) state.db.insert(channels).values({ id, name, addedAt: now }).run()
      else if (old.removedAt !== null)
        state.db.update(channels).set({ name, addedAt: now, removedAt: null }).where(eq(channels.id, id)).run()
    }
    for (const row of known) {
      const gone = row.removedAt === null && !configured.some(channel => channel.id === row.id)
      if (gone) state.db.update(channels).set({ removedAt: now }).where(eq(channels.id, row.id)).run()
    }
    state.db.update(alerts).set({ undelivered: true }).where(sql`${alerts.state} <> 'resolved'`).run()
  })
}

/** The configured channels. */
export function listChannels(state: State): ChannelRow[] {
  return state.db.select().from(channels).where(isNull(channels.removedAt)).orderBy(asc(channels.id)).all()
}
