// Narrowing a query by what was asked beside it: a project, a time.
import type { Query } from './tree.ts'

/** The query held to one project. */
export function inProject(query: Query, project: string): Query {
  const only = { kind: 'field' as const, field: 'project' as const, value: project.replaceAll('*', '') }
  return { ...query, where: query.where === null ? only : { kind: 'and', parts: [only, query.where] } }
}

/** The query from `from` (epoch ms) on, unless it says a time itself. */
export function since(query: Query, from: number): Query {
  return query.from === null && query.until === null ? { ...query, from } : query
}
