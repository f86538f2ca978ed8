// The table of requests: runs of actions that a second person must confirm.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'
import { and, eq, gt, isNull, lt } from '../../state/orm.ts'
import { actionRequests } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import type { ActionRequest } from './action.ts'

/** Adds a request, and deletes requests that expired more than a day ago. */
export function addRequest(state: State, request: Omit<ActionRequest, 'id' | 'closedAt'>): ActionRequest {
  return state.transaction(() => {
    const id = nextNumber(state)
    state.db
      .delete(actionRequests)
      .where(lt(actionRequests.expiresAt, request.askedAt - DAY))
      .run()
    return state.db
      .insert(actionRequests)
      .values({ ...request, id })
      .returning()
      .get()
  })
}

/** A number that no request had before: buttons of deleted requests stay in the chats, and must not confirm another one. */
function nextNumber(state: State): number {
  const { newest } = state
    .prepare<[], { newest: number }>('select coalesce(max(id), 0) as newest from action_requests')
    .get()!
  const id = Math.max(newest, Number(readValue(state, 'last action request') ?? 0)) + 1
  writeValue(state, 'last action request', String(id))
  return id
}

/** The open request for the same run, if there is one. */
export function readPendingRequest(
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
        isNull(actionRequests.closedAt),
        gt(actionRequests.expiresAt, now),
      ),
    )
    .get()
}

/** Finds a request by its number. Throws `not_found`. */
export function findRequest(state: State, id: number): ActionRequest {
  const found = state.db.select().from(actionRequests).where(eq(actionRequests.id, id)).get()
  if (found) return found
  throw new Problem('not_found', `There is no request ${id}. It may have expired, or its action or host was removed.`)
}

/** Makes somebody the first person of a request whose own first person nobody knows. */
export function takeOverRequest(
  state: State,
  id: number,
  by: { platform: string; id: string; name: string },
  now: number,
): ActionRequest {
  const first = { platform: by.platform, actorId: by.id, actorName: by.name, askedAt: now }
  return state.transaction(
    () => state.db.update(actionRequests).set(first).where(eq(actionRequests.id, id)).returning().get()!,
  )
}

/** Closes a request, so that it cannot be confirmed again. */
export function closeRequest(state: State, id: number, now: number): void {
  state.transaction(() => state.db.update(actionRequests).set({ closedAt: now }).where(eq(actionRequests.id, id)).run())
}
