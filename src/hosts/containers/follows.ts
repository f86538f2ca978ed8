// Which containers are followed into the log store, and how far each is stored.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq } from '../../state/orm.ts'
import { followPositions, follows } from '../../state/schema/index.ts'
import type { Position } from './position.ts'

export type Follow = typeof follows.$inferSelect
/** How far a container is stored; `pending` is a batch that was being stored when that was written. */
export type FollowPosition = typeof followPositions.$inferSelect
export type Pending = NonNullable<FollowPosition['pending']>

/** Follows the containers of a host that fit a pattern from now on. Throws `conflict` when it is followed already. */
export function addFollow(state: State, follow: Omit<Follow, 'id'>): Follow {
  const { hostId, pattern } = follow
  return state.transaction(() => {
    if (readFollow(state, hostId, pattern)) throw new Problem('conflict', 'That is followed already.')
    return state.db.insert(follows).values(follow).returning().get()
  })
}

/** Ends following; how far it got is forgotten with `forgetPosition`, when no other pattern holds the container. */
export function removeFollow(state: State, hostId: number, pattern: string): void {
  state.transaction(() => {
    if (!readFollow(state, hostId, pattern))
      throw new Problem('not_found', 'That is not followed. "containers follow" shows what is.')
    state.db
      .delete(follows)
      .where(and(eq(follows.hostId, hostId), eq(follows.pattern, pattern)))
      .run()
  })
}

export function listFollows(state: State): Follow[] {
  return state.db.select().from(follows).orderBy(asc(follows.hostId), asc(follows.pattern)).all()
}

export function readPosition(state: State, hostId: number, container: string): FollowPosition | undefined {
  return state.db.select().from(followPositions).where(ofContainer(hostId, container)).get()
}

/** Notes, before a batch is stored, what will have been stored after it. */
export function notePending(state: State, hostId: number, container: string, at: Position, pending: Pending): void {
  write(state, { hostId, container, position: at, pending })
}

/** Notes that everything up to a position is stored. */
export function notePosition(state: State, hostId: number, container: string, position: Position): void {
  write(state, { hostId, container, position, pending: null })
}

export function forgetPosition(state: State, hostId: number, container: string): void {
  state.transaction(() => state.db.delete(followPositions).where(ofContainer(hostId, container)).run())
}

function write(state: State, row: FollowPosition): void {
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

function ofContainer(hostId: number, container: string) {
  return and(eq(followPositions.hostId, hostId), eq(followPositions.container, container))
}
