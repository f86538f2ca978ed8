// The hosts: where they are, how Vakt signs in, and how they were when last asked.
import { Problem } from '../problem.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { asc, eq, sql } from '../state/orm.ts'
import { hosts } from '../state/schema/index.ts'
import { type Host, refuseHostName } from './host.ts'

export type NewHost = Omit<typeof hosts.$inferInsert, 'id' | 'status' | 'failures'>
export type HostChanges = Partial<Omit<Host, 'id' | 'addedAt' | 'addedBy'>>

/** What is kept sealed of a host: a password, or a private key with its passphrase. */
export type Secret = { password: string } | { privateKey: string; passphrase: string | null }

/** How many connections deep a host may be. */
const DEEPEST = 4

/** Adds a host. Throws `invalid` for what is no name, `conflict` for one that is taken. */
export function addHost(state: State, host: NewHost): Host {
  return state.transaction(() => {
    refuseNewName(state, host.name, 'name')
    return state.db.insert(hosts).values(host).returning().get()
  })
}

/** Changes a host; a new name follows the rules of a first one, and what it is reached through must lead somewhere. */
export function editHost(state: State, id: number, changes: HostChanges): Host {
  return state.transaction(() => {
    const host = readHost(state, id)!
    if (changes.name !== undefined && changes.name !== host.name) refuseNewName(state, changes.name, 'rename')
    if (Object.keys(changes).length === 0) return host
    // Before anything is written: an asynchronous command that is refused rolls nothing back.
    jumpsOf(state, { ...host, ...changes })
    return state.db.update(hosts).set(changes).where(eq(hosts.id, id)).returning().get()!
  })
}

/** Removes a host with its containers and samples. Throws `conflict` while others are reached through it. */
export function removeHost(state: State, host: Host): void {
  const through = listHosts(state).filter(one => one.jumpId === host.id)
  if (through.length > 0)
    throw new Problem(
      'conflict',
      `${through.map(one => one.name).join(', ')} ${through.length === 1 ? 'is' : 'are'} reached through ${host.name}. Change that first: hosts edit ${through[0]!.name} --jump none`,
    )
  state.transaction(() => state.db.delete(hosts).where(eq(hosts.id, host.id)).run())
}

/** The host of a name. Throws `not_found`, naming those there are. */
export function findHost(state: State, name: string): Host {
  const found = state.db.select().from(hosts).where(eq(hosts.name, name)).get()
  if (found) return found
  const names = listHosts(state).map(host => host.name)
  const known =
    names.length === 0
      ? 'None is registered yet: hosts add web-1 deploy@web-1.example.org'
      : `There is ${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}.`
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

/** Notes that a host was reached, what runs its containers, and why those could not be seen. By hand, for every round does. */
export function noteSeen(
  state: State,
  { id }: Host,
  engine: Host['engine'],
  engineError: string | null,
  at: number,
): void {
  const update = `update hosts set status = 'up', failures = 0, failing_since = null, error = null, last_seen_at = ?,
    engine = ?, engine_error = ? where id = ?`
  state.transaction(() => state.prepare(update).run(at, engine, engineError, id))
}

/** Notes that a host was not reached, and whether it counts as down now. */
export function noteUnreached(state: State, { id }: Host, why: string, down: boolean, at: number): void {
  const update = `update hosts set failures = failures + 1, failing_since = coalesce(failing_since, ?), error = ?,
    status = iif(?, 'down', status) where id = ?`
  state.transaction(() => state.prepare(update).run(at, why, down ? 1 : 0, id))
}

/** The hosts that a connection to this one goes through, the first to be reached first. Throws `conflict` for a circle. */
export function jumpsOf(state: State, host: Host): Host[] {
  const jumps: Host[] = []
  for (let next = host.jumpId; next !== null; next = jumps[0]!.jumpId) {
    const jump = readHost(state, next)
    if (!jump || jump.local)
      throw new Problem('conflict', `The host that ${host.name} is reached through is no host with SSH.`)
    if (jump.id === host.id || jumps.length >= DEEPEST)
      throw new Problem(
        'conflict',
        `${host.name} would be reached through itself, or through more than ${DEEPEST} hosts.`,
      )
    jumps.unshift(jump)
  }
  return jumps
}

/** The secret of a host, sealed for its row. */
export function sealSecret(vault: Vault, secret: Secret): Buffer {
  return vault.seal(JSON.stringify(secret))
}

/** What `sealSecret` sealed, or null when the host has none; throws `internal` when the key file is another one. */
export function openSecret(vault: Vault, host: Host): Secret | null {
  return host.secretSealed === null ? null : (JSON.parse(vault.open(host.secretSealed)) as Secret)
}

/** Throws what `addHost` would throw for the name, before anything costly is done. */
export function refuseNewName(state: State, name: string, field: 'name' | 'rename'): void {
  refuseHostName(name)
  if (state.db.select().from(hosts).where(eq(hosts.name, name)).get())
    throw new Problem('conflict', `There is a host "${name}" already.`, { fields: { [field]: 'is taken' } })
}
