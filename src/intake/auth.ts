// Who may run commands and read logs over HTTP: the admin key, or a project's key with a role.
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Requester } from '../chat/channel.ts'
import { Problem } from '../problem.ts'
import { readKeyBySecret } from '../projects/keys.ts'
import type { State } from '../state/database.ts'
import { readBasicKey, readShownKey, type ShownKey } from './access/shown-keys.ts'
import { limitWrongKeys, refuseGuessing, type WrongKeyOptions } from './access/wrong-keys.ts'
import { readClientAddress } from './client-address.ts'
import { isSigned, readSignature, type SignatureOptions, type SignedRequest } from './signed.ts'

const BASIC_ELSEWHERE =
  'A key as the password of "Authorization: Basic" is accepted only on routes that take log lines and alerts. Send "Authorization: Bearer <key>" or "X-Api-Key: <key>".'

export type AuthOptions = SignatureOptions & WrongKeyOptions & { adminKey: string }

/**
 * Who sends a request with `rawBody` (empty for a GET). Throws `unauthorized` or `forbidden` with a sentence that names
 * the key to use, and `limited` after too many wrong keys.
 */
export function findRequester(options: AuthOptions, signed: SignedRequest): Promise<Requester> {
  const { request, incoming } = signed
  return limitWrongKeys(options, request, incoming, () => identify(options, signed))
}

function identify(options: AuthOptions, signed: SignedRequest): Requester {
  const { request, incoming } = signed
  const { headers } = request
  const { address } = readClientAddress(incoming, headers, options.trustedProxies)
  const base = { platform: 'api' as const, groups: [], interactive: false, address }
  const shown = readShownKey(headers)
  if (!isSigned(headers) && shown !== null && isAdminKey(options, shown, request, incoming))
    return { ...base, id: 'admin', name: 'admin', admin: true }
  if (!isSigned(headers) && shown === null && readBasicKey(headers) !== null)
    throw new Problem('unauthorized', BASIC_ELSEWHERE)
  const { key, project } = isSigned(headers)
    ? readSignature(options, signed, options.clock.now())
    : findKey(options.state, shown)
  if (key.role === 'intake')
    throw new Problem(
      'forbidden',
      `The key ${key.id} may only send logs and alerts. Use the admin key or a key with a role.`,
    )
  return { ...base, id: key.id, name: `key ${key.id}`, admin: false, key: { role: key.role, project: project.name } }
}

/** The key that shows its secret. Throws `unauthorized`: there is none, it is unknown, revoked, or must sign requests. */
export function findKey(state: State, shown: ShownKey | null) {
  if (!shown?.secret) {
    throw new Problem(
      'unauthorized',
      'The request has no key. Send "Authorization: Bearer <key>" or "X-Api-Key: <key>"; the admin key is in DATA_DIR/admin.key.',
    )
  }
  const found = readKeyBySecret(state, shown.secret)
  if (!found) throw new Problem('unauthorized', unknownKey(shown))
  if (found.key.signed) throw new Problem('unauthorized', signedOnly(found.key.id))
  return found
}

/** The sentence for a key that is none of Vakt's; it does not show whether it is the admin key. */
export function unknownKey({ mayBeAdmin }: ShownKey): string {
  const admin = mayBeAdmin
    ? ''
    : ' The admin key is accepted only as "Authorization: Bearer <key>" or "X-Api-Key: <key>".'
  return `The key is unknown or revoked. "keys list" shows all keys.${admin}`
}

/** Why the secret of a signed key is refused in a header. */
export function signedOnly(keyId: string): string {
  return `The key ${keyId} is accepted only on signed requests (X-Vakt-Key, X-Vakt-Timestamp, X-Vakt-Nonce, X-Vakt-Signature).`
}

/** An admin key that Vakt made: 238 random bits, which nobody can guess. */
const MADE_BY_VAKT = /^vakt_admin_[A-Za-z0-9]{40}$/

/**
 * Whether a key is the admin key, shown in a form in which that counts. Compared as digests: of equal length, and in constant time. Throws `limited` for an
 * admin key of somebody's own choice from an address that shows too many wrong keys, because it may have been guessed.
 */
export function isAdminKey(
  options: WrongKeyOptions & { adminKey: string },
  { secret, mayBeAdmin }: ShownKey,
  request: Request,
  incoming: IncomingMessage | undefined,
): boolean {
  if (!mayBeAdmin) return false
  const isRight = timingSafeEqual(digest(secret), adminDigest(options.adminKey))
  if (isRight && !MADE_BY_VAKT.test(secret)) refuseGuessing(options, request, incoming)
  return isRight
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

let known = { key: '', digest: digest('') }

/** The digest of the admin key, which every request is compared with. */
function adminDigest(key: string): Buffer {
  if (known.key !== key) known = { key, digest: digest(key) }
  return known.digest
}
