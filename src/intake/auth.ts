// Who may ask over HTTP: the admin key, or a project's key with a role.
import { hash, timingSafeEqual } from 'node:crypto'
import type { Requester } from '../chat/channel.ts'
import { Problem } from '../problem.ts'
import { readKeyBySecret } from '../projects/keys.ts'
import type { State } from '../state/database.ts'
import { isSigned, readSigned, type SignatureOptions } from './signed.ts'

export type AuthOptions = SignatureOptions & { adminKey: string }

/** The secret that a request shows, in `Authorization: Bearer` or `X-Api-Key`; null when it shows none. */
export function shownSecret(headers: Headers): string | null {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')
  return bearer?.[1] ?? headers.get('x-api-key')?.trim() ?? null
}

/**
 * Who asks over HTTP with `rawBody` (empty for a GET). Throws `unauthorized` or `forbidden` with a sentence that says which
 * key is needed.
 */
export function requester(options: AuthOptions, headers: Headers, rawBody: Buffer, now: number): Requester {
  const base = { platform: 'api' as const, groups: [], interactive: false }
  const secret = shownSecret(headers)
  if (!isSigned(headers) && secret !== null && isAdminKey(secret, options.adminKey))
    return { ...base, id: 'admin', name: 'admin', admin: true }
  const { key, project } = isSigned(headers)
    ? readSigned(options, headers, rawBody, now)
    : readShown(options.state, secret)
  if (key.role === 'intake')
    throw new Problem(
      'forbidden',
      `The key ${key.id} may send logs only. Commands take the admin key or a key with a role.`,
    )
  return { ...base, id: key.id, name: `key ${key.id}`, admin: false, key: { role: key.role, project: project.name } }
}

function readShown(state: State, secret: string | null) {
  if (!secret) {
    throw new Problem(
      'unauthorized',
      'Show a key: "Authorization: Bearer <key>" or "X-Api-Key: <key>". The admin key is in DATA_DIR/admin.key.',
    )
  }
  const found = readKeyBySecret(state, secret)
  if (!found) throw new Problem('unauthorized', 'That key is not known here, or was revoked.')
  if (found.key.signed)
    throw new Problem(
      'unauthorized',
      `The key ${found.key.id} is accepted only on signed requests (X-Vakt-Key, X-Vakt-Timestamp, X-Vakt-Signature).`,
    )
  return found
}

/** Compared as digests: equal lengths, and the time taken says nothing of the key. */
export function isAdminKey(shown: string, right: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(shown), digest(right))
}
