// Restricts a query to a project or to a time.
import type { Query } from './tree.ts'

/** The query, restricted to one project. */
export function scopeToProject(query: Query, project: string): Query {
  const isOfProject = { kind: 'field' as const, field: 'project' as const, value: project.replaceAll('*', '') }
  return { ...query, where: query.where === null ? isOfProject : { kind: 'and', parts: [isOfProject, query.where] } }
}

/** The query with the start `from` (epoch ms), unless it has a time of its own. */
export function withDefaultStart(query: Query, from: number): Query {
  return query.from === null && query.until === null ? { ...query, from } : query
}
