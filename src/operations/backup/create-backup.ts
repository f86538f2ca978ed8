// Makes a backup of a data folder, also of one that a running Vakt writes, and reads it back before it counts.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { isCorruptionError } from '../../logs/embedded/partitions/quarantine.ts'
import { Problem } from '../../problem.ts'
import { lockForBackup } from '../../state/folder-lock.ts'
import { errorMessage } from '../../text.ts'
import { isoTime } from '../../time.ts'
import { listBackups, readManifest, removeBackup, writeSmallFile } from './backup-place.ts'
import { copyDatabase, databaseFault } from './copy-database.ts'
import {
  type BackupFile,
  backupName,
  MANIFEST_FILE,
  type Manifest,
  SECRETS_FILE,
  STATE_FILE,
  surplusBackups,
} from './manifest.ts'
import { ENVIRONMENT_FILE, encryptSecrets, KEY_FILES, type Secrets } from './secrets.ts'

export type BackupOptions = {
  dataDir: string
  place: ArchiveStorage
  version: string
  now: number
  /** Encrypts the keys; without it they are left out. */
  passphrase: string | null
  /** The folder whose `.env` goes with the keys. */
  workingFolder: string
  signal: AbortSignal
  /** Called with sentences about what is done. */
  onProgress(text: string): void
  scryptWorkFactor?: number
}

/** A backup that was made: its name, its manifest, and what is left out of it, as sentences. */
export type MadeBackup = { name: string; manifest: Manifest; bytes: number; remarks: readonly string[] }

/** The folder inside the data folder in which one file at a time is copied. */
const STAGING_FOLDER = 'backup.tmp'

/**
 * Makes a backup: the state first, then every log partition, so that each line that the state knows is in it. Each file is
 * read back from its place and compared. Rejects with a `Problem`, `conflict` while another backup of the folder is made;
 * what was written until then counts as unfinished.
 */
export async function createBackup(options: BackupOptions): Promise<MadeBackup> {
  const { dataDir, place, now, signal, onProgress } = options
  if (!existsSync(join(dataDir, STATE_FILE)))
    throw new Problem('not_found', `There is no ${STATE_FILE} in ${dataDir}. Set DATA_DIR to the folder of the server.`)
  const name = backupName(now)
  const release = lockForBackup(dataDir)
  const staging = join(dataDir, STAGING_FOLDER)
  try {
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { recursive: true, mode: 0o700 })
    const files: BackupFile[] = []
    const remarks: string[] = []
    const sources = [STATE_FILE, ...logFiles(dataDir)]
    for (const [i, source] of sources.entries()) {
      signal.throwIfAborted()
      const label = `${i + 1} of ${sources.length}: ${source}`
      const copied = await copyFile(options, name, source, share => onProgress(`${label} ${Math.floor(share * 100)} %`))
      if (copied === null) remarks.push(`${source} was removed by its retention meanwhile.`)
      else if (typeof copied === 'string') remarks.push(copied)
      else files.push(copied)
    }
    const hasKeys = await storeKeys(options, name, files, remarks)
    const manifest: Manifest = { format: 1, version: options.version, createdAt: isoTime(now), files, hasKeys }
    await writeSmallFile(place, `${name}/${MANIFEST_FILE}`, `${JSON.stringify(manifest, null, 2)}\n`, signal)
    const stored = await readManifest(place, name, signal)
    if (JSON.stringify(stored) !== JSON.stringify(manifest)) throw changedProblem(place, MANIFEST_FILE)
    return { name, manifest, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), remarks }
  } finally {
    await rm(staging, { recursive: true, force: true }).finally(release)
  }
}

/** Removes the backups beyond the newest `keep`; resolves with their names. */
export async function removeSurplus(
  place: ArchiveStorage,
  keep: number,
  now: number,
  signal: AbortSignal,
): Promise<string[]> {
  const surplus = surplusBackups(await listBackups(place, signal), keep, now)
  for (const name of surplus) await removeBackup(place, name, signal)
  return surplus
}

/** The files of log partitions. Damaged ones, which Vakt has set aside under another name, are not among them. */
function logFiles(dataDir: string): string[] {
  const folder = join(dataDir, 'logs')
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter(file => file.endsWith('.db'))
  return names.sort().map(file => `logs/${file}`)
}

/** The stored file; null when it was removed meanwhile, or a sentence when a log partition is damaged and left out. */
async function copyFile(
  { dataDir, place, signal }: BackupOptions,
  name: string,
  source: string,
  onProgress: (share: number) => void,
): Promise<BackupFile | string | null> {
  const from = join(dataDir, source)
  const copy = join(dataDir, STAGING_FOLDER, 'copy.db')
  try {
    await rm(copy, { force: true })
    try {
      await copyDatabase(from, copy, share => onProgress(share / 2))
    } catch (error) {
      if (source !== STATE_FILE && !existsSync(from)) return null
      if (source !== STATE_FILE && isCorruptionError(error)) return damagedText(source, errorMessage(error))
      throw copyProblem(source, error)
    }
    const fault = databaseFault(copy)
    if (fault !== null && source === STATE_FILE)
      throw new Problem(
        'internal',
        `The state database is damaged (${fault}), so no backup was made. Keep the earlier backups, and restore one.`,
      )
    if (fault !== null) return damagedText(source, fault)
    const stored = await storeFile(place, copy, `${name}/${source}`, signal, share => onProgress(0.5 + share / 2))
    return { name: source, ...stored }
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(copy + suffix, { force: true })
  }
}

function damagedText(source: string, fault: string): string {
  return `${source} is damaged (${fault}) and is not in the backup. "logs restore" brings its lines back from an archive.`
}

/** Stores a file and reads it back. */
async function storeFile(
  place: ArchiveStorage,
  file: string,
  key: string,
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<{ bytes: number; sha256: string }> {
  const { size } = await stat(file)
  const sha256 = await sha256Of(file)
  const share = (done: number) => (size === 0 ? 1 : done / size)
  await place.put(file, key, { signal, onProgress: done => onProgress(share(done) / 2) })
  const again = `${file}.again`
  try {
    await place.get(key, again, { signal, onProgress: done => onProgress(0.5 + share(done) / 2) })
    if ((await sha256Of(again)) !== sha256) throw changedProblem(place, key)
  } finally {
    await rm(again, { force: true })
  }
  return { bytes: size, sha256 }
}

async function storeKeys(
  { dataDir, place, passphrase, workingFolder, signal, scryptWorkFactor }: BackupOptions,
  name: string,
  files: BackupFile[],
  remarks: string[],
): Promise<boolean> {
  const secrets = readSecrets(dataDir, workingFolder)
  if (passphrase === null) {
    remarks.push(
      'The keys (admin.key, vault.key) and .env are not in the backup, because BACKUP_PASSPHRASE is not set. Keep them elsewhere: without vault.key, stored secrets cannot be read again.',
    )
    return false
  }
  const encrypted = await encryptSecrets(secrets, passphrase, scryptWorkFactor)
  await writeSmallFile(place, `${name}/${SECRETS_FILE}`, encrypted, signal)
  const sha256 = createHash('sha256').update(encrypted).digest('hex')
  files.push({ name: SECRETS_FILE, bytes: encrypted.length, sha256 })
  return true
}

function readSecrets(dataDir: string, workingFolder: string): Secrets {
  const found: { [name: string]: string } = {}
  for (const file of KEY_FILES) {
    const path = join(dataDir, file)
    if (existsSync(path)) found[file] = readFileSync(path, 'utf8')
  }
  const environment = join(workingFolder, ENVIRONMENT_FILE)
  if (existsSync(environment)) found[ENVIRONMENT_FILE] = readFileSync(environment, 'utf8')
  return found
}

/** The SHA-256 of a file in hex. */
export async function sha256Of(file: string): Promise<string> {
  const sum = createHash('sha256')
  await pipeline(createReadStream(file), sum)
  return sum.digest('hex')
}

function changedProblem(place: ArchiveStorage, key: string): Problem {
  return new Problem(
    'busy',
    `${place.name} gave back other bytes for ${key} than were stored there. Check that disk or server, and make the backup again.`,
  )
}

function copyProblem(source: string, error: unknown): Problem {
  const code = String((error as { code?: unknown }).code ?? '')
  if (code === 'SQLITE_FULL' || code === 'ENOSPC')
    return new Problem(
      'busy',
      `There is no room for a copy of ${source} in the data folder. Free as much space as the file takes, and try again.`,
      { cause: error },
    )
  return new Problem('internal', `${source} cannot be copied (${errorMessage(error)}). "vakt doctor" shows more.`, {
    cause: error,
  })
}
