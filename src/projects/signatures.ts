// The table of accepted signatures, so that no signed request is accepted twice.
import type { State } from '../state/database.ts'
import { DAY } from '../time.ts'

/** Records a signature; false when it was recorded before. */
export function claimSignature(state: State, digest: string, expiresAt: number): boolean {
  const insert = 'insert into signatures (digest, expires_at) values (?, ?) on conflict do nothing'
  return state.prepare(insert).run(digest, expiresAt).changes === 1
}

/**
 * Records a signature for a record of a satellite, once for all of Vakt; false when a request that came another way has it. The
 * same record may come again.
 */
export function claimSignatureFor(state: State, digest: string, owner: string, expiresAt: number): boolean {
  const insert = 'insert into signatures (digest, expires_at, owner) values (?, ?, ?) on conflict do nothing'
  if (state.prepare(insert).run(digest, expiresAt, owner).changes === 1) return true
  const find = 'select owner from signatures where digest = ?'
  return state.prepare<[string], { owner: string | null }>(find).get(digest)?.owner === owner
}

/** Deletes the signature of a request that failed after all, so that it can be sent again. */
export function releaseSignature(state: State, digest: string): void {
  state.prepare('delete from signatures where digest = ?').run(digest)
}

/** A clock that leapt ahead by less may come back, and the signatures would be accepted again. */
const MARGIN_MS = DAY

/** Deletes signatures that are too old to be accepted again, also by a clock that goes back by a day. */
export function pruneSignatures(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from signatures where expires_at < ?').run(now - MARGIN_MS))
}
