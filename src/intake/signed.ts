// Signed requests: they prove a secret without sending it, once, within five minutes.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../problem.ts'
import { type Key, readKeyById } from '../projects/keys.ts'
import type { Project } from '../projects/projects.ts'
import { claimSignature } from '../projects/signatures.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'

/** How old, or how far ahead, the time of a signed request may be. */
const TOLERANCE_MS = 5 * MINUTE

export type SignatureOptions = { state: State; vault: Vault }
type Signer = { project: Project; key: Key; sealed: Buffer }

/** Whether a request claims to be signed. */
export function isSigned(headers: Headers): boolean {
  return headers.has('x-vakt-signature') || headers.has('x-vakt-key')
}

/** The key that a request claims to be signed with, known before its body is read; throws `unauthorized` for an unknown one. */
export function findSigner({ state }: Pick<SignatureOptions, 'state'>, headers: Headers): Signer {
  const id = headers.get('x-vakt-key') ?? ''
  if (id === '') throw unauthorized('X-Vakt-Key is missing. Send the id of the key that signs the request.')
  const found = readKeyById(state, id)
  if (!found || found.key.revokedAt !== null) throw unauthorized('The key in X-Vakt-Key is unknown or revoked.')
  if (found.key.secretSealed === null)
    throw unauthorized(`The key ${id} does not sign requests. "keys create <project> --signed" makes one that does.`)
  return { ...found, sealed: found.key.secretSealed }
}

/**
 * The key that signed a request with `v1=<hex HMAC-SHA256 of "<timestamp>.<raw body>">`, compared in constant time. Throws
 * `unauthorized` with the reason: an unknown key, or a signature that is wrong, too old or used before. The signature
 * counts as used from now on.
 */
export function readSignature(
  options: SignatureOptions,
  headers: Headers,
  rawBody: Buffer,
  now: number,
): { project: Project; key: Key; signature: string } {
  const { project, key, sealed } = findSigner(options, headers)
  const timestamp = headers.get('x-vakt-timestamp') ?? ''
  const shown = /^v1=([0-9a-f]{64})$/i.exec(headers.get('x-vakt-signature') ?? '')?.[1]
  if (!shown) throw unauthorized('X-Vakt-Signature is missing or malformed: it is v1= and 64 hexadecimal digits.')
  if (!/^\d{1,12}$/.test(timestamp))
    throw unauthorized('X-Vakt-Timestamp is missing or malformed: it is unix seconds, such as 1790000000.')
  const expected = createHmac('sha256', options.vault.open(sealed)).update(`${timestamp}.`).update(rawBody).digest()
  if (!timingSafeEqual(expected, Buffer.from(shown, 'hex')))
    throw unauthorized('The signature is wrong: sign "<timestamp>.<raw body>" with the secret of the key.')
  const signedAt = Number(timestamp) * 1000
  if (Math.abs(now - signedAt) > TOLERANCE_MS)
    throw unauthorized(
      `The signature is ${signedAt < now ? 'more than 5 minutes old' : 'more than 5 minutes ahead'}. Check the sender's clock.`,
    )
  const signature = createHash('sha256').update(`${key.id}.${shown.toLowerCase()}`).digest('hex')
  if (!options.state.transaction(() => claimSignature(options.state, signature, signedAt + 2 * TOLERANCE_MS)))
    throw unauthorized('The signature was used before. Sign every request with a new timestamp.')
  return { project, key, signature }
}

function unauthorized(message: string): Problem {
  return new Problem('unauthorized', message)
}
