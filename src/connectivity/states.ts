// The history of connectivity: when Vakt was online, degraded and offline.
import type { State } from '../state/database.ts'
import { and, desc, eq, gt, sql } from '../state/orm.ts'
import { connectivityStates } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'
import type { Connectivity } from './connectivity.ts'

export type ConnectivityRow = typeof connectivityStates.$inferSelect

/** After a longer time without a record Vakt was not running, and nothing is known of that time. */
const MAX_GAP_MS = 30 * SECOND
const RETENTION_MS = 400 * DAY

/** Records the connectivity at `now`. Offline counts from the first round that failed. */
export function recordConnectivity(state: State, connectivity: Connectivity, now: number): void {
  state.transaction(() => {
    const last = readLast(state)
    const continues = last !== undefined && now >= last.to && now - last.to <= MAX_GAP_MS
    if (continues && last.state === connectivity.state) return extend(state, last.id, now)
    const start =
      connectivity.state === 'offline' ? (connectivity.failingSince ?? connectivity.since) : connectivity.since
    const from = continues ? Math.min(Math.max(start, last.from), now) : now
    if (continues) extend(state, last.id, from)
    state.db.insert(connectivityStates).values({ state: connectivity.state, from, to: now }).run()
  })
}

/** The newest rows first: of one state, and with an end after `after`, when these are set. */
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

/** Deletes what is older than 400 days. */
export function pruneConnectivity(state: State, now: number): void {
  state.prepare('delete from connectivity_states where to_at < ?').run(now - RETENTION_MS)
}

function extend(state: State, id: number, to: number): void {
  const query = state.prepared('extend connectivity', db =>
    db
      .update(connectivityStates)
      .set({ to: sql`${sql.placeholder('to')}` })
      .where(eq(connectivityStates.id, sql.placeholder('id')))
      .prepare(),
  )
  query.run({ id, to })
}

function readLast(state: State): ConnectivityRow | undefined {
  const query = state.prepared('last connectivity', db =>
    db.select().from(connectivityStates).orderBy(desc(connectivityStates.id)).limit(1).prepare(),
  )
  return query.get()
}
