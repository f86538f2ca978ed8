// The actions: commands that admins have written for hosts and containers.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { asc, eq } from '../../state/orm.ts'
import { actions } from '../../state/schema/index.ts'
import { type Action, refuseActionName, refuseCommand } from './action.ts'

export type NewAction = Omit<Action, 'id'>

/** Adds an action. Throws `invalid` for what is no name or no command, `conflict` for a name that is taken. */
export function addAction(state: State, action: NewAction): Action {
  refuseActionName(action.name)
  refuseCommand(action.command)
  return state.transaction(() => {
    if (readByName(state, action.name))
      throw new Problem('conflict', `There is an action "${action.name}" already. "actions edit" changes it.`)
    return state.db.insert(actions).values(action).returning().get()
  })
}

/** Changes an action; runs that wait for a second person must be asked for again. */
export function editAction(state: State, id: number, changes: Partial<NewAction>): Action {
  if (changes.command !== undefined) refuseCommand(changes.command)
  return state.transaction(() => state.db.update(actions).set(changes).where(eq(actions.id, id)).returning().get()!)
}

/** Removes an action; its runs stay in the history. */
export function removeAction(state: State, id: number): void {
  state.transaction(() => state.db.delete(actions).where(eq(actions.id, id)).run())
}

/** The action of a name. Throws `not_found`, naming those there are. */
export function findAction(state: State, name: string): Action {
  const found = readByName(state, name)
  if (found) return found
  const names = listActions(state).map(one => one.name)
  const [first = '', place] = name.split(/\s+/)
  const known =
    place !== undefined && names.includes(first)
      ? `Where it runs is said with --on: actions run ${first} --on ${place}`
      : names.length === 0
        ? 'None is there yet: actions add restart-nginx --on web-1 --run "systemctl restart nginx"'
        : `There is ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}.`
  throw new Problem('not_found', `There is no action "${name.slice(0, 40)}". ${known}`, {
    fields: { action: 'no such action' },
  })
}

export function readAction(state: State, id: number): Action | undefined {
  return state.db.select().from(actions).where(eq(actions.id, id)).get()
}

/** All actions by name. */
export function listActions(state: State): Action[] {
  return state.prepared('actions', db => db.select().from(actions).orderBy(asc(actions.name)).prepare()).all()
}

function readByName(state: State, name: string): Action | undefined {
  return state.db.select().from(actions).where(eq(actions.name, name)).get()
}
