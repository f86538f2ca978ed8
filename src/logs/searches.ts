// The saved searches: queries with a name.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { asc, eq } from '../state/orm.ts'
import { savedSearches } from '../state/schema/index.ts'

export type SavedSearch = typeof savedSearches.$inferSelect

/** Saves a query under a name; replaces an earlier one of that name. */
export function saveSearch(state: State, search: SavedSearch): SavedSearch {
  const { name: _, ...changes } = search
  return state.transaction(() =>
    state.db
      .insert(savedSearches)
      .values(search)
      .onConflictDoUpdate({ target: savedSearches.name, set: changes })
      .returning()
      .get(),
  )
}

/** The search of a name. Throws `not_found` with the names that exist. */
export function readSearch(state: State, name: string): SavedSearch {
  const found = state.db.select().from(savedSearches).where(eq(savedSearches.name, name)).get()
  if (found) return found
  const names = listSearches(state).map(search => `@${search.name}`)
  const hint = names.length > 0 ? `Saved searches: ${names.slice(0, 10).join(', ')}.` : '"logs save" saves one.'
  throw new Problem('not_found', `There is no saved search "${name}". ${hint}`, {
    fields: { query: 'no such saved search' },
  })
}

/** The query with `@name` at its beginning replaced by the saved search of that name. Throws `not_found`. */
export function expandSavedSearch(state: State, query: string): string {
  return query.replace(/^@([\w-]+)/, (_, name: string) => `(${readSearch(state, name).query})`)
}

export function listSearches(state: State): SavedSearch[] {
  return state.db.select().from(savedSearches).orderBy(asc(savedSearches.name)).all()
}

export function removeSearch(state: State, name: string): void {
  readSearch(state, name)
  state.transaction(() => state.db.delete(savedSearches).where(eq(savedSearches.name, name)).run())
}
