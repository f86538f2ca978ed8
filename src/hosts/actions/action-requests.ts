// Runs that somebody asked for and a second person must confirm.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, eq, gt, isNull, lt } from '../../state/orm.ts'
import { actionRequests } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import type { ActionRequest } from './action.ts'

/** Stores a request; those that ran out long ago go. */
export function addRequest(state: State, request: Omit<ActionRequest, 'id' | 'settledAt'>): ActionRequest {
  return state.transaction(() => {
    state.db
      .delete(actionRequests)
      .where(lt(actionRequests.expiresAt, request.askedAt - DAY))
      .run()
    return state.db.insert(actionRequests).values(request).returning().get()
  })
}

/** The request for the same run that still waits, if there is one. */
export function readWaiting(
  state: State,
  { actionId, hostId, container }: Pick<ActionRequest, 'actionId' | 'hostId' | 'container'>,
  now: number,
): ActionRequest | undefined {
  return state.db
    .select()
    .from(actionRequests)
    .where(
      and(
        eq(actionRequests.actionId, actionId),
        eq(actionRequests.hostId, hostId),
        eq(actionRequests.container, container),
        isNull(actionRequests.settledAt),
        gt(actionRequests.expiresAt, now),
      ),
    )
    .get()
}

/** Throws `not_found` when there is none of that number. */
export function findRequest(state: State, id: number): ActionRequest {
  const found = state.db.select().from(actionRequests).where(eq(actionRequests.id, id)).get()
  if (found) return found
  throw new Problem('not_found', `There is no request ${id}; it may have run out, or its action or host is gone.`)
}

/** Settles a request, so that nobody confirms it a second time. */
export function closeRequest(state: State, id: number, now: number): void {
  state.transaction(() =>
    state.db.update(actionRequests).set({ settledAt: now }).where(eq(actionRequests.id, id)).run(),
  )
}
