// The keys of projects: made, listed, revoked, and looked up by the secret that a client shows.
import { hash } from 'node:crypto'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, isNull } from '../state/orm.ts'
import { keys, projects } from '../state/schema/index.ts'
import { type Project, randomWord } from './projects.ts'
import type { Vault } from './vault.ts'

export type Key = typeof keys.$inferSelect
export type KeyRole = Key['role']

/** Makes a key and returns it with its secret, which cannot be shown again. Signed keys keep it sealed in `vault`. */
export function createKey(
  state: State,
  vault: Vault,
  project: Project,
  options: { role: KeyRole; signed: boolean },
  now: number,
): { key: Key; secret: string } {
  const secret = `vakt_${randomWord(40)}`
  const key = {
    id: `k_${randomWord(12)}`,
    projectId: project.id,
    role: options.role,
    secretHash: hashSecret(secret),
    secretSealed: options.signed ? vault.seal(secret) : null,
    signed: options.signed,
    createdAt: now,
  }
  return { key: state.transaction(() => state.db.insert(keys).values(key).returning().get()), secret }
}

/** All keys of a project, or of every one, oldest first, revoked ones included. */
export function listKeys(state: State, project?: Project): { key: Key; project: string }[] {
  return state.db
    .select({ key: keys, project: projects.name })
    .from(keys)
    .innerJoin(projects, eq(keys.projectId, projects.id))
    .where(project ? eq(keys.projectId, project.id) : undefined)
    .orderBy(asc(keys.createdAt), asc(keys.id))
    .all()
}

/** The key of an id that still opens something. Throws `not_found`, or `conflict` when it has ended before. */
export function findLiveKey(state: State, id: string): Key {
  const found = state.db.select().from(keys).where(eq(keys.id, id)).get()
  if (!found)
    throw new Problem('not_found', `There is no key "${id}". "keys list" shows them.`, {
      fields: { key: 'no such key' },
    })
  if (found.revokedAt !== null) throw new Problem('conflict', `The key ${id} was revoked before.`)
  return found
}

/** Ends a key at once; throws as `findLiveKey` does. */
export function revokeKey(state: State, id: string, now: number): Key {
  findLiveKey(state, id)
  state.forget('keys in use')
  return state.transaction(
    () => state.db.update(keys).set({ revokedAt: now }).where(eq(keys.id, id)).returning().get()!,
  )
}

/** The live key that a secret opens, looked up by its hash; those in use are kept in memory, for every log request asks. */
export function readKeyBySecret(state: State, secret: string): { key: Key; project: Project } | undefined {
  const secretHash = hashSecret(secret)
  const kept = state.memory<{ key: Key; project: Project }>('keys in use')
  const known = kept.get(secretHash)
  if (known) return known
  const found = state.db
    .select({ key: keys, project: projects })
    .from(keys)
    .innerJoin(projects, eq(keys.projectId, projects.id))
    .where(and(eq(keys.secretHash, secretHash), isNull(keys.revokedAt)))
    .get()
  if (found) kept.set(secretHash, found)
  return found
}

/** The key of an id, revoked ones included. */
export function readKeyById(state: State, id: string): { key: Key; project: Project } | undefined {
  return state.db
    .select({ key: keys, project: projects })
    .from(keys)
    .innerJoin(projects, eq(keys.projectId, projects.id))
    .where(eq(keys.id, id))
    .get()
}

// The secrets are 238 random bits, so a plain hash withstands guessing.
function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex')
}
