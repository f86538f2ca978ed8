// Which messages wait for their answer, so that one that a crash left behind can be told of at the next start.
import type { State } from '../state/database.ts'
import { eq } from '../state/orm.ts'
import { begunAnswers } from '../state/schema/index.ts'

export type BegunAnswer = typeof begunAnswers.$inferSelect

/** Notes a message; gives what `forgetBegun` wants. */
export function noteBegun(state: State, begun: Omit<BegunAnswer, 'id'>): number {
  return state.transaction(() => state.db.insert(begunAnswers).values(begun).returning().get().id)
}

/** To be called when its answer is there, or can never be. */
export function forgetBegun(state: State, id: number): void {
  state.transaction(() => state.db.delete(begunAnswers).where(eq(begunAnswers.id, id)).run())
}

/** All that wait. */
export function listBegun(state: State): BegunAnswer[] {
  return state.db.select().from(begunAnswers).all()
}
