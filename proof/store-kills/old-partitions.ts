// A folder of log partitions as commit 3ed0b34 wrote them, which a later version reads, converts or lets expire.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Sqlite } from '../../src/state/sqlite.ts'

const FIXTURE = join(import.meta.dirname, '../../src/testing/fixtures/3ed0b34/data/logs')
/** The fixture's partitions that do not expire while the proof runs. */
const KEPT = /^2026-03-\d\d\.(30|90)d\./
const COPIED = '2026-03-02.90d'
const COPIES = 8
/** More than a partition of the fixture has lines. */
const POSITIONS_PER_COPY = 1_000

/** Puts the partitions there, one of them many times under other names, with other ids for its lines. */
export function writeOldPartitions(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(FIXTURE).filter(name => KEPT.test(name) && !name.endsWith('-shm')))
    copyFileSync(join(FIXTURE, file), join(folder, file))
  for (let copy = 1; copy <= COPIES; copy++) {
    const file = join(folder, `${COPIED}.${copy * 2}.db`)
    copyFileSync(join(FIXTURE, `${COPIED}.0.db`), file)
    const db = new Sqlite(file)
    const shift = copy * POSITIONS_PER_COPY
    db.prepare('update lines set position = position + ?').run(shift)
    db.prepare('update summary set last_position = last_position + ?').run(shift)
    db.close()
  }
}
