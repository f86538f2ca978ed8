// The table of archived log partitions: what was put where, so that each is archived once and can be brought back.
import { index, integer, sqliteTable, text } from '../orm.ts'

export const logArchives = sqliteTable(
  'log_archives',
  {
    /** What people call it, such as `2026-11-21.3d.0`: the partition's name, with `~2` and so on when that came again. */
    name: text().primaryKey(),
    partition: text().notNull(),
    /** The folder or bucket that has it, as ARCHIVE_TO said then, and under what name there. */
    place: text().notNull(),
    key: text().notNull(),
    lines: integer().notNull(),
    bytes: integer().notNull(),
    /** Of the compressed file, hex. */
    sha256: text().notNull(),
    /** The timestamps of its first and last line. */
    from: integer().notNull(),
    until: integer().notNull(),
    /** Tells the partition from a later one of the same name. */
    lastPosition: integer('last_position').notNull(),
    archivedAt: integer('archived_at').notNull(),
  },
  table => [index('log_archives_partition').on(table.partition), index('log_archives_until').on(table.until)],
)
