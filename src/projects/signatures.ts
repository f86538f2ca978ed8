// The signatures of signed requests that were accepted, so that none is ever accepted twice.
import type { State } from '../state/database.ts'
import { lt } from '../state/orm.ts'
import { signatures } from '../state/schema/index.ts'

/** Notes a signature; false when it was noted before. */
export function claimSignature(state: State, digest: string, expiresAt: number): boolean {
  const insert = 'insert into signatures (digest, expires_at) values (?, ?) on conflict do nothing'
  return state.prepare(insert).run(digest, expiresAt).changes === 1
}

/** Forgets a signature whose request was not accepted after all, so that it can be sent again. */
export function releaseSignature(state: State, digest: string): void {
  state.prepare('delete from signatures where digest = ?').run(digest)
}

/** Forgets signatures that are too old to be accepted again anyway. */
export function pruneSignatures(state: State, now: number): void {
  state.transaction(() => state.db.delete(signatures).where(lt(signatures.expiresAt, now)).run())
}
