// The tables of followed containers: their patterns, and how far the lines of each are stored.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq } from '../../state/orm.ts'
import { followPositions, follows, type OutputPosition } from '../../state/schema/index.ts'

export type Follow = typeof follows.$inferSelect
/** How far the lines of a container are stored; `pending` is the batch that was being stored at that time. */
export type FollowPosition = typeof followPositions.$inferSelect
export type PendingFollowBatch = NonNullable<FollowPosition['pending']>

/** Adds a pattern of followed containers. Throws `conflict` when the host has it already. */
export function addFollow(state: State, follow: Omit<Follow, 'id'>): Follow {
  const { hostId, pattern } = follow
  return state.transaction(() => {
    if (readFollow(state, hostId, pattern))
      throw new Problem('conflict', 'This pattern is followed already. "containers follow" shows all patterns.')
    return state.db.insert(follows).values(follow).returning().get()
  })
}

/** Removes a pattern. `deleteUnfollowedPositions` then cleans up the positions. Throws `not_found`. */
export function removeFollow(state: State, hostId: number, pattern: string): void {
  state.transaction(() => {
    if (!readFollow(state, hostId, pattern))
      throw new Problem('not_found', 'This pattern is not followed. "containers follow" shows all patterns.')
    state.db
      .delete(follows)
      .where(and(eq(follows.hostId, hostId), eq(follows.pattern, pattern)))
      .run()
  })
}

export function listFollows(state: State): Follow[] {
  const query = state.prepared('follows', db =>
    db.select().from(follows).orderBy(asc(follows.hostId), asc(follows.pattern)).prepare(),
  )
  return query.all()
}

export function readPosition(state: State, hostId: number, container: string): FollowPosition | undefined {
  return state.db.select().from(followPositions).where(byContainer(hostId, container)).get()
}

/** Records a batch before it is stored, so that a crash cannot store it twice. */
export function recordPendingBatch(
  state: State,
  hostId: number,
  container: string,
  at: OutputPosition,
  pending: PendingFollowBatch,
): void {
  savePosition(state, { hostId, container, position: at, pending })
}

/** Records that all lines up to a position are stored. */
export function recordPosition(state: State, hostId: number, container: string, position: OutputPosition): void {
  savePosition(state, { hostId, container, position, pending: null })
}

export function deletePosition(state: State, hostId: number, container: string): void {
  state.transaction(() => state.db.delete(followPositions).where(byContainer(hostId, container)).run())
}

function savePosition(state: State, row: FollowPosition): void {
  state.transaction(() =>
    state.db
      .insert(followPositions)
      .values(row)
      .onConflictDoUpdate({ target: [followPositions.hostId, followPositions.container], set: row })
      .run(),
  )
}

function readFollow(state: State, hostId: number, pattern: string): Follow | undefined {
  return state.db
    .select()
    .from(follows)
    .where(and(eq(follows.hostId, hostId), eq(follows.pattern, pattern)))
    .get()
}

function byContainer(hostId: number, container: string) {
  return and(eq(followPositions.hostId, hostId), eq(followPositions.container, container))
}
