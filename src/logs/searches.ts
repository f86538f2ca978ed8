// The saved searches: queries with a name.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { savedSearches } from '../state/schema/index.ts'
import { splitTimes } from './query/narrow.ts'

export type SavedSearch = typeof savedSearches.$inferSelect

/** The project id of searches by people who see all projects; keys of a project see only those of their own. */
export const ALL_PROJECTS = 0

const SAVED_NAME = /^([\s(]*)@([\w-]+)/

/** Where the saved search of a rule or a forward is looked up: in its project, then among those of people. */
export function searchScope({ projectId }: { projectId: number | null }): readonly number[] {
  return projectId === null ? [ALL_PROJECTS] : [projectId, ALL_PROJECTS]
}

/** Saves a query under a name; replaces an earlier one of that name in the same project. */
export function saveSearch(state: State, search: SavedSearch): SavedSearch {
  const { name: _, projectId: __, ...changes } = search
  return state.transaction(() =>
    state.db
      .insert(savedSearches)
      .values(search)
      .onConflictDoUpdate({ target: [savedSearches.projectId, savedSearches.name], set: changes })
      .returning()
      .get(),
  )
}

/** The search of a name in the first of the projects that has one, or null. */
function findSearch(state: State, name: string, projectIds: readonly number[]): SavedSearch | null {
  for (const projectId of projectIds) {
    const found = state.db.select().from(savedSearches).where(isSearch(name, projectId)).get()
    if (found) return found
  }
  return null
}

/**
 * The search of a name in the first of the projects that has one. People see a project's searches and their own; keys see
 * those of their project. Throws `not_found` with the names that exist there.
 */
export function readSearch(state: State, name: string, projectIds: readonly number[]): SavedSearch {
  const found = findSearch(state, name, projectIds)
  if (found) return found
  const names = projectIds.flatMap(id => listSearches(state, id)).map(search => `@${search.name}`)
  const hint = names.length > 0 ? `Saved searches: ${names.slice(0, 10).join(', ')}.` : '"logs save" saves one.'
  throw new Problem('not_found', `There is no saved search "${name}". ${hint}`, {
    fields: { query: 'no such saved search' },
  })
}

/**
 * The query with `@name` at its beginning replaced by the saved search of that name, whose times apply to all of it. A name
 * that is not known `throws` `not_found`, or `stays` the word that it is.
 */
export function expandSavedSearch(
  state: State,
  query: string,
  projectIds: readonly number[],
  unknown: 'throws' | 'stays' = 'throws',
): string {
  const [start, parentheses, name] = SAVED_NAME.exec(query) ?? []
  if (start === undefined) return query
  if (unknown === 'stays' && findSearch(state, name!, projectIds) === null) return query
  const { condition, times } = splitTimes(readSearch(state, name!, projectIds).query)
  const own = condition === '' ? '' : `(${condition})`
  return `${parentheses}${own}${query.slice(start.length)} ${times}`.trim()
}

/** The saved search that a query begins with, or null when it begins with none, or none of that name is saved. */
export function savedSearchIn(state: State, query: string, projectIds: readonly number[]): SavedSearch | null {
  const [, , name] = SAVED_NAME.exec(query) ?? []
  return name === undefined ? null : findSearch(state, name, projectIds)
}

/** The searches of a project, or those of people who see all projects. */
export function listSearches(state: State, projectId: number, limit = -1, offset = 0): SavedSearch[] {
  const isOwn = eq(savedSearches.projectId, projectId)
  const query = state.db.select().from(savedSearches).where(isOwn).orderBy(asc(savedSearches.name))
  return query.limit(limit).offset(offset).all()
}

export function removeSearch(state: State, name: string, projectId: number): void {
  readSearch(state, name, [projectId])
  state.transaction(() => state.db.delete(savedSearches).where(isSearch(name, projectId)).run())
}

function isSearch(name: string, projectId: number) {
  return and(eq(savedSearches.projectId, projectId), eq(savedSearches.name, name))
}
