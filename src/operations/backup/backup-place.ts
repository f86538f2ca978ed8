// The place of backups, a folder or a bucket: which backups it has, and the files of each.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArchiveTarget, readBucketTarget } from '../../config/log-settings.ts'
import type { Environment } from '../../config/setting.ts'
import { openArchiveStorage } from '../../logs/archive/open-storage.ts'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { isBackupName, MANIFEST_FILE, type Manifest, parseManifest } from './manifest.ts'

export type FoundBackup = { name: string; isWhole: boolean }

/** Opens the place that a text names: a folder or `s3://bucket/prefix`, with the keys of `environment`. */
export function openPlace(text: string, environment: Environment): ArchiveStorage {
  return openArchiveStorage(readPlace(text, environment))
}

/** Where a text points; throws `invalid` when a bucket is named wrongly or its keys are missing. */
export function readPlace(text: string, environment: Environment): ArchiveTarget {
  return readBucketTarget(text, environment)
}

/** The backups of a place, newest first. */
export async function listBackups(place: ArchiveStorage, signal: AbortSignal): Promise<FoundBackup[]> {
  const keys = await place.list('vakt-', signal)
  const found = new Map<string, FoundBackup>()
  for (const key of keys) {
    const [name = '', ...rest] = key.split('/')
    if (!isBackupName(name)) continue
    const backup = found.get(name) ?? { name, isWhole: false }
    if (rest.join('/') === MANIFEST_FILE) backup.isWhole = true
    found.set(name, backup)
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? 1 : -1))
}

/** Removes a backup: its manifest first, so that what is left of it counts as unfinished. */
export async function removeBackup(place: ArchiveStorage, name: string, signal: AbortSignal): Promise<void> {
  const keys = await place.list(`${name}/`, signal)
  const manifestFirst = keys.toSorted(
    (a, b) => Number(b.endsWith(MANIFEST_FILE)) - Number(a.endsWith(MANIFEST_FILE)) || (a < b ? -1 : 1),
  )
  for (const key of manifestFirst) await place.remove(key, signal)
}

/** The manifest of a backup. Rejects with `not_found` when the backup is unfinished or there is none. */
export async function readManifest(place: ArchiveStorage, name: string, signal: AbortSignal): Promise<Manifest> {
  const where = `${place.name}/${name}`
  const text = await readSmallFile(place, `${name}/${MANIFEST_FILE}`, signal).catch(error => {
    if (!(error instanceof Problem) || error.code !== 'not_found') throw error
    throw new Problem(
      'not_found',
      `${where} is no finished backup: it has no ${MANIFEST_FILE}. "vakt restore ${place.name} --list" shows the finished ones.`,
    )
  })
  return parseManifest(text.toString('utf8'), where)
}

/** The content of a small file of a place. */
export async function readSmallFile(place: ArchiveStorage, key: string, signal: AbortSignal): Promise<Buffer> {
  return inTemporaryFolder(async folder => {
    const file = join(folder, 'file')
    await place.get(key, file, { signal, onProgress() {} })
    return readFile(file)
  })
}

/** Stores a small file in a place. */
export async function writeSmallFile(
  place: ArchiveStorage,
  key: string,
  content: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  await inTemporaryFolder(async folder => {
    const file = join(folder, 'file')
    await writeFile(file, content, { mode: 0o600 })
    await place.put(file, key, { signal, onProgress() {} })
  })
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  let folder: string | null = null
  try {
    folder = await mkdtemp(join(tmpdir(), 'vakt-backup-'))
    return await work(folder)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(
      'busy',
      `The folder for temporary files, ${tmpdir()}, cannot be used (${errorMessage(error)}). Free some space there, or set TMPDIR to another folder.`,
      { cause: error },
    )
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true })
  }
}
