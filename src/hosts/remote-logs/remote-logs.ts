// The logs that are read on hosts: which, how often, how far, and what went wrong last.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, lte } from '../../state/orm.ts'
import { type LogPending, type LogPosition, remoteLogs } from '../../state/schema/index.ts'
import type { RemoteLog } from './remote-log.ts'

export type NewRemoteLog = Pick<RemoteLog, 'hostId' | 'kind' | 'target' | 'source' | 'projectId' | 'every' | 'dueAt'> &
  Pick<RemoteLog, 'addedAt' | 'addedBy'>

/** Reads a log from now on. Throws `conflict` when it is read already. */
export function addRemoteLog(state: State, draft: NewRemoteLog): RemoteLog {
  return state.transaction(() => {
    if (readByTarget(state, draft))
      throw new Problem('conflict', `${draft.target} is read on that host already. "hosts logs list" shows it.`)
    return state.db.insert(remoteLogs).values(draft).returning().get()
  })
}

/**
 * Changes how often it is read and what its lines belong to. Throws `conflict` for another project while it is not known
 * whether the last batch is stored: there it would be stored a second time.
 */
export function editRemoteLog(
  state: State,
  id: number,
  changes: Partial<Pick<RemoteLog, 'every' | 'dueAt' | 'projectId' | 'source'>>,
): RemoteLog {
  return state.transaction(() => {
    const log = readRemoteLog(state, id)!
    if (log.pending !== null && changes.projectId !== undefined)
      throw new Problem('conflict', `Lines of ${log.target} are being stored. Try again when they are.`)
    return state.db.update(remoteLogs).set(changes).where(eq(remoteLogs.id, id)).returning().get()
  })
}

/** Reads it no more; its lines stay. */
export function removeRemoteLog(state: State, id: number): void {
  state.transaction(() => state.db.delete(remoteLogs).where(eq(remoteLogs.id, id)).run())
}

/** The logs of a host, or of all. */
export function listRemoteLogs(state: State, hostId?: number): RemoteLog[] {
  return state.db
    .select()
    .from(remoteLogs)
    .where(hostId === undefined ? undefined : eq(remoteLogs.hostId, hostId))
    .orderBy(asc(remoteLogs.hostId), asc(remoteLogs.kind), asc(remoteLogs.target))
    .all()
}

export function readRemoteLog(state: State, id: number): RemoteLog | undefined {
  return state.db.select().from(remoteLogs).where(eq(remoteLogs.id, id)).get()
}

/** Those that are due at `now`, the longest waiting first. */
export function dueRemoteLogs(state: State, now: number): RemoteLog[] {
  return state.db.select().from(remoteLogs).where(lte(remoteLogs.dueAt, now)).orderBy(asc(remoteLogs.dueAt)).all()
}

/** When the next one is due, but for those of the numbers given; null when there is none. */
export function nextRemoteLog(state: State, except: readonly number[]): number | null {
  const due = state.db
    .select({ id: remoteLogs.id, at: remoteLogs.dueAt })
    .from(remoteLogs)
    .orderBy(asc(remoteLogs.dueAt))
    .limit(except.length + 1)
    .all()
  return due.find(one => !except.includes(one.id))?.at ?? null
}

/** Notes, before a batch is stored, which one it is and where it ends. */
export function notePendingBatch(state: State, id: number, pending: LogPending): void {
  change(state, id, { pending, batches: pending.batch })
}

/** Notes that everything up to a position is stored, and when something before it was found missing. */
export function noteRead(
  state: State,
  log: RemoteLog,
  position: LogPosition | null,
  lines: number,
  lostAt: number | null,
): void {
  const moved = position === null ? {} : { position }
  change(state, log.id, { ...moved, pending: null, lines: log.lines + lines, lostAt: lostAt ?? log.lostAt })
}

/** Notes that a fetch came to its end, and when the next is due. */
export function noteFetched(state: State, id: number, fetchedAt: number, dueAt: number): void {
  change(state, id, { ...NOT_FAILING, error: null, fetchedAt, dueAt })
}

/** Notes when the next fetch is due, as there was nothing to fetch from. */
export function notePassedOver(state: State, id: number, dueAt: number): void {
  change(state, id, { ...NOT_FAILING, dueAt })
}

/** Notes why a fetch failed; one that is nobody's fault (`counts` is false) has the count begin anew. */
export function noteFailed(state: State, id: number, error: string, counts: boolean, at: number, dueAt: number): void {
  state.transaction(() => {
    const log = readRemoteLog(state, id)
    const { failures, failingSince } = log ?? NOT_FAILING
    const count = counts ? { failures: failures + 1, failingSince: failingSince ?? at, failedAt: at } : NOT_FAILING
    change(state, id, { ...count, error, dueAt })
  })
}

/** A host that cannot be reached is told of as such: what its logs failed at meanwhile does not count. */
export function forgetFailures(state: State, hostId: number): void {
  state.transaction(() => state.db.update(remoteLogs).set(NOT_FAILING).where(eq(remoteLogs.hostId, hostId)).run())
}

const NOT_FAILING = { failures: 0, failingSince: null, failedAt: null }

function change(state: State, id: number, changes: Partial<RemoteLog>): void {
  state.transaction(() => state.db.update(remoteLogs).set(changes).where(eq(remoteLogs.id, id)).run())
}

function readByTarget(state: State, { hostId, kind, target }: Pick<RemoteLog, 'hostId' | 'kind' | 'target'>) {
  const same = and(eq(remoteLogs.hostId, hostId), eq(remoteLogs.kind, kind), eq(remoteLogs.target, target))
  return state.db.select().from(remoteLogs).where(same).get()
}
