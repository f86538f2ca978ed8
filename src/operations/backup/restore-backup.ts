// Restores a backup into a data folder on which no Vakt runs; what was there before is kept beside it.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatBytes } from '../../bytes.ts'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { Problem } from '../../problem.ts'
import { isStateNewer, RESTORE_FOLDER } from '../../state/database.ts'
import { lockFolder } from '../../state/folder-lock.ts'
import { giveToOwner } from '../../state/folder-owner.ts'
import { errorMessage, plural } from '../../text.ts'
import { readManifest } from './backup-place.ts'
import { databaseFault } from './copy-database.ts'
import { sha256Of } from './create-backup.ts'
import { type BackupFile, type Manifest, SECRETS_FILE, STATE_FILE } from './manifest.ts'
import { decryptSecrets, ENVIRONMENT_FILE, KEY_FILES, type Secrets } from './secrets.ts'

export type RestoreOptions = {
  dataDir: string
  place: ArchiveStorage
  name: string
  passphrase: string | null
  /** Whether VAULT_KEY is set, so that a backup without keys is whole. */
  hasVaultKey: boolean
  /** Whether a data folder that has a state may be replaced. */
  replace: boolean
  /** Whether the caller has locked the data folder (default: it is locked here). */
  isLocked?: boolean
  now: number
  signal: AbortSignal
  onProgress(text: string): void
}

export type RestoredBackup = { manifest: Manifest; remarks: readonly string[] }

/** What belongs to a state database, with what Litestream stores beside it: it is moved away before another one comes. */
export const STATE_FILES = ['vakt.db', 'vakt.db-wal', 'vakt.db-shm', '.vakt.db-litestream', 'vakt.instance', 'vakt.url']
const REPLACED = [...STATE_FILES, 'logs']

/**
 * Restores a backup. Every file is compared with its checksum before anything in the data folder changes. Rejects with
 * `conflict` when a Vakt runs on the folder, or when it has a state and `replace` is false.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoredBackup> {
  const { dataDir, place, name, replace, passphrase, now, signal } = options
  const manifest = await readManifest(place, name, signal)
  const hasState = existsSync(join(dataDir, STATE_FILE))
  if (hasState && !replace)
    throw new Problem(
      'conflict',
      `${dataDir} has a state already. Restore into another folder with --to, or add --replace: what is there is then moved to ${join(dataDir, beforeName(now))}.`,
    )
  const release = options.isLocked ? () => {} : lockFolder(dataDir)
  const staging = join(dataDir, RESTORE_FOLDER)
  try {
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { recursive: true, mode: 0o700 })
    for (const [i, file] of manifest.files.entries()) await fetchFile(options, staging, file, i, manifest.files.length)
    const fault = databaseFault(join(staging, STATE_FILE))
    if (fault !== null)
      throw new Problem('invalid', `The state of the backup ${name} is damaged (${fault}). Restore another backup.`)
    if (isStateNewer(join(staging, STATE_FILE)))
      throw new Problem(
        'conflict',
        `The backup ${name} was made by Vakt ${manifest.version}, which is newer than this one. Restore it with that version, or restore an older backup.`,
      )
    const secrets = manifest.hasKeys ? await openSecrets(await readFile(join(staging, SECRETS_FILE)), passphrase) : {}
    const incoming = await stageSecrets(staging, secrets, manifest)
    const away = [...REPLACED, ...KEY_FILES.filter(file => file in secrets)]
    const remarks = await moveFilesAway(dataDir, away, now, { from: staging, files: incoming })
    giveToOwner(dataDir, [...incoming.map(([, to]) => to), beforeName(now)])
    return { manifest, remarks: [...remarks, ...keyRemarks(options, manifest, secrets)] }
  } finally {
    await rm(staging, { recursive: true, force: true }).finally(release)
  }
}

async function fetchFile(
  { place, name, signal, onProgress }: RestoreOptions,
  staging: string,
  file: BackupFile,
  index: number,
  count: number,
): Promise<void> {
  const to = join(staging, file.name)
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  onProgress(`${index + 1} of ${count}: ${file.name}, ${formatBytes(file.bytes)}`)
  await place.get(`${name}/${file.name}`, to, { signal, onProgress() {} })
  const { size } = await stat(to)
  if (size !== file.bytes || (await sha256Of(to)) !== file.sha256)
    throw new Problem(
      'invalid',
      `${file.name} of the backup ${name} in ${place.name} was changed since it was made. Nothing was restored; restore another backup.`,
    )
}

/** The secrets of a backup. Rejects with a `Problem` without the passphrase that encrypted them. */
export async function openSecrets(encrypted: Uint8Array, passphrase: string | null): Promise<Secrets> {
  if (passphrase === null)
    throw new Problem(
      'invalid',
      'The backup holds its keys encrypted. Set BACKUP_PASSPHRASE to the passphrase that it was made with.',
    )
  return decryptSecrets(encrypted, passphrase)
}

function beforeName(now: number): string {
  return `before-restore-${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Writes the secrets beside what was fetched. Resolves with what moves into the data folder, the state last: without it, a folder counts as empty. */
async function stageSecrets(staging: string, secrets: Secrets, manifest: Manifest): Promise<[string, string][]> {
  const incoming: [string, string][] = []
  for (const file of [...KEY_FILES, ENVIRONMENT_FILE]) {
    if (secrets[file] === undefined) continue
    await writeFile(join(staging, file), secrets[file], { mode: 0o600, flush: true })
    incoming.push([file, file === ENVIRONMENT_FILE ? 'restored.env' : file])
  }
  if (manifest.files.some(({ name }) => name.startsWith('logs/'))) incoming.push(['logs', 'logs'])
  return [...incoming, [STATE_FILE, STATE_FILE]]
}

/**
 * Moves what is there of `files` into a folder `before-restore-…`, and then what comes in their place into the data folder, in
 * its order. All of it or nothing: rejects with a `Problem` when something cannot be moved. Resolves with what people should
 * know of it.
 */
export async function moveFilesAway(
  dataDir: string,
  files: readonly string[],
  now: number,
  incoming: { from: string; files: readonly (readonly [string, string])[] },
): Promise<string[]> {
  const present = new Set(await readdir(dataDir))
  const names = files.filter(file => present.has(file))
  const before = join(dataDir, beforeName(now))
  try {
    if (names.length > 0) await mkdir(before, { recursive: true, mode: 0o700 })
    await renameAll([
      ...names.map(file => [join(dataDir, file), join(before, file)] as const),
      ...incoming.files.map(([from, to]) => [join(incoming.from, from), join(dataDir, to)] as const),
    ])
  } catch (error) {
    await rmdir(before).catch(() => {})
    throw error
  }
  if (names.length === 0) return []
  return [
    `What was in the folder is kept in ${before} (${plural(names.length, 'entry', 'entries')}). Remove it when all is well.`,
  ]
}

/** Renames each of them; when one fails, renames back those before it. */
async function renameAll(moves: readonly (readonly [string, string])[]): Promise<void> {
  const done: (readonly [string, string])[] = []
  for (const [from, to] of moves) {
    try {
      await rename(from, to)
    } catch (error) {
      for (const [earlierFrom, earlierTo] of done.toReversed()) await rename(earlierTo, earlierFrom)
      throw new Problem(
        'internal',
        `${from} cannot be moved to ${to} (${errorMessage(error)}). Nothing was restored. A disk mounted there must be emptied by hand, or restore into another folder.`,
        { cause: error },
      )
    }
    done.push([from, to])
  }
}

function keyRemarks({ dataDir, hasVaultKey }: RestoreOptions, manifest: Manifest, secrets: Secrets): string[] {
  const remarks: string[] = []
  if (secrets[ENVIRONMENT_FILE] !== undefined)
    remarks.push(`The settings of the old server are in ${join(dataDir, 'restored.env')}. Compare them with your .env.`)
  if (!manifest.hasKeys && !hasVaultKey && !existsSync(join(dataDir, 'vault.key')))
    remarks.push(
      `The backup holds no keys. Put vault.key and admin.key of the old server into ${dataDir}, or set VAULT_KEY, before you start Vakt: otherwise it makes new ones, and stored secrets cannot be read again.`,
    )
  return remarks
}
