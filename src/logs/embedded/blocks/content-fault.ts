// Examines what a partition holds beyond what SQLite knows of it: that nothing is missing, and that every piece can be read.

import { Sqlite } from '../../../state/sqlite.ts'
import { errorMessage, plural } from '../../../text.ts'
import { decompress } from './compression.ts'
import { PIECES_PER_BLOCK, SCHEMA } from './schema.ts'

/**
 * Why the content of a partition of the newest layout is damaged; null when it is whole. It reads and decompresses all of it,
 * because a changed byte within a piece is only noticed by the checksum of the piece. Throws what SQLite throws.
 */
export function contentFault(partition: Sqlite): string | null {
  const names = partition.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all()
  const missing = tablesOfLayout().filter(name => !names.includes(name))
  if (missing.length > 0) return `it has no ${missing.join(', ')}`
  const empty = partition
    .prepare<[number, number], number>(
      `select count(*) from blocks where not exists
        (select 1 from pieces where pieces.id >= blocks.id * ? and pieces.id < (blocks.id + 1) * ?)`,
    )
    .pluck()
    .get(PIECES_PER_BLOCK, PIECES_PER_BLOCK)!
  if (empty > 0) return `there is no content of ${plural(empty, 'block')}`
  let damaged = 0
  let reason = ''
  for (const data of partition.prepare<[], Buffer>('select data from pieces').pluck().iterate()) {
    try {
      decompress(data)
    } catch (error) {
      damaged++
      reason = errorMessage(error)
    }
  }
  return damaged === 0 ? null : `${plural(damaged, 'piece')} of its blocks cannot be read: ${reason}`
}

let tables: string[] | null = null

function tablesOfLayout(): string[] {
  if (tables !== null) return tables
  const pristine = new Sqlite(':memory:')
  pristine.exec(SCHEMA)
  tables = pristine.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all()
  pristine.close()
  return tables
}
