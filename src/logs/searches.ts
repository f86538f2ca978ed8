// The saved searches: queries that were given a name.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { asc, eq } from '../state/orm.ts'
import { savedSearches } from '../state/schema/index.ts'

export type SavedSearch = typeof savedSearches.$inferSelect

/** Saves a query under a name, in the place of an older one of that name. */
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

/** Throws `not_found`, naming those there are. */
export function readSearch(state: State, name: string): SavedSearch {
  const found = state.db.select().from(savedSearches).where(eq(savedSearches.name, name)).get()
  if (found) return found
  const names = listSearches(state).map(one => `@${one.name}`)
  const hint = names.length > 0 ? `There is ${names.slice(0, 10).join(', ')}.` : '"logs save" makes one.'
  throw new Problem('not_found', `There is no saved search "${name}". ${hint}`, {
    fields: { query: 'no such saved search' },
  })
}

/** A query in which `@name` at the beginning stands for what was saved under that name; throws `not_found`. */
export function withSaved(state: State, query: string): string {
  return query.replace(/^@([\w-]+)/, (_, name: string) => `(${readSearch(state, name).query})`)
}

export function listSearches(state: State): SavedSearch[] {
  return state.db.select().from(savedSearches).orderBy(asc(savedSearches.name)).all()
}

export function removeSearch(state: State, name: string): void {
  readSearch(state, name)
  state.transaction(() => state.db.delete(savedSearches).where(eq(savedSearches.name, name)).run())
}
