// Examines the state database: whether it is whole, which Vakt wrote it, when that was alive, and how its backups are.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { formatBytes } from '../../bytes.ts'
import { type Diagnosis, fails, isWell, warns } from '../../diagnosis.ts'
import { knownSchemaNames, MIGRATIONS, schemaNames } from '../../state/database.ts'
import { Sqlite } from '../../state/sqlite.ts'
import { aboutDuration, DAY, isoTime, MINUTE } from '../../time.ts'
import type { BackupRecord } from '../backup/backup-record.ts'
import { fileFault } from './file-fault.ts'
import type { FolderOptions } from './folder-options.ts'

const PART = 'state database'
const RESTORE =
  'Stop Vakt and restore the newest backup ("vakt restore"); keep the damaged file: "sqlite3 vakt.db .recover" may save most of it.'
/** Named in a sentence. */
const MAX_NAMED = 5

/** Examines the state. */
export function examineState({ dataDir, now }: FolderOptions): Diagnosis[] {
  const file = join(dataDir, 'vakt.db')
  if (!existsSync(file)) {
    const isOrphan = existsSync(`${file}-wal`) || existsSync(join(dataDir, 'logs'))
    return [
      isOrphan
        ? fails(
            PART,
            'vakt.db is missing, but the folder was in use.',
            `Restore the newest backup ("vakt restore"). A start now would begin with an empty state.`,
          )
        : warns(PART, 'There is no state yet.', 'Start Vakt, or set DATA_DIR to the folder of the server.'),
    ]
  }
  if (!statSync(file).isFile())
    return [fails(PART, 'vakt.db is not a file.', 'Move it away and restore the newest backup ("vakt restore").')]
  if (statSync(file).size === 0) return [fails(PART, 'vakt.db is empty.', RESTORE)]
  let database: Sqlite
  try {
    database = new Sqlite(file, { readonly: true, fileMustExist: true })
  } catch (error) {
    return [fileFault(PART, 'vakt.db', error, RESTORE)]
  }
  try {
    return examineOpen(database, file, now)
  } catch (error) {
    return [fileFault(PART, 'vakt.db', error, RESTORE)]
  } finally {
    database.close()
  }
}

function examineOpen(database: Sqlite, file: string, now: number): Diagnosis[] {
  const damage = database.pragma('quick_check(1)', { simple: true }) as string
  if (damage !== 'ok') return [fails(PART, `vakt.db is damaged (${damage}).`, RESTORE)]
  const isVakt = database.prepare("select 1 from sqlite_master where name = '__drizzle_migrations'").get()
  if (!isVakt) return [fails(PART, 'vakt.db is a database, but not one of Vakt.', RESTORE)]
  const { newest } = database.prepare('select max(created_at) as newest from __drizzle_migrations').get() as {
    newest: number | null
  }
  const { entries } = JSON.parse(readFileSync(join(MIGRATIONS, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  const known = Math.max(...entries.map(({ when }) => when))
  if (Number(newest) > known)
    return [
      fails(PART, 'A newer Vakt wrote this state.', 'Start that version, or restore a backup of before the update.'),
    ]
  const missing = Number(newest) === known ? missingNames(database) : []
  if (missing.length > 0)
    return [fails(PART, `vakt.db is damaged: it has no ${missing.slice(0, MAX_NAMED).join(', ')}.`, RESTORE)]
  const size = formatBytes(statSync(file).size)
  const text =
    Number(newest) < known
      ? `It is whole (${size}), of an earlier version; the next start updates it.`
      : `It is whole (${size}).`
  return [isWell(PART, text), ...examineAlive(database, now), examineBackups(database, now)]
}

/** Tables and indexes that a state of this version has and this one lacks. */
function missingNames(database: Sqlite): string[] {
  const names = new Set(schemaNames(database))
  return knownSchemaNames().filter(name => !names.has(name))
}

/** A state that was alive in the future belongs to a clock that went back. */
function examineAlive(database: Sqlite, now: number): Diagnosis[] {
  const alive = storedValue(database, 'alive')
  const at = alive === null ? Number.NaN : Number(/^\d+$/.test(alive) ? alive : Date.parse(alive))
  if (!(at > now + MINUTE)) return []
  return [
    fails(
      'clock',
      `Vakt was last alive at ${isoTime(at)}, which is ${aboutDuration(at - now)} ahead of the clock of this machine.`,
      'Set the clock right (timedatectl set-ntp true) before Vakt starts.',
    ),
  ]
}

function examineBackups(database: Sqlite, now: number): Diagnosis {
  const text = storedValue(database, 'backup')
  if (text === null)
    return warns(
      'backups',
      'No backup is scheduled.',
      'Set BACKUP_TO to a folder on another disk or to a bucket, and BACKUP_PASSPHRASE.',
    )
  const record = parseRecord(text)
  if (record === null)
    return warns(
      'backups',
      'What is stored of the last backup cannot be read.',
      'Run "vakt backup", and keep its result.',
    )
  const { place, lastAt, failingSince, error, nextAt } = record
  const last = lastAt === null ? 'there is none yet' : `the last one is ${aboutDuration(now - lastAt)} old`
  if (failingSince !== null)
    return fails(
      'backups',
      `Backups to ${place} fail since ${isoTime(failingSince)}; ${last}. ${error ?? ''}`.trim(),
      'Mend that; "vakt backup" tries again at once.',
    )
  if (now > nextAt + DAY)
    return warns(
      'backups',
      `The next backup to ${place} was due ${aboutDuration(now - nextAt)} ago; ${last}.`,
      'Start Vakt with BACKUP_TO, or run "vakt backup".',
    )
  return isWell('backups', `Backups go to ${place}; ${last}.`)
}

function parseRecord(text: string): BackupRecord | null {
  try {
    return JSON.parse(text) as BackupRecord
  } catch {
    return null
  }
}

function storedValue(database: Sqlite, name: string): string | null {
  const row = database.prepare<[string], { value: string }>('select value from key_values where name = ?').get(name)
  return row?.value ?? null
}
