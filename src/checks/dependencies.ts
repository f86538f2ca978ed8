// The dependencies of checks by name: finding them, noticing unknown names, following renames.
import type { State } from '../state/database.ts'

/** The part of a check that dependencies need. */
export type Dependency = { id: number; name: string; dependsOn: string | null }

/** The names in a comma-separated list. A name may contain a comma itself, so the whole text comes first. */
export function dependencyNames(text: string): string[] {
  return text.includes(',') ? [text, ...text.split(',').map(name => name.trim())] : [text]
}

/** The check of a project with that name, slug or uuid, in this order. */
export function dependencyNamed(state: State, projectId: number, name: string): Dependency | undefined {
  const by = (column: string) =>
    state
      .prepare<[number, string], Dependency>(
        `select id, name, depends_on as dependsOn from checks where project_id = ? and ${column} = ? limit 1`,
      )
      .get(projectId, column === 'slug' ? name.toLowerCase() : name)
  return by('name') ?? by('slug') ?? by('uuid')
}

/** The names that a check depends on but that its project does not have, so that they never inhibit its alerts. */
export function unknownDependencies(state: State, check: { projectId: number; dependsOn: string | null }): string[] {
  if (check.dependsOn === null) return []
  const isUnknown = (name: string) => dependencyNamed(state, check.projectId, name) === undefined
  const [whole, ...listed] = dependencyNames(check.dependsOn)
  if (!isUnknown(whole!)) return []
  return listed.length === 0 ? [whole!] : listed.filter(isUnknown)
}

/** Makes checks that depend on a check by name or slug depend on its new name; call it before the rename. */
export function renameDependency(state: State, check: { id: number; projectId: number; uuid: string }, to: string) {
  const renamed = (name: string) =>
    name !== check.uuid && dependencyNamed(state, check.projectId, name)?.id === check.id ? to : name
  const dependents = state.prepare<[number], { id: number; dependsOn: string }>(
    'select id, depends_on as dependsOn from checks where project_id = ? and depends_on is not null',
  )
  const update = state.prepare<[string, number]>('update checks set depends_on = ? where id = ?')
  for (const { id, dependsOn } of dependents.all(check.projectId)) {
    const [whole, ...listed] = dependencyNames(dependsOn)
    const isOne = listed.length === 0 || dependencyNamed(state, check.projectId, whole!) !== undefined
    const next = isOne ? renamed(whole!) : listed.map(renamed).join(', ')
    if (next !== dependsOn) update.run(next, id)
  }
}
