// The table of actions: commands that admins define for hosts and containers.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { asc, eq } from '../../state/orm.ts'
import { actions } from '../../state/schema/index.ts'
import { type Action, refuseActionName, refuseCommand } from './action.ts'

const MAX_LISTED_NAMES = 10

export type NewAction = Omit<Action, 'id'>

/** Adds an action. Throws `invalid` for an invalid name or command, `conflict` for a name in use. */
export function addAction(state: State, action: NewAction): Action {
  refuseActionName(action.name)
  refuseCommand(action.command)
  return state.transaction(() => {
    if (readByName(state, action.name))
      throw new Problem('conflict', `There is already an action "${action.name}". "actions edit" changes it.`)
    return state.db.insert(actions).values(action).returning().get()
  })
}

/** Changes an action. Open requests for it can no longer be confirmed. */
export function editAction(state: State, id: number, changes: Partial<NewAction>): Action {
  if (changes.command !== undefined) refuseCommand(changes.command)
  return state.transaction(() => state.db.update(actions).set(changes).where(eq(actions.id, id)).returning().get()!)
}

/** Removes an action; its runs stay in the history. */
export function removeAction(state: State, id: number): void {
  state.transaction(() => state.db.delete(actions).where(eq(actions.id, id)).run())
}

/** Finds an action by name. Throws `not_found` with the names of existing actions. */
export function findAction(state: State, name: string): Action {
  const found = readByName(state, name)
  if (found) return found
  const names = listActions(state).map(action => action.name)
  const [first = '', target] = name.split(/\s+/)
  const known =
    target !== undefined && names.includes(first)
      ? `The host goes after --on: actions run ${first} --on ${target}`
      : names.length === 0
        ? 'There are no actions yet. Add one: actions add restart-nginx --on web-1 --run "systemctl restart nginx"'
        : `Existing actions: ${names.slice(0, MAX_LISTED_NAMES).join(', ')}${names.length > MAX_LISTED_NAMES ? ` and ${names.length - MAX_LISTED_NAMES} more` : ''}.`
  throw new Problem('not_found', `There is no action "${name.slice(0, 40)}". ${known}`, {
    fields: { action: 'no such action' },
  })
}

export function readAction(state: State, id: number): Action | undefined {
  return state.db.select().from(actions).where(eq(actions.id, id)).get()
}

/** All actions, ordered by name. */
export function listActions(state: State): Action[] {
  return state.prepared('actions', db => db.select().from(actions).orderBy(asc(actions.name)).prepare()).all()
}

function readByName(state: State, name: string): Action | undefined {
  return state.db.select().from(actions).where(eq(actions.name, name)).get()
}
