// The containers of the hosts as they were last seen.
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { containers } from '../../state/schema/index.ts'
import type { Container } from '../host.ts'
import { lookedAt } from './container.ts'
import type { Seen } from './container-json.ts'

/** Stores what a look at a host saw; containers that it saw no more are forgotten. */
export function storeLook(state: State, hostId: number, seen: readonly Seen[], now: number): Container[] {
  return state.transaction(() => {
    const before = new Map(listContainers(state, hostId).map(one => [one.name, one]))
    const after = seen.map(one => lookedAt(hostId, before.get(one.name), one, now))
    // Most are as they were: only the time of the look is new, and one statement writes that for all.
    for (const row of after) if (!isSame(row, before.get(row.name))) storeRow(state, row)
    state.prepare('update containers set seen_at = ? where host_id = ?').run(now, hostId)
    const names = new Set(after.map(row => row.name))
    for (const name of before.keys())
      if (!names.has(name))
        state.db
          .delete(containers)
          .where(and(eq(containers.hostId, hostId), eq(containers.name, name)))
          .run()
    return after
  })
}

/** The containers of a host, or of all, by name. */
export function listContainers(state: State, hostId?: number): Container[] {
  const order = [asc(containers.hostId), asc(containers.name)] as const
  if (hostId === undefined)
    return state
      .prepared('containers', db =>
        db
          .select()
          .from(containers)
          .orderBy(...order)
          .prepare(),
      )
      .all()
  const ofHost = eq(containers.hostId, sql.placeholder('hostId'))
  const query = state.prepared('containers of a host', db =>
    db
      .select()
      .from(containers)
      .where(ofHost)
      .orderBy(...order)
      .prepare(),
  )
  return query.all({ hostId })
}

export function readContainer(state: State, hostId: number, name: string): Container | undefined {
  return state.db
    .select()
    .from(containers)
    .where(and(eq(containers.hostId, hostId), eq(containers.name, name)))
    .get()
}

function isSame(row: Container, before: Container | undefined): boolean {
  return before !== undefined && JSON.stringify({ ...row, seenAt: 0 }) === JSON.stringify({ ...before, seenAt: 0 })
}

function storeRow(state: State, row: Container): void {
  state.db
    .insert(containers)
    .values(row)
    .onConflictDoUpdate({ target: [containers.hostId, containers.name], set: row })
    .run()
}
