// The table of keys: create, list, revoke, and find by the secret that a client sends.
import { hash } from 'node:crypto'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, isNull, sql } from '../state/orm.ts'
import { keys, projects } from '../state/schema/index.ts'
import { type Project, randomWord } from './projects.ts'
import type { Vault } from './vault.ts'

export type Key = typeof keys.$inferSelect
export type KeyRole = Key['role']

/**
 * Creates a key, of a given secret or of a new one, and returns it with its secret, which cannot be shown again. Throws
 * `conflict` for a secret of another key. The secret of a signed key, and of one that must be
 * `isReadable`, is stored encrypted by `vault`.
 */
export function createKey(
  state: State,
  vault: Vault,
  project: Project,
  options: { role: KeyRole; signed: boolean; isReadable?: boolean; secret?: string | undefined },
  now: number,
): { key: Key; secret: string } {
  const { secret = `vakt_${randomWord(40)}` } = options
  const key = {
    id: `k_${randomWord(12)}`,
    projectId: project.id,
    role: options.role,
    secretHash: hashSecret(secret),
    secretSealed: options.signed || options.isReadable ? vault.seal(secret) : null,
    signed: options.signed,
    createdAt: now,
  }
  const isTaken = state.prepare<[string], unknown>('select 1 from keys where secret_hash = ?').get(key.secretHash)
  if (isTaken)
    throw new Problem(
      'conflict',
      'Another key has this secret, or had it before it was revoked. "keys list" shows all keys.',
    )
  return { key: state.transaction(() => state.db.insert(keys).values(key).returning().get()), secret }
}

/** The keys of all projects, oldest first, including revoked keys. */
export function listKeys(state: State): { key: Key; project: string }[] {
  return state.db
    .select({ key: keys, project: projects.name })
    .from(keys)
    .innerJoin(projects, eq(keys.projectId, projects.id))
    .orderBy(asc(keys.createdAt), asc(keys.id))
    .all()
}

/** The ids of the keys of a project, or of all projects, oldest first, including revoked keys. */
export function listKeyIds(state: State, project?: Project): string[] {
  const rows = state.db
    .select({ id: keys.id })
    .from(keys)
    .where(project ? eq(keys.projectId, project.id) : undefined)
    .orderBy(asc(keys.createdAt), asc(keys.id))
  return rows.all().map(({ id }) => id)
}

/** A key with the name of its project; undefined when there is none. */
export function readKey(state: State, id: string): { key: Key; project: string } | undefined {
  const query = state.prepared('key with project', db =>
    db
      .select({ key: keys, project: projects.name })
      .from(keys)
      .innerJoin(projects, eq(keys.projectId, projects.id))
      .where(eq(keys.id, sql.placeholder('id')))
      .prepare(),
  )
  return query.get({ id })
}

/** The key of an id. Throws `not_found`, or `conflict` when it is revoked. */
export function findLiveKey(state: State, id: string): Key {
  const found = state.db.select().from(keys).where(eq(keys.id, id)).get()
  if (!found)
    throw new Problem('not_found', `There is no key "${id}". "keys list" shows all keys.`, {
      fields: { key: 'no such key' },
    })
  if (found.revokedAt !== null) throw new Problem('conflict', `The key ${id} is already revoked.`)
  return found
}

/** Revokes a key immediately; throws as `findLiveKey` does. */
export function revokeKey(state: State, id: string, now: number): Key {
  findLiveKey(state, id)
  state.forget('keys in use')
  return state.transaction(() => {
    state.emit('keys')
    return state.db.update(keys).set({ revokedAt: now }).where(eq(keys.id, id)).returning().get()!
  })
}

/** Whether a key exists and is not revoked. */
export function isKeyLive(state: State, id: string): boolean {
  const found = state.db.select({ revokedAt: keys.revokedAt }).from(keys).where(eq(keys.id, id)).get()
  return found?.revokedAt === null
}

/** The valid key of a secret, found by its hash; keys in use are cached in memory, because every log request asks. */
export function readKeyBySecret(state: State, secret: string): { key: Key; project: Project } | undefined {
  const secretHash = hashSecret(secret)
  const cache = state.memory<{ key: Key; project: Project }>('keys in use')
  const cached = cache.get(secretHash)
  if (cached) return cached
  const found = state.db
    .select({ key: keys, project: projects })
    .from(keys)
    .innerJoin(projects, eq(keys.projectId, projects.id))
    .where(and(eq(keys.secretHash, secretHash), isNull(keys.revokedAt)))
    .get()
  if (found) cache.set(secretHash, found)
  return found
}

/** The key of an id, revoked or not, or undefined. */
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
