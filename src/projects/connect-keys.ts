// The key of a project that ready-made texts show: one that sends log lines only, and is the same each time.
import type { State } from '../state/database.ts'
import { and, eq, isNotNull, isNull } from '../state/orm.ts'
import { keys } from '../state/schema/index.ts'
import { createKey, type Key } from './keys.ts'
import type { Project } from './projects.ts'
import type { Vault } from './vault.ts'

/** The key with its secret; a new one when there is none, or it was revoked. */
export function loadOrCreateConnectKey(
  state: State,
  vault: Vault,
  project: Project,
  now: number,
): { key: Key; secret: string } {
  const isOwn = and(
    eq(keys.projectId, project.id),
    eq(keys.role, 'intake'),
    eq(keys.signed, false),
    isNotNull(keys.secretSealed),
    isNull(keys.revokedAt),
  )
  const key = state.db.select().from(keys).where(isOwn).get()
  if (key?.secretSealed) return { key, secret: vault.open(key.secretSealed) }
  return createKey(state, vault, project, { role: 'intake', signed: false, isReadable: true }, now)
}
