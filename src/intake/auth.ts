// Who may ask over HTTP: the admin key, or a project's key with a role.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Speaker } from '../chat/channel.ts'
import { Problem } from '../problem.ts'
import { readKeyBySecret } from '../projects/keys.ts'
import type { State } from '../state/database.ts'

/** The secret that a request shows, in `Authorization: Bearer` or `X-Api-Key`; null when it shows none. */
export function shownSecret(headers: Headers): string | null {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')
  return bearer?.[1] ?? headers.get('x-api-key')?.trim() ?? null
}

/** Who runs a command over HTTP. Throws `unauthorized` or `forbidden` with a sentence that says which key is needed. */
export function speakerOf(state: State, adminKey: string, headers: Headers): Speaker {
  const secret = shownSecret(headers)
  if (!secret) {
    throw new Problem(
      'unauthorized',
      'Show a key: "Authorization: Bearer <key>" or "X-Api-Key: <key>". The admin key is in DATA_DIR/admin.key.',
    )
  }
  const base = { platform: 'api' as const, groups: [], interactive: false }
  if (isAdminKey(secret, adminKey)) return { ...base, id: 'admin', name: 'admin', admin: true }
  const found = readKeyBySecret(state, secret)
  if (!found) throw new Problem('unauthorized', 'That key is not known here, or was revoked.')
  if (found.key.role === 'intake')
    throw new Problem(
      'forbidden',
      `The key ${found.key.id} may send logs only. Commands take the admin key or a key with a role.`,
    )
  if (found.key.signed)
    throw new Problem('unauthorized', `The key ${found.key.id} is accepted only on signed requests.`)
  return {
    ...base,
    id: found.key.id,
    name: `key ${found.key.id}`,
    admin: false,
    key: { role: found.key.role, project: found.project.name },
  }
}

/** Compared as digests: equal lengths, and the time taken says nothing of the key. */
export function isAdminKey(shown: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(shown), digest(right))
}
