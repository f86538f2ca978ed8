// The table of remote logs: log files and journals read on hosts, with their schedule, position and last error.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, lte } from '../../state/orm.ts'
import { type LogPending, type LogPosition, remoteLogs } from '../../state/schema/index.ts'
import type { RemoteLog } from './remote-log.ts'

export type NewRemoteLog = Pick<RemoteLog, 'hostId' | 'kind' | 'target' | 'source' | 'projectId' | 'every' | 'dueAt'> &
  Pick<RemoteLog, 'addedAt' | 'addedBy'>

/** Adds a remote log. Throws `conflict` when the host has it already. */
export function addRemoteLog(state: State, draft: NewRemoteLog): RemoteLog {
  return state.transaction(() => {
    if (findByTarget(state, draft))
      throw new Problem('conflict', `${draft.target} of this host is read already. "hosts logs list" shows it.`)
    return state.db.insert(remoteLogs).values(draft).returning().get()
  })
}

/**
 * Changes the schedule, source or project. Throws `conflict` for another project while a batch is being stored: it would be
 * stored a second time there.
 */
export function editRemoteLog(
  state: State,
  id: number,
  changes: Partial<Pick<RemoteLog, 'every' | 'dueAt' | 'projectId' | 'source'>>,
): RemoteLog {
  return state.transaction(() => {
    const log = readRemoteLog(state, id)!
    if (log.pending !== null && changes.projectId !== undefined)
      throw new Problem('conflict', `Lines of ${log.target} are being stored. Try again in a moment.`)
    return state.db.update(remoteLogs).set(changes).where(eq(remoteLogs.id, id)).returning().get()
  })
}

/** Removes a remote log; its stored lines stay. */
export function removeRemoteLog(state: State, id: number): void {
  state.transaction(() => state.db.delete(remoteLogs).where(eq(remoteLogs.id, id)).run())
}

/** The remote logs of a host, or of all hosts. */
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

/** The remote logs that are due at `now`, the longest overdue first. */
export function listDueRemoteLogs(state: State, now: number): RemoteLog[] {
  return state.db.select().from(remoteLogs).where(lte(remoteLogs.dueAt, now)).orderBy(asc(remoteLogs.dueAt)).all()
}

/** When the next remote log is due, leaving out some by id; null without one. */
export function readNextDueAt(state: State, except: readonly number[]): number | null {
  const due = state.db
    .select({ id: remoteLogs.id, at: remoteLogs.dueAt })
    .from(remoteLogs)
    .orderBy(asc(remoteLogs.dueAt))
    .limit(except.length + 1)
    .all()
  return due.find(({ id }) => !except.includes(id))?.at ?? null
}

/** Records a batch before it is stored, so that a crash cannot store it twice. */
export function recordPendingBatch(state: State, id: number, pending: LogPending): void {
  updateRemoteLog(state, id, { pending, batches: pending.batch })
}

/** Records that all lines up to a position are stored, and when lines before it were found to be lost. */
export function recordPosition(
  state: State,
  log: RemoteLog,
  position: LogPosition | null,
  lines: number,
  lostAt: number | null,
): void {
  const moved = position === null ? {} : { position }
  updateRemoteLog(state, log.id, { ...moved, pending: null, lines: log.lines + lines, lostAt: lostAt ?? log.lostAt })
}

/** Records a finished fetch, and when the next is due. */
export function recordFetched(state: State, id: number, fetchedAt: number, dueAt: number): void {
  updateRemoteLog(state, id, { ...NOT_FAILING, error: null, fetchedAt, dueAt })
}

/** Records that a fetch had nothing to fetch from, and when the next is due. */
export function recordSkipped(state: State, id: number, dueAt: number): void {
  updateRemoteLog(state, id, { ...NOT_FAILING, dueAt })
}

/** Keeps every remote log due in as long as it was, after the clock went back by `ms`. */
export function rewindRemoteLogs(state: State, ms: number): void {
  state.transaction(() => state.prepare('update remote_logs set due_at = due_at - ?').run(ms))
}

/** Records why a fetch failed. A failure that does not count (Vakt was offline) resets the number of failures. */
export function recordFailed(
  state: State,
  id: number,
  error: string,
  isCounted: boolean,
  at: number,
  dueAt: number,
): void {
  state.transaction(() => {
    const log = readRemoteLog(state, id)
    const { failures, failingSince } = log ?? NOT_FAILING
    const count = isCounted ? { failures: failures + 1, failingSince: failingSince ?? at, failedAt: at } : NOT_FAILING
    updateRemoteLog(state, id, { ...count, error, dueAt })
  })
}

/** Resets the failures of the logs of an unreachable host: its own alert covers them. */
export function resetFailures(state: State, hostId: number): void {
  state.transaction(() => state.db.update(remoteLogs).set(NOT_FAILING).where(eq(remoteLogs.hostId, hostId)).run())
}

const NOT_FAILING = { failures: 0, failingSince: null, failedAt: null }

function updateRemoteLog(state: State, id: number, changes: Partial<RemoteLog>): void {
  state.transaction(() => state.db.update(remoteLogs).set(changes).where(eq(remoteLogs.id, id)).run())
}

function findByTarget(state: State, { hostId, kind, target }: Pick<RemoteLog, 'hostId' | 'kind' | 'target'>) {
  const same = and(eq(remoteLogs.hostId, hostId), eq(remoteLogs.kind, kind), eq(remoteLogs.target, target))
  return state.db.select().from(remoteLogs).where(same).get()
}
