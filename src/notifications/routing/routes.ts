// The routes: who is told of which alerts, in their order.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { asc, eq, sql } from '../../state/orm.ts'
import { routes } from '../../state/schema/index.ts'
import { rerouteOpen } from './recipients.ts'
import type { Route } from './route.ts'

export type RouteSettings = Pick<Route, 'matcher' | 'channels' | 'mention' | 'mentionFrom' | 'goesOn'>

/** All routes in the order they are tried. */
export function listRoutes(state: State): Route[] {
  return state.prepared('routes', db => db.select().from(routes).orderBy(asc(routes.position)).prepare()).all()
}

/** The route of a name; throws `not_found`. */
export function findRoute(state: State, name: string): Route {
  const found = state.db.select().from(routes).where(eq(routes.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no route "${name}". "routes list" shows those there are.`, {
    fields: { name: 'no such route' },
  })
}

/** Adds a route after the others, or before the one named; open alerts follow it at once. Throws `conflict` when the name is taken. */
export function addRoute(
  state: State,
  name: string,
  settings: RouteSettings & { setBy: string },
  before: string | undefined,
  now: number,
): Route {
  return state.transaction(() => {
    if (state.db.select().from(routes).where(eq(routes.name, name)).get())
      throw new Problem('conflict', `There is a route "${name}" already.`, { fields: { name: 'is taken' } })
    const last = state.db.select({ at: sql<number>`coalesce(max(position), 0)` }).from(routes).get()!.at
    const position = before === undefined ? last + 1 : makeRoom(state, findRoute(state, before))
    const added = state.db
      .insert(routes)
      .values({ name, ...settings, position, createdAt: now })
      .returning()
      .get()
    rerouteOpen(state)
    return added
  })
}

/** Changes a route, or its place among the others; open alerts follow it at once. */
export function editRoute(
  state: State,
  name: string,
  changes: Partial<RouteSettings>,
  before: string | undefined,
): Route {
  return state.transaction(() => {
    const route = findRoute(state, name)
    const position = before === undefined ? route.position : makeRoom(state, findRoute(state, before))
    const edited = state.db
      .update(routes)
      .set({ ...changes, position })
      .where(eq(routes.id, route.id))
      .returning()
      .get()!
    rerouteOpen(state)
    return edited
  })
}

/** Removes a route; what it told stays true, and open alerts go where the others say. */
export function removeRoute(state: State, name: string): Route {
  return state.transaction(() => {
    const route = findRoute(state, name)
    state.db.delete(routes).where(eq(routes.id, route.id)).run()
    rerouteOpen(state)
    return route
  })
}

/** The place of a route, after it and those behind it have moved on by one. */
function makeRoom(state: State, route: Route): number {
  state.db.update(routes).set({ position: sql`position + 1` }).where(sql`position >= ${route.position}`).run()
  return route.position
}
