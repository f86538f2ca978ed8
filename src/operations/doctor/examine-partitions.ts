// Examines the files of the log store: damaged ones, those of another version, and what does not belong there.
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { formatBytes } from '../../bytes.ts'
import { type Diagnosis, fails, isWell, warns } from '../../diagnosis.ts'
import { contentFault } from '../../logs/embedded/blocks/content-fault.ts'
import { hasBlocks, LAYOUT_VERSION } from '../../logs/embedded/blocks/schema.ts'
import { OLDEST_LAYOUT_VERSION } from '../../logs/embedded/indexed/rows.ts'
import { readSummary } from '../../logs/embedded/partitions/partition-file.ts'
import { parsePartition } from '../../logs/embedded/partitions/partition-name.ts'
import { quarantinedPartition } from '../../logs/embedded/partitions/quarantine.ts'
import { SHIPPED_FILE } from '../../logs/engine/shipped-file.ts'
import { Sqlite } from '../../state/sqlite.ts'
import { plural } from '../../text.ts'
import { fileFault } from './file-fault.ts'

const PART = 'logs'
const REMEDY =
  'Vakt sets it aside and serves all others. "logs restore" brings its lines back from an archive, "vakt restore" from a backup.'

/** Examines the log store of a data folder. */
export function examinePartitions(dataDir: string): Diagnosis[] {
  const folder = join(dataDir, 'logs')
  if (!existsSync(folder) && lstatSync(folder, { throwIfNoEntry: false }))
    return [
      fails(
        PART,
        `${folder} leads nowhere, so no log line can be stored.`,
        'Mount the disk that it leads to, or correct the link.',
      ),
    ]
  if (!existsSync(folder)) return [isWell(PART, 'There are no log lines yet.')]
  if (!statSync(folder).isDirectory())
    return [fails(PART, 'logs is not a folder.', `Move ${folder} away; Vakt makes the folder again.`)]
  // One file says how far the lines have moved to a log engine.
  const files = readdirSync(folder)
    .filter(file => !file.startsWith(SHIPPED_FILE))
    .sort()
  const found: Diagnosis[] = []
  let lines = 0
  let bytes = 0
  for (const file of files) {
    const path = join(folder, file)
    const damaged = quarantinedPartition(file)
    if (damaged !== null) {
      found.push(
        fails(
          PART,
          `The partition ${damaged} is damaged and was set aside as ${file}.`,
          `"logs restore" brings its lines back from an archive. Remove ${path} when you need it no more.`,
        ),
      )
      continue
    }
    if (/-(?:wal|shm)$/.test(file)) {
      if (!existsSync(path.replace(/-(?:wal|shm)$/, '')) && file.endsWith('-wal'))
        found.push(fails(PART, `${file} is there without its partition: lines are missing.`, REMEDY))
      continue
    }
    if (!file.endsWith('.db') || parsePartition(file.slice(0, -3)) === null) {
      found.push(warns(PART, `${file} is no partition.`, `Move it out of ${folder}.`))
      continue
    }
    const result = examinePartition(path, file)
    if (typeof result === 'number') lines += result
    else found.push(result)
    bytes += statSync(path).size
  }
  if (found.some(({ state }) => state === 'failed')) return found
  return [
    ...found,
    isWell(
      PART,
      `${plural(lines, 'line')} in ${plural(files.filter(file => file.endsWith('.db')).length, 'partition')}, ${formatBytes(bytes)}, all whole.`,
    ),
  ]
}

/** How many lines a whole partition has, or what is wrong with it. */
function examinePartition(path: string, file: string): number | Diagnosis {
  let database: Sqlite | null = null
  try {
    database = new Sqlite(path, { readonly: true, fileMustExist: true })
    const layout = Number(database.pragma('user_version', { simple: true }))
    if (layout > LAYOUT_VERSION)
      return fails(
        PART,
        `A newer Vakt wrote the partition ${file}.`,
        'Start that version, or restore a backup of before the update.',
      )
    if (layout < OLDEST_LAYOUT_VERSION)
      return fails(PART, `The partition ${file} has no layout that Vakt reads (${layout}).`, REMEDY)
    const damage = database.pragma('quick_check(1)', { simple: true }) as string
    if (damage !== 'ok') return fails(PART, `The partition ${file} is damaged (${damage}).`, REMEDY)
    const fault = hasBlocks(layout) ? contentFault(database) : null
    if (fault !== null) return fails(PART, `The partition ${file} is damaged (${fault}).`, REMEDY)
    return readSummary(database).lines
  } catch (error) {
    return fileFault(PART, `The partition ${file}`, error, REMEDY)
  } finally {
    database?.close()
  }
}
