// The routes table: which alerts go to which channels, in order.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { asc, eq, sql } from '../../state/orm.ts'
import { routes } from '../../state/schema/index.ts'
import { rerouteOpenAlerts } from './recipients.ts'
import type { Route } from './route.ts'

export type RouteSettings = Pick<Route, 'matcher' | 'channels' | 'mention' | 'mentionFrom' | 'continues'> &
  Partial<Pick<Route, 'groupBy' | 'ungrouped'>>

/** All routes in the order of their evaluation. */
export function listRoutes(state: State): Route[] {
  return state.prepared('routes', db => db.select().from(routes).orderBy(asc(routes.position)).prepare()).all()
}

/** The route with this name; throws `not_found`. */
export function findRoute(state: State, name: string): Route {
  const found = state.db.select().from(routes).where(eq(routes.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no route "${name}". "routes list" shows all routes.`, {
    fields: { name: 'no such route' },
  })
}

/** Adds a route after the others, or before the route `before`; it applies to open alerts at once. Throws `conflict` when the name is taken. */
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
    const position = before === undefined ? last + 1 : freePosition(state, findRoute(state, before))
    const added = state.db
      .insert(routes)
      .values({ name, ...settings, position, createdAt: now })
      .returning()
      .get()
    rerouteOpenAlerts(state)
    return added
  })
}

/** Edits a route or its position; the change applies to open alerts at once. */
export function editRoute(
  state: State,
  name: string,
  changes: Partial<RouteSettings>,
  before: string | undefined,
): Route {
  return state.transaction(() => {
    const route = findRoute(state, name)
    const position = before === undefined ? route.position : freePosition(state, findRoute(state, before))
    const edited = state.db
      .update(routes)
      .set({ ...changes, position })
      .where(eq(routes.id, route.id))
      .returning()
      .get()!
    rerouteOpenAlerts(state)
    return edited
  })
}

/** Removes a route. Cards it caused stay up to date, and open alerts follow the other routes. */
export function removeRoute(state: State, name: string): Route {
  return state.transaction(() => {
    const route = findRoute(state, name)
    state.db.delete(routes).where(eq(routes.id, route.id)).run()
    rerouteOpenAlerts(state)
    return route
  })
}

/** The position of a route, after that route and those behind it moved up by one. */
function freePosition(state: State, route: Route): number {
  state.db.update(routes).set({ position: sql`position + 1` }).where(sql`position >= ${route.position}`).run()
  return route.position
}
