// Reads the ping URLs of the Healthchecks protocol. Pure.
import type { Signal } from '../../checks/beat.ts'

export type Ping = { signal: Signal; exitStatus: number | null } & (
  | { uuid: string }
  | { pingKey: string; slug: string }
)

/** What a path means: a ping, a malformed one (400), or nothing that is known (404). */
export type PingUrl = { kind: 'ping'; ping: Ping } | { kind: 'malformed' } | { kind: 'unknown' }

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const ACTION = '(start|fail|log|[0-9]+)'
const BY_UUID = new RegExp(`^/ping/(${UUID})(?:/${ACTION}?)?$`)
const BY_SLUG = new RegExp(`^/ping/([-a-zA-Z0-9_]+)/([-a-zA-Z0-9_]+)(?:/${ACTION})?$`)
/** A run id: a UUID with dashes, in either case. */
export const RUN_ID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/

/**
 * Reads the path of a ping URL, after `hc/api/urls.py` and `views.py` of Healthchecks: uuids are lowercase with dashes,
 * slugs lowercase; a path with an uppercase slug is malformed. The caller refuses an exit status above 255, after it has
 * looked the check up.
 */
export function readPingUrl(path: string): PingUrl {
  const byUuid = BY_UUID.exec(path)
  if (byUuid) return { kind: 'ping', ping: { uuid: byUuid[1]!, ...readAction(byUuid[2]) } }
  const bySlug = BY_SLUG.exec(path)
  if (!bySlug) return { kind: 'unknown' }
  const [, pingKey = '', slug = '', action] = bySlug
  if (slug !== slug.toLowerCase()) return { kind: 'malformed' }
  return { kind: 'ping', ping: { pingKey, slug, ...readAction(action) } }
}

function readAction(action: string | undefined): { signal: Signal; exitStatus: number | null } {
  if (action === 'start' || action === 'fail' || action === 'log') return { signal: action, exitStatus: null }
  if (action === undefined) return { signal: 'success', exitStatus: null }
  const exitStatus = Number(action)
  return { signal: exitStatus > 0 ? 'fail' : 'success', exitStatus }
}
