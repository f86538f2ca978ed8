// Finds the check that a person names.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, sql } from '../state/orm.ts'
import { checks } from '../state/schema/index.ts'
import type { Check } from './check.ts'

/** The check with this name, slug or uuid, in one project or any; throws `not_found`, or `conflict` when several match. */
export function findCheck(state: State, name: string, projectId?: number): Check {
  const inProject = projectId === undefined ? undefined : eq(checks.projectId, projectId)
  for (const condition of [eq(checks.uuid, name), eq(checks.name, name), eq(checks.slug, name.toLowerCase())]) {
    const found = state.db.select().from(checks).where(and(condition, inProject)).limit(2).all()
    if (found.length === 1) return found[0]!
    if (found.length > 1) {
      throw new Problem('conflict', `Several checks have the name "${name}". Use the uuid or add --project.`, {
        fields: { name: 'is ambiguous' },
      })
    }
  }
  const near = nearNames(state, name, projectId)
  const quoted = near.map(known => `"${known}"`)
  const hint = near.length > 0 ? `Did you mean ${quoted.join(' or ')}?` : '"checks list" shows all checks.'
  throw new Problem('not_found', `There is no check "${name}". ${hint}`, {
    fields: { name: 'no such check' },
    ...(near.length > 0 ? { slip: { wrong: [name], right: near } } : {}),
  })
}

/** Names that contain the text or are contained in it: same beginning first, then similar length. */
function nearNames(state: State, name: string, projectId: number | undefined): string[] {
  const part = name.toLowerCase()
  const known = sql`lower_case(${checks.name})`
  const near = sql`(instr(${known}, ${part}) > 0 or instr(${part}, ${known}) > 0)`
  return state.db
    .selectDistinct({ name: checks.name })
    .from(checks)
    .where(and(near, projectId === undefined ? undefined : eq(checks.projectId, projectId)))
    .orderBy(
      sql`instr(${known}, ${part}) <> 1 and instr(${part}, ${known}) <> 1`,
      sql`abs(length(${checks.name}) - ${part.length})`,
      asc(checks.name),
    )
    .limit(3)
    .all()
    .map(row => row.name)
}
