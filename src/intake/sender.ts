// Who sends logs: a key shown in a header, or a request signed with one.
import { Problem } from '../problem.ts'
import { type Key, readKeyBySecret } from '../projects/keys.ts'
import { findProject, type Project } from '../projects/projects.ts'
import { isAdminKey, shownSecret } from './auth.ts'
import { isSigned, readSigned, type SignatureOptions } from './signed.ts'

export type Sender = {
  project: Project
  key: Key | null
  /** The signature that was claimed for this request, to be released if it is not accepted after all. */
  signature: string | null
}

export type SenderOptions = SignatureOptions & { adminKey: string }

/**
 * The sender of a request with `rawBody` (as it came, still compressed). Throws `unauthorized` with the reason: no key, an
 * unknown one, a wrong, old or repeated signature. The admin key sends for the project that `projectName` names.
 */
export function readSender(
  options: SenderOptions,
  headers: Headers,
  rawBody: Buffer,
  projectName: string | undefined,
  now: number,
): Sender {
  if (isSigned(headers)) return readSigned(options, headers, rawBody, now)
  const secret = shownSecret(headers)
  if (!secret)
    throw unauthorized('Show a key: "Authorization: Bearer <key>" or "X-Api-Key: <key>". "keys create" makes one.')
  if (isAdminKey(secret, options.adminKey))
    return { project: findProject(options.state, projectName), key: null, signature: null }
  const found = readKeyBySecret(options.state, secret)
  if (!found) throw unauthorized('That key is not known here, or was revoked.')
  if (found.key.signed)
    throw unauthorized(
      `The key ${found.key.id} is accepted only on signed requests (X-Vakt-Key, X-Vakt-Timestamp, X-Vakt-Signature).`,
    )
  return { ...found, signature: null }
}

function unauthorized(message: string): Problem {
  return new Problem('unauthorized', message)
}
