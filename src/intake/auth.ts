// Who may run commands and read logs over HTTP: the admin key, or a project's key with a role.
import { hash, timingSafeEqual } from 'node:crypto'
import type { Requester } from '../chat/channel.ts'
import { Problem } from '../problem.ts'
import { readKeyBySecret } from '../projects/keys.ts'
import type { State } from '../state/database.ts'
import { isSigned, readSignature, type SignatureOptions } from './signed.ts'

export type AuthOptions = SignatureOptions & { adminKey: string }

/** The secret in `Authorization: Bearer` or `X-Api-Key`; null when there is none. */
export function readSecret(headers: Headers): string | null {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')
  return bearer?.[1] ?? headers.get('x-api-key')?.trim() ?? null
}

/**
 * Who sends a request with `rawBody` (empty for a GET). Throws `unauthorized` or `forbidden` with a sentence that names
 * the key to use.
 */
export function findRequester(options: AuthOptions, headers: Headers, rawBody: Buffer, now: number): Requester {
  const base = { platform: 'api' as const, groups: [], interactive: false }
  const secret = readSecret(headers)
  if (!isSigned(headers) && secret !== null && isAdminKey(secret, options.adminKey))
    return { ...base, id: 'admin', name: 'admin', admin: true }
  const { key, project } = isSigned(headers)
    ? readSignature(options, headers, rawBody, now)
    : findKey(options.state, secret)
  if (key.role === 'intake')
    throw new Problem(
      'forbidden',
      `The key ${key.id} may only send logs and alerts. Use the admin key or a key with a role.`,
    )
  return { ...base, id: key.id, name: `key ${key.id}`, admin: false, key: { role: key.role, project: project.name } }
}

function findKey(state: State, secret: string | null) {
  if (!secret) {
    throw new Problem(
      'unauthorized',
      'The request has no key. Send "Authorization: Bearer <key>" or "X-Api-Key: <key>"; the admin key is in DATA_DIR/admin.key.',
    )
  }
  const found = readKeyBySecret(state, secret)
  if (!found) throw new Problem('unauthorized', 'The key is unknown or revoked. "keys list" shows all keys.')
  if (found.key.signed) throw new Problem('unauthorized', signedOnly(found.key.id))
  return found
}

/** Why the secret of a signed key is refused in a header. */
export function signedOnly(keyId: string): string {
  return `The key ${keyId} is accepted only on signed requests (X-Vakt-Key, X-Vakt-Timestamp, X-Vakt-Signature).`
}

/** Whether a secret is the admin key. Compared as digests: of equal length, and in constant time. */
export function isAdminKey(secret: string, adminKey: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(secret), digest(adminKey))
}
