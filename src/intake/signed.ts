// Signed requests: they prove a secret without sending it, once, within five minutes.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Problem } from '../problem.ts'
import { type Key, readKeyById } from '../projects/keys.ts'
import type { Project } from '../projects/projects.ts'
import { claimSignature } from '../projects/signatures.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'

/** How old, or how far ahead, the time of a signed request may be. */
const TOLERANCE_MS = 5 * MINUTE
/** How long nonces and signatures are remembered; longer than any can be repeated. */
const MEMORY_MS = 2 * TOLERANCE_MS
/** The one route that takes signatures of the first version, which cover only time and body. */
const V1_ROUTE = 'POST /api/logs'

export type SignatureOptions = {
  state: State
  vault: Vault
  /** Where clients reach the intake; its path is part of what they sign. */
  publicUrl(): string
}

/** A request with its body as it was sent, before decompression. */
export type SignedRequest = { request: Request; incoming: IncomingMessage | undefined; rawBody: Buffer }

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
 * The key that signed a request, compared in constant time. `v2=<hex HMAC-SHA256>` covers method, path and query, time,
 * nonce and body, on every route; `v1=` covers time and body, on `POST /api/logs` only. Throws `unauthorized` with the
 * reason: an unknown key, or a signature that is malformed, wrong, too old or used before. `signature` is what counts as
 * used from now on, across restarts: the nonce of v2, the signature itself of v1.
 */
export function readSignature(
  options: SignatureOptions,
  signed: SignedRequest,
  now: number,
): { project: Project; key: Key; signature: string } {
  const { headers } = signed.request
  const { project, key, sealed } = findSigner(options, headers)
  const timestamp = headers.get('x-vakt-timestamp') ?? ''
  const [, version, shown] = /^v([12])=([0-9a-f]{64})$/i.exec(headers.get('x-vakt-signature') ?? '') ?? []
  if (!version || !shown)
    throw unauthorized('X-Vakt-Signature is missing or malformed: it is v2= and 64 hexadecimal digits.')
  if (!/^\d{1,12}$/.test(timestamp))
    throw unauthorized('X-Vakt-Timestamp is missing or malformed: it is unix seconds, such as 1790000000.')
  const secret = options.vault.open(sealed)
  const once =
    version === '1'
      ? proveV1(secret, timestamp, shown, signed)
      : proveV2(secret, timestamp, shown, signed, options.publicUrl())
  const signedAt = Number(timestamp) * 1000
  if (Math.abs(now - signedAt) > TOLERANCE_MS)
    throw unauthorized(
      `The signature is ${signedAt < now ? 'more than 5 minutes old' : 'more than 5 minutes ahead'}. Check the sender's clock.`,
    )
  const signature = createHash('sha256').update(`${key.id}.${once.value}`).digest('hex')
  const isNew = () => claimSignature(options.state, signature, Math.max(now, signedAt) + MEMORY_MS)
  if (!options.state.transaction(isNew)) throw unauthorized(once.usedBefore)
  return { project, key, signature }
}

/** What a signature may be used for once, and the sentence for the second time. */
type Once = { value: string; usedBefore: string }

function proveV1(secret: string, timestamp: string, shown: string, { request, rawBody }: SignedRequest): Once {
  const route = `${request.method} ${targetOf(request.url).split('?', 1)[0]}`
  if (route !== V1_ROUTE)
    throw unauthorized(`Signatures of the version v1 are accepted only for ${V1_ROUTE}. Sign this request with v2.`)
  if (!isHmac(secret, shown, `${timestamp}.`, rawBody))
    throw unauthorized('The signature is wrong: sign "<timestamp>.<raw body>" with the secret of the key, or use v2.')
  return {
    value: shown.toLowerCase(),
    usedBefore: 'The signature was used before. Sign every request with a new timestamp, or use v2 with a new nonce.',
  }
}

function proveV2(secret: string, timestamp: string, shown: string, signed: SignedRequest, publicUrl: string): Once {
  const { request, incoming, rawBody } = signed
  const nonce = request.headers.get('x-vakt-nonce') ?? ''
  if (!/^[\w-]{16,64}$/.test(nonce))
    throw unauthorized('X-Vakt-Nonce is missing or malformed: it is 16 to 64 letters, digits, - and _, new each time.')
  const target = targetOf(incoming?.url ?? request.url)
  const bodyHash = createHash('sha256').update(rawBody).digest('hex')
  // A proxy may have taken the path of PUBLIC_URL away; clients on this machine pass it by.
  const prefix = (URL.parse(publicUrl)?.pathname ?? '').replace(/\/+$/, '')
  const isProven = [...new Set([target, prefix + target])].some(path =>
    isHmac(secret, shown, `v2\n${request.method.toUpperCase()}\n${path}\n${timestamp}\n${nonce}\n${bodyHash}`),
  )
  if (!isProven)
    throw unauthorized(
      'The signature is wrong: sign "v2", method, path with query, timestamp, nonce and SHA-256 of the body, each on its line, with the secret of the key.',
    )
  return {
    value: `nonce ${nonce}`,
    usedBefore: 'The nonce was used before. Send every request with a new X-Vakt-Nonce.',
  }
}

function isHmac(secret: string, shown: string, ...signed: readonly (string | Buffer)[]): boolean {
  const hmac = createHmac('sha256', secret)
  for (const part of signed) hmac.update(part)
  return timingSafeEqual(hmac.digest(), Buffer.from(shown, 'hex'))
}

/** Path and query byte for byte as on the request line, without a question mark that nothing follows. */
function targetOf(url: string): string {
  const target = url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, '').replace(/^(?=\?|$)/, '/')
  return target.replace(/\?$/, '')
}

function unauthorized(message: string): Problem {
  return new Problem('unauthorized', message)
}
