// The table of hosts: their address, credentials and last known status.
import { Problem } from '../problem.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { freshId } from '../state/key-value.ts'
import { asc, eq, sql } from '../state/orm.ts'
import { hosts } from '../state/schema/index.ts'
import { type Host, refuseHostName } from './host.ts'

export type NewHost = Omit<typeof hosts.$inferInsert, 'id' | 'status' | 'failures'>
export type HostChanges = Partial<Omit<Host, 'id' | 'addedAt' | 'addedBy'>>

/** The encrypted credentials of a host: a password, or a private key with its passphrase. */
export type HostSecret = { password: string } | { privateKey: string; passphrase: string | null }

/** The longest chain of jump hosts. */
const MAX_JUMPS = 4
const MAX_LISTED_NAMES = 10

/** Adds a host. Throws `invalid` for an invalid name and `conflict` for a name in use. */
export function addHost(state: State, host: NewHost): Host {
  return state.transaction(() => {
    refuseNewName(state, host.name, 'name')
    return state.db
      .insert(hosts)
      .values({ ...host, id: freshId(state, 'hosts') })
      .returning()
      .get()
  })
}

/** Changes a host. Throws as `addHost` does for a new name, and `conflict` for jump hosts that lead nowhere. */
export function editHost(state: State, id: number, changes: HostChanges): Host {
  return state.transaction(() => {
    const host = readHost(state, id)!
    if (changes.name !== undefined && changes.name !== host.name) refuseNewName(state, changes.name, 'rename')
    if (Object.keys(changes).length === 0) return host
    // Checked before the update: an asynchronous command that fails does not roll back.
    readJumps(state, { ...host, ...changes })
    return state.db.update(hosts).set(changes).where(eq(hosts.id, id)).returning().get()!
  })
}

/** Removes a host with its containers and samples. Throws `conflict` while it is the jump host of another. */
export function removeHost(state: State, host: Host): void {
  const dependents = listHosts(state).filter(other => other.jumpId === host.id)
  if (dependents.length > 0)
    throw new Problem(
      'conflict',
      `${host.name} is the jump host of ${dependents.map(dependent => dependent.name).join(', ')}. Change that first: hosts edit ${dependents[0]!.name} --jump none`,
    )
  state.transaction(() => state.db.delete(hosts).where(eq(hosts.id, host.id)).run())
}

/** Finds a host by name. Throws `not_found` with the names of existing hosts. */
export function findHost(state: State, name: string): Host {
  const found = state.db.select().from(hosts).where(eq(hosts.name, name)).get()
  if (found) return found
  const names = listHosts(state).map(host => host.name)
  const known =
    names.length === 0
      ? 'No host is registered. Add one: hosts add web-1 deploy@web-1.example.org'
      : `Registered hosts: ${names.slice(0, MAX_LISTED_NAMES).join(', ')}${names.length > MAX_LISTED_NAMES ? ` and ${names.length - MAX_LISTED_NAMES} more` : ''}.`
  throw new Problem('not_found', `There is no host "${name.slice(0, 63)}". ${known}`, {
    fields: { host: 'no such host' },
  })
}

export function readHost(state: State, id: number): Host | undefined {
  const byId = eq(hosts.id, sql.placeholder('id'))
  return state.prepared('host by id', db => db.select().from(hosts).where(byId).prepare()).get({ id })
}

/** All hosts by name. */
export function listHosts(state: State): Host[] {
  return state.prepared('hosts', db => db.select().from(hosts).orderBy(asc(hosts.name)).prepare()).all()
}

/**
 * Records that a host answered at `at`, its container engine, and why its containers could not be listed. Plain SQL, because
 * it runs for every host every 30 seconds.
 */
export function recordSeen(
  state: State,
  { id }: Host,
  engine: Host['engine'],
  engineError: string | null,
  timeZone: string | null,
  at: number,
): void {
  const update = `update hosts set status = 'up', failures = 0, failing_since = null, error = null, last_seen_at = ?,
    engine = ?, engine_error = ?, time_zone = coalesce(?, time_zone) where id = ?`
  state.transaction(() => state.prepare(update).run(at, engine, engineError, timeZone, id))
}

/** Records that a host did not answer, why, and whether it now counts as down. */
export function recordUnreachable(state: State, { id }: Host, why: string, isDown: boolean, at: number): void {
  const update = `update hosts set failures = failures + 1, failing_since = coalesce(failing_since, ?), error = ?,
    status = iif(?, 'down', status) where id = ?`
  state.transaction(() => state.prepare(update).run(at, why, isDown ? 1 : 0, id))
}

/** The jump hosts on the way to a host, in the order they are reached. Throws `conflict` for a circle. */
export function readJumps(state: State, host: Host): Host[] {
  const jumps: Host[] = []
  for (let next = host.jumpId; next !== null; next = jumps[0]!.jumpId) {
    const jump = readHost(state, next)
    if (!jump || jump.local)
      throw new Problem(
        'conflict',
        `The jump host of ${host.name} is not a host with SSH. Choose another: hosts edit ${host.name} --jump HOST`,
      )
    if (jump.id === host.id || jumps.length >= MAX_JUMPS)
      throw new Problem('conflict', `The jump hosts of ${host.name} form a circle or are more than ${MAX_JUMPS}.`)
    jumps.unshift(jump)
  }
  return jumps
}

/** Encrypts the secret of a host for its row. */
export function sealSecret(vault: Vault, secret: HostSecret): Buffer {
  return vault.seal(JSON.stringify(secret))
}

/** Decrypts the secret of a host, null when it has none. Throws `internal` when the vault key is a different one. */
export function openSecret(vault: Vault, host: Host): HostSecret | null {
  return host.secretSealed === null ? null : (JSON.parse(vault.open(host.secretSealed)) as HostSecret)
}

/** Throws as `addHost` does for the name, so that a command can fail before it connects. */
export function refuseNewName(state: State, name: string, field: 'name' | 'rename'): void {
  refuseHostName(name)
  if (state.db.select().from(hosts).where(eq(hosts.name, name)).get())
    throw new Problem('conflict', `There is already a host "${name}". Choose another name.`, {
      fields: { [field]: 'is in use' },
    })
}
