// The table of roles that people and groups were given, and the role that a person has in the end.

import type { Role } from '../command/command.ts'
import { ROLES } from '../command/command.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { roles } from '../state/schema/index.ts'

export type RoleGrant = typeof roles.$inferSelect

/**
 * The role of a person: admins of the platform are admins; then what their door vouches for, their own grant, the highest of their groups' grants, or
 * `defaultRole` (the setting DEFAULT_ROLE).
 */
export function roleOf(
  state: State,
  person: {
    platform: string
    id: string
    groups: readonly string[]
    admin: boolean
    key?: { role: Role }
    ownRole?: Role
  },
  defaultRole: Role = 'responder',
): Role {
  if (person.key) return person.key.role
  if (person.admin) return 'admin'
  if (person.ownRole) return person.ownRole
  const subjects = new Set([person.id, ...person.groups])
  const grants = state.db.select().from(roles).where(eq(roles.platform, person.platform)).all()
  const own = grants.find(grant => grant.subject === person.id)
  // The grant of a person comes before the grants of groups.
  if (own) return own.role
  const ranks = grants.filter(grant => subjects.has(grant.subject)).map(grant => ROLES.indexOf(grant.role))
  return ranks.length > 0 ? ROLES[Math.max(...ranks)]! : defaultRole
}

/** Whether `role` includes the rights of `needed`. */
export function roleAllows(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** Grants a role to a person or group of a platform; it replaces their earlier grant. */
export function setRole(state: State, grant: Omit<RoleGrant, 'setAt'>, now: number): RoleGrant {
  const row = { ...grant, setAt: now }
  return state.transaction(() =>
    state.db
      .insert(roles)
      .values(row)
      .onConflictDoUpdate({ target: [roles.platform, roles.subject], set: row })
      .returning()
      .get(),
  )
}

/** Removes a grant; throws `not_found` when there is none. */
export function removeRole(state: State, platform: string, subject: string): void {
  const match = and(eq(roles.platform, platform), eq(roles.subject, subject))
  const removed = state.transaction(() => state.db.delete(roles).where(match).run())
  if (removed.changes === 0) {
    throw new Problem('not_found', `${subject} on ${platform} has no granted role. "roles list" shows all grants.`)
  }
}

/** All grants, by platform and subject, without the roles that follow from the platform itself. */
export function listRoles(state: State): RoleGrant[] {
  return state.db.select().from(roles).orderBy(asc(roles.platform), asc(roles.subject)).all()
}
