// How Vakt was connected: the times it was online, degraded and offline, and its availability over them.
import type { State } from '../state/database.ts'
import { and, desc, eq, gt, lt } from '../state/orm.ts'
import { connectivityStates } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'
import type { Connectivity } from './connectivity.ts'

export type ConnectivityRow = typeof connectivityStates.$inferSelect

/** A longer time without a note is one in which Vakt did not run. */
const GAP = 30 * SECOND
const KEPT = 400 * DAY

/** Notes how Vakt is connected at `now`; offline counts from when it last heard anything. */
export function noteConnectivity(state: State, connectivity: Connectivity, now: number): void {
  state.transaction(() => {
    const last = listConnectivity(state, { limit: 1 })[0]
    const follows = last !== undefined && now >= last.to && now - last.to <= GAP
    if (follows && last.state === connectivity.state) return extend(state, last.id, now)
    const begun = connectivity.state === 'offline' ? connectivity.heardAt : connectivity.since
    const from = follows ? Math.min(Math.max(begun, last.from), now) : now
    if (follows) extend(state, last.id, from)
    state.db.insert(connectivityStates).values({ state: connectivity.state, from, to: now }).run()
  })
}

/** The newest times first, only of one state and only those that reach past `after` when that is given. */
export function listConnectivity(
  state: State,
  filter: { state?: ConnectivityRow['state']; after?: number; limit: number },
): ConnectivityRow[] {
  const wanted = and(
    filter.state === undefined ? undefined : eq(connectivityStates.state, filter.state),
    filter.after === undefined ? undefined : gt(connectivityStates.to, filter.after),
  )
  return state.db
    .select()
    .from(connectivityStates)
    .where(wanted)
    .orderBy(desc(connectivityStates.id))
    .limit(filter.limit)
    .all()
}

/** Drops what is over thirteen months old. */
export function pruneConnectivity(state: State, now: number): void {
  state.db
    .delete(connectivityStates)
    .where(lt(connectivityStates.to, now - KEPT))
    .run()
}

function extend(state: State, id: number, to: number): void {
  state.db.update(connectivityStates).set({ to }).where(eq(connectivityStates.id, id)).run()
}
