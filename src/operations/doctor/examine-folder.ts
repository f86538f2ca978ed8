// Examines a data folder without changing it: files, keys, the state database and the log partitions.
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { formatBytes, MEBIBYTE } from '../../bytes.ts'
import { type Diagnosis, fails, isWell, warns } from '../../diagnosis.ts'
import { errorMessage, plural } from '../../text.ts'
import { examineKeys } from './examine-keys.ts'
import { examinePartitions } from './examine-partitions.ts'
import { examineState } from './examine-state.ts'
import type { FolderOptions } from './folder-options.ts'

const RESTORE = '"vakt restore" brings back the newest backup; keep the damaged file.'
const MIN_FREE_BYTES = 500 * MEBIBYTE
const MIN_FREE_SHARE = 0.05
/** What must be a file where it is there. */
const SMALL_FILES = ['admin.key', 'vault.key', 'vakt.lock', 'vakt.url', 'vakt.instance']

/** Examines a folder. Never throws. */
export function examineFolder(options: FolderOptions): Diagnosis[] {
  const { dataDir } = options
  if (!existsSync(dataDir))
    return [
      warns(
        'data folder',
        `${dataDir} does not exist.`,
        'Set DATA_DIR to the folder of the server, or start Vakt to make one.',
      ),
    ]
  if (!statSync(dataDir).isDirectory())
    return [fails('data folder', `${dataDir} is not a folder.`, 'Set DATA_DIR to a folder, or move that file away.')]
  const strange = SMALL_FILES.filter(name => existsSync(join(dataDir, name)) && !statSync(join(dataDir, name)).isFile())
  return [
    examineAccess(dataDir),
    examineDisk(dataDir),
    ...strange.map(name => fails('data folder', `${name} is not a file.`, `Move ${join(dataDir, name)} away.`)),
    ...guarded('state database', () => examineState(options)),
    ...(strange.some(name => name.endsWith('.key')) ? [] : guarded('keys', () => examineKeys(options))),
    ...guarded('logs', () => examinePartitions(dataDir)),
    ...examineLeftovers(dataDir),
  ]
}

/** An examination that fails itself says so, and the others go on. */
function guarded(part: string, examine: () => Diagnosis[]): Diagnosis[] {
  try {
    return examine()
  } catch (error) {
    return [fails(part, `It cannot be examined (${errorMessage(error)}).`, RESTORE)]
  }
}

function examineAccess(dataDir: string): Diagnosis {
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS')
      return fails(
        'data folder',
        `The file system of ${dataDir} is read-only.`,
        'Look for errors of the disk (dmesg), then mount it writable again.',
      )
    return fails(
      'data folder',
      `${dataDir} is not writable for this user.`,
      `Make it writable: chown -R the user of Vakt ${dataDir}.`,
    )
  }
  const mode = statSync(dataDir).mode & 0o077
  if (mode !== 0)
    return warns('data folder', `Other users may open ${dataDir}.`, `Only Vakt needs it: chmod 700 ${dataDir}.`)
  return isWell('data folder', `${dataDir} is writable, for its owner only.`)
}

function examineDisk(dataDir: string): Diagnosis {
  const { bavail, blocks, bsize, files, ffree } = statfsSync(dataDir)
  if (files > 0 && ffree === 0)
    return fails(
      'disk',
      'It can have no more files: all inodes are in use.',
      'Remove files there that nobody needs; "df -i" shows the inodes.',
    )
  const free = bavail * bsize
  const text = `${formatBytes(free)} of ${formatBytes(blocks * bsize)} are free.`
  const remedy = 'Free some space, set LOG_DISK_BUDGET, or shorten RETENTION.'
  if (free < MIN_FREE_BYTES / 10) return fails('disk', text, remedy)
  if (free < MIN_FREE_BYTES || bavail / blocks < MIN_FREE_SHARE) return warns('disk', text, remedy)
  return isWell('disk', text)
}

function examineLeftovers(dataDir: string): Diagnosis[] {
  const found: Diagnosis[] = []
  const names = readdirSync(dataDir)
  for (const name of names.filter(file => file === 'restore.tmp' || file === 'backup.tmp'))
    found.push(
      warns(
        'data folder',
        `${name} is left of a ${name === 'restore.tmp' ? 'restore' : 'backup'} that was cut short, or runs now.`,
        `When none runs, remove ${join(dataDir, name)} and start it again.`,
      ),
    )
  const before = names.filter(file => file.startsWith('before-restore-'))
  if (before.length > 0)
    found.push(
      warns(
        'data folder',
        `${plural(before.length, 'earlier state')} of before a restore is kept.`,
        `Remove ${before.map(name => join(dataDir, name)).join(' and ')} when all is well.`,
      ),
    )
  const instance = join(dataDir, 'vakt.instance')
  if (existsSync(instance) && statSync(instance).isFile() && !/^\w{5} \d+ \d+/.test(readFileSync(instance, 'utf8')))
    found.push(
      warns(
        'data folder',
        'vakt.instance is damaged.',
        'Nothing to do: the next start takes the state for a restored one and edits the cards once.',
      ),
    )
  return found
}
