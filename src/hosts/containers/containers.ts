// The table of containers: the last known state of each container of each host.
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { containers } from '../../state/schema/index.ts'
import type { Container } from '../host.ts'
import { observeContainer } from './container.ts'
import type { ObservedContainer } from './container-json.ts'

/** Saves the containers that a host reports at `now`, and deletes those that it no longer reports. */
export function saveContainers(
  state: State,
  hostId: number,
  observed: readonly ObservedContainer[],
  now: number,
): Container[] {
  return state.transaction(() => {
    const before = new Map(listContainers(state, hostId).map(container => [container.name, container]))
    const after = observed.map(container => observeContainer(hostId, before.get(container.name), container, now))
    // Most are unchanged except for the time, which one statement writes for all.
    for (const row of after) if (!isUnchanged(row, before.get(row.name))) saveContainer(state, row)
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

/** The containers of a host, or of all hosts, ordered by host and name. */
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

function isUnchanged(row: Container, before: Container | undefined): boolean {
  return before !== undefined && JSON.stringify({ ...row, seenAt: 0 }) === JSON.stringify({ ...before, seenAt: 0 })
}

function saveContainer(state: State, row: Container): void {
  state.db
    .insert(containers)
    .values(row)
    .onConflictDoUpdate({ target: [containers.hostId, containers.name], set: row })
    .run()
}
