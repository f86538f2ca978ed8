// Signatures of other programs' webhooks: an HMAC-SHA256 of the body, by the secret of the key that the URL names.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../../problem.ts'
import { type Key, readKeyById } from '../../projects/keys.ts'
import type { Project } from '../../projects/projects.ts'
import { claimSignature } from '../../projects/signatures.ts'
import { DAY } from '../../time.ts'
import type { AuthOptions } from '../auth.ts'

/** Where a sender puts its signature, in hexadecimal digits after a prefix such as `sha256=`. */
export type WebhookSignature = { header: string; prefix: string }

export type WebhookSigner = { project: Project; key: Key; sealed: Buffer }

/** How long a request that was accepted is not accepted again: there is no time in what is signed. */
const MEMORY_MS = 30 * DAY

/**
 * The key that `?signed_by=` names, or null without it. Throws `unauthorized` for an unknown key, or one whose secret Vakt does
 * not have.
 */
export function findWebhookSigner(
  { state }: Pick<AuthOptions, 'state'>,
  parameters: URLSearchParams,
): WebhookSigner | null {
  const id = parameters.get('signed_by')
  if (id === null) return null
  const found = readKeyById(state, id)
  if (!found || found.key.revokedAt !== null)
    throw unauthorized('The key in ?signed_by= is unknown or revoked. "keys list" shows the ids of all keys.')
  if (found.key.secretSealed === null)
    throw unauthorized(
      `The key ${found.key.id} does not sign requests. "keys create <project> --signed" makes one that does.`,
    )
  return { ...found, sealed: found.key.secretSealed }
}

/**
 * Proves that the signer signed this body, compared in constant time. `signature` is what counts as used from now on;
 * `isRepeated`: the same was accepted before. Throws `unauthorized` for a wrong signature.
 */
export function proveWebhook(
  options: Pick<AuthOptions, 'state' | 'vault'>,
  { header, prefix }: WebhookSignature,
  signer: WebhookSigner,
  headers: Headers,
  body: Buffer,
  now: number,
): { signature: string | null; isRepeated: boolean } {
  const shown = headers.get(header)?.trim().toLowerCase() ?? ''
  if (shown === '') throw unauthorized(`The request has no ${header}. Give its sender the secret of the key.`)
  const expected = createHmac('sha256', options.vault.open(signer.sealed)).update(body).digest()
  const digits = shown.startsWith(prefix) ? shown.slice(prefix.length) : ''
  const isRight = /^[0-9a-f]{64}$/.test(digits) && timingSafeEqual(Buffer.from(digits, 'hex'), expected)
  if (!isRight) throw unauthorized(`${header} is wrong: it is not made with the secret of the key ${signer.key.id}.`)
  const signature = createHash('sha256').update(`${signer.key.id}.webhook.${digits}`).digest('hex')
  const isNew = options.state.transaction(() => claimSignature(options.state, signature, now + MEMORY_MS))
  return { signature: isNew ? signature : null, isRepeated: !isNew }
}

function unauthorized(message: string): Problem {
  return new Problem('unauthorized', message)
}
