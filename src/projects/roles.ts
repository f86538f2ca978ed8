// Who may do what: the roles given to people and groups, and the role that somebody ends up with.

import type { Role } from '../command/command.ts'
import { ROLES } from '../command/command.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { roles } from '../state/schema/index.ts'

export type RoleGrant = typeof roles.$inferSelect

/** The role of somebody: the platform's admins are admins, else the highest role given to them or a group of theirs, else responder. */
export function roleOf(
  state: State,
  speaker: { platform: string; id: string; groups: readonly string[]; admin: boolean; key?: { role: Role } },
): Role {
  if (speaker.key) return speaker.key.role
  if (speaker.admin) return 'admin'
  const subjects = new Set([speaker.id, ...speaker.groups])
  const given = state.db.select().from(roles).where(eq(roles.platform, speaker.platform)).all()
  const own = given.find(grant => grant.subject === speaker.id)
  // What was said of the person counts before what was said of a group.
  if (own) return own.role
  const ranks = given.filter(grant => subjects.has(grant.subject)).map(grant => ROLES.indexOf(grant.role))
  return ranks.length > 0 ? ROLES[Math.max(...ranks)]! : 'responder'
}

/** Whether `role` includes what `needed` may do. */
export function roleAllows(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** Gives a person or group of a platform a role, in place of the one they were given before. */
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

/** Takes a given role away; throws `not_found` when none was given. */
export function removeRole(state: State, platform: string, subject: string): void {
  const match = and(eq(roles.platform, platform), eq(roles.subject, subject))
  const removed = state.transaction(() => state.db.delete(roles).where(match).run())
  if (removed.changes === 0) {
    throw new Problem('not_found', `No role was set for ${subject} on ${platform}. "roles list" shows those that are.`)
  }
}

/** The roles that were given, by platform and subject; what follows from the platform itself is not among them. */
export function listRoles(state: State): RoleGrant[] {
  return state.db.select().from(roles).orderBy(asc(roles.platform), asc(roles.subject)).all()
}
