// The archived log partitions: which are stored where.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, desc, eq, sql } from '../state/orm.ts'
import { logArchives } from '../state/schema/index.ts'

export type LogArchive = typeof logArchives.$inferSelect

/** Whether a partition is archived with all its lines; a later partition of the same name has later lines. */
export function isArchived(state: State, partition: { name: string; lastPosition: number }): boolean {
  const covers = and(
    eq(logArchives.partition, partition.name),
    sql`${logArchives.lastPosition} >= ${partition.lastPosition}`,
  )
  return state.db.select({ name: logArchives.name }).from(logArchives).where(covers).get() !== undefined
}

/** Whether there is any archive of a partition. */
export function hasArchive(state: State, partition: string): boolean {
  const ofPartition = eq(logArchives.partition, partition)
  return state.db.select({ name: logArchives.name }).from(logArchives).where(ofPartition).get() !== undefined
}

/** The name for the next archive of a partition: the partition's own, then with `~2` and so on. */
export function nextArchiveName(state: State, partition: string): string {
  const ofPartition = eq(logArchives.partition, partition)
  const { count } = state.db.select({ count: sql<number>`count(*)` }).from(logArchives).where(ofPartition).get()!
  return count === 0 ? partition : `${partition}~${count + 1}`
}

/** Records an archive that is stored safely. */
export function recordArchive(state: State, archive: LogArchive): void {
  state.transaction(() => state.db.insert(logArchives).values(archive).run())
}

/** Archives, those with the newest lines first. */
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

/** The archive of a name, with or without `.ndjson.zst`. Throws `not_found`. */
export function findArchive(state: State, name: string): LogArchive {
  const bare = name.trim().replace(/\.ndjson\.zst$/, '')
  const found = state.db.select().from(logArchives).where(eq(logArchives.name, bare)).get()
  if (found) return found
  throw new Problem('not_found', `There is no archive "${name.slice(0, 60)}". "logs archives" shows all archives.`, {
    fields: { name: 'no such archive' },
  })
}
