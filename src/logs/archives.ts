// The archived log partitions: which were put where, and what is still to be.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, desc, eq, sql } from '../state/orm.ts'
import { logArchives } from '../state/schema/index.ts'

export type LogArchive = typeof logArchives.$inferSelect

/** Whether a partition is archived as it is now: a later one of the same name has later lines. */
export function isArchived(state: State, partition: { name: string; lastPosition: number }): boolean {
  const same = and(
    eq(logArchives.partition, partition.name),
    sql`${logArchives.lastPosition} >= ${partition.lastPosition}`,
  )
  return state.db.select({ name: logArchives.name }).from(logArchives).where(same).get() !== undefined
}

/** Whether there is an archive of a partition, of whatever age. */
export function hasArchive(state: State, partition: string): boolean {
  const same = eq(logArchives.partition, partition)
  return state.db.select({ name: logArchives.name }).from(logArchives).where(same).get() !== undefined
}

/** The name for the next archive of a partition: its own, then with `~2` and so on. */
export function nextArchiveName(state: State, partition: string): string {
  const before = eq(logArchives.partition, partition)
  const many = state.db.select({ n: sql<number>`count(*)` }).from(logArchives).where(before).get()!.n
  return many === 0 ? partition : `${partition}~${many + 1}`
}

/** Takes down what is safe where it was put. */
export function recordArchive(state: State, archive: LogArchive): void {
  state.transaction(() => state.db.insert(logArchives).values(archive).run())
}

/** Archives whose lines are the newest first. */
export function listArchives(state: State, limit: number, offset = 0): LogArchive[] {
  return state.db
    .select()
    .from(logArchives)
    .orderBy(desc(logArchives.until), desc(logArchives.name))
    .limit(limit)
    .offset(offset)
    .all()
}

export function countArchives(state: State): { archives: number; lines: number; bytes: number } {
  const sums = {
    archives: sql<number>`count(*)`,
    lines: sql<number>`coalesce(sum(lines), 0)`,
    bytes: sql<number>`coalesce(sum(bytes), 0)`,
  }
  return state.db.select(sums).from(logArchives).get()!
}

/** Throws `not_found` when there is no archive of that name. */
export function findArchive(state: State, name: string): LogArchive {
  const bare = name.trim().replace(/\.ndjson\.zst$/, '')
  const found = state.db.select().from(logArchives).where(eq(logArchives.name, bare)).get()
  if (found) return found
  throw new Problem('not_found', `There is no archive "${name.slice(0, 60)}". "logs archives" lists them.`, {
    fields: { name: 'no such archive' },
  })
}
