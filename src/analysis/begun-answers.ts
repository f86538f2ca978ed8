// Which messages wait for their answer, so that one that a crash left behind can be told of at the next start.
import type { State } from '../state/database.ts'
import { eq } from '../state/orm.ts'
import { pendingAnswers } from '../state/schema/index.ts'

export type PendingAnswer = typeof pendingAnswers.$inferSelect

/** Notes a message; gives what `forgetBegun` wants. */
export function recordPendingAnswer(state: State, begun: Omit<PendingAnswer, 'id'>): number {
  return state.transaction(() => state.db.insert(pendingAnswers).values(begun).returning().get().id)
}

/** To be called when its answer is there, or can never be. */
export function forgetPendingAnswer(state: State, id: number): void {
  state.transaction(() => state.db.delete(pendingAnswers).where(eq(pendingAnswers.id, id)).run())
}

/** All that wait. */
export function listPendingAnswers(state: State): PendingAnswer[] {
  return state.db.select().from(pendingAnswers).all()
}
