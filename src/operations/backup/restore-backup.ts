// Restores a backup into a data folder on which no Vakt runs; what was there before is kept beside it.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatBytes } from '../../bytes.ts'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { Problem } from '../../problem.ts'
import { lockFolder } from '../../state/folder-lock.ts'
import { plural } from '../../text.ts'
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

const STAGING_FOLDER = 'restore.tmp'
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
  const staging = join(dataDir, STAGING_FOLDER)
  try {
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { recursive: true, mode: 0o700 })
    for (const [i, file] of manifest.files.entries()) await fetchFile(options, staging, file, i, manifest.files.length)
    const fault = databaseFault(join(staging, STATE_FILE))
    if (fault !== null)
      throw new Problem('invalid', `The state of the backup ${name} is damaged (${fault}). Restore another backup.`)
    const secrets = manifest.hasKeys ? await openSecrets(staging, passphrase) : {}
    const remarks = [...(await moveAway(dataDir, now, secrets)), ...keyRemarks(options, manifest, secrets)]
    await moveIn(staging, dataDir, manifest, secrets)
    return { manifest, remarks }
  } finally {
    await rm(staging, { recursive: true, force: true })
    release()
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

async function openSecrets(staging: string, passphrase: string | null): Promise<Secrets> {
  if (passphrase === null)
    throw new Problem(
      'invalid',
      'The backup holds its keys encrypted. Set BACKUP_PASSPHRASE to the passphrase that it was made with.',
    )
  return decryptSecrets(await readFile(join(staging, SECRETS_FILE)), passphrase)
}

function beforeName(now: number): string {
  return `before-restore-${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Moves what belongs to an earlier state into a folder of its own; keys only when the backup brings some. */
async function moveAway(dataDir: string, now: number, secrets: Secrets): Promise<string[]> {
  return moveFilesAway(dataDir, [...REPLACED, ...KEY_FILES.filter(file => file in secrets)], now)
}

/** Moves what is there of `files` into a folder `before-restore-…`; returns what people should know of it. */
export async function moveFilesAway(dataDir: string, files: readonly string[], now: number): Promise<string[]> {
  const present = new Set(await readdir(dataDir))
  const names = files.filter(file => present.has(file))
  if (names.length === 0) return []
  const before = join(dataDir, beforeName(now))
  await mkdir(before, { mode: 0o700 })
  for (const file of names) await rename(join(dataDir, file), join(before, file))
  return [
    `What was in the folder is kept in ${before} (${plural(names.length, 'entry', 'entries')}). Remove it when all is well.`,
  ]
}

/** The state comes last: without it, the folder counts as empty. */
async function moveIn(staging: string, dataDir: string, manifest: Manifest, secrets: Secrets): Promise<void> {
  for (const file of KEY_FILES)
    if (secrets[file] !== undefined) await writeFile(join(dataDir, file), secrets[file], { mode: 0o600, flush: true })
  if (secrets[ENVIRONMENT_FILE] !== undefined)
    await writeFile(join(dataDir, 'restored.env'), secrets[ENVIRONMENT_FILE], { mode: 0o600, flush: true })
  if (manifest.files.some(({ name }) => name.startsWith('logs/')))
    await rename(join(staging, 'logs'), join(dataDir, 'logs'))
  await rename(join(staging, STATE_FILE), join(dataDir, STATE_FILE))
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
