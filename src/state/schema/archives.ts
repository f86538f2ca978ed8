// The table of archived log partitions: where each is stored, so that it is archived once and can be restored.
import { index, integer, sqliteTable, text } from '../orm.ts'

export const logArchives = sqliteTable(
  'log_archives',
  {
    /** The name for people, such as `2026-11-21.3d.0`: the partition's name, with `~2` and so on for later archives of it. */
    name: text().primaryKey(),
    partition: text().notNull(),
    /** The folder or bucket of ARCHIVE_TO at that time, and the name of the file there. */
    place: text().notNull(),
    key: text().notNull(),
    lines: integer().notNull(),
    bytes: integer().notNull(),
    /** SHA-256 of the compressed file, hex. */
    sha256: text().notNull(),
    /** The timestamps of its first and last line. */
    from: integer().notNull(),
    until: integer().notNull(),
    /** The position of its last line: a later partition of the same name has a higher one. */
    lastPosition: integer('last_position').notNull(),
    archivedAt: integer('archived_at').notNull(),
  },
  table => [index('log_archives_partition').on(table.partition), index('log_archives_until').on(table.until)],
)
