// The containers of the hosts as they were last seen.
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { containers } from '../state/schema.ts'
import { lookedAt } from './container.ts'
import type { Seen } from './container-json.ts'
import type { Container } from './host.ts'

/** Stores what a look at a host saw; containers that it saw no more are forgotten. */
export function storeLook(state: State, hostId: number, seen: readonly Seen[], now: number): Container[] {
  return state.transaction(() => {
    const before = new Map(listContainers(state, hostId).map(one => [one.name, one]))
    const after = seen.map(one => lookedAt(hostId, before.get(one.name), one, now))
    for (const row of after) {
      before.delete(row.name)
      state.db
        .insert(containers)
        .values(row)
        .onConflictDoUpdate({ target: [containers.hostId, containers.name], set: row })
        .run()
    }
    for (const name of before.keys())
      state.db
        .delete(containers)
        .where(and(eq(containers.hostId, hostId), eq(containers.name, name)))
        .run()
    return after
  })
}

/** The containers of a host, or of all, by name. */
export function listContainers(state: State, hostId?: number): Container[] {
  return state.db
    .select()
    .from(containers)
    .where(hostId === undefined ? undefined : eq(containers.hostId, hostId))
    .orderBy(asc(containers.hostId), asc(containers.name))
    .all()
}

export function readContainer(state: State, hostId: number, name: string): Container | undefined {
  return state.db
    .select()
    .from(containers)
    .where(and(eq(containers.hostId, hostId), eq(containers.name, name)))
    .get()
}
