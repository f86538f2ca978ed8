// What a backup holds: the list of its files with their checksums, which is written last, so that an unfinished backup has none.
import { Problem } from '../../problem.ts'

/** A file of a backup; `sha256` in hex. */
export type BackupFile = { name: string; bytes: number; sha256: string }

/** `createdAt` (RFC 3339) is when the copy began: everything acknowledged before is in it. */
export type Manifest = {
  format: 1
  version: string
  createdAt: string
  files: readonly BackupFile[]
  /** Whether `secrets.age` holds the keys of the data folder. */
  hasKeys: boolean
}

export const MANIFEST_FILE = 'backup.json'
export const SECRETS_FILE = 'secrets.age'
export const STATE_FILE = 'vakt.db'
const FILE_NAME = /^(?:vakt\.db|secrets\.age|logs\/[\w-][\w.-]{0,200})$/
const BACKUP_NAME = /^vakt-\d{8}T\d{6}Z$/

/** The name of a backup that begins at `now`, such as `vakt-20261129T221900Z`; names sort like their times. */
export function backupName(now: number): string {
  return `vakt-${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Whether a name is one that `backupName` gives. */
export function isBackupName(name: string): boolean {
  return BACKUP_NAME.test(name)
}

/** When a backup began, by its name, epoch ms. */
export function backupTime(name: string): number {
  const [, y, mo, d, h, mi, s] = /^vakt-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(name)!
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
}

/** Reads a manifest. Throws `invalid` when it is none, or names a file that no backup has. */
export function parseManifest(text: string, where: string): Manifest {
  let value: Partial<Manifest> | null
  try {
    value = JSON.parse(text) as Partial<Manifest> | null
  } catch {
    value = null
  }
  if (value?.format !== undefined && value.format !== 1)
    throw new Problem('conflict', `The backup ${where} was made by a newer Vakt. Restore it with that version.`)
  const files = Array.isArray(value?.files) ? value.files : []
  const isGood = (file: Partial<BackupFile> | null) =>
    typeof file?.name === 'string' &&
    FILE_NAME.test(file.name) &&
    !file.name.includes('..') &&
    Number.isSafeInteger(file.bytes) &&
    /^[0-9a-f]{64}$/.test(file.sha256 ?? '')
  if (!files.every(isGood) || !files.some(({ name }) => name === STATE_FILE))
    throw new Problem('invalid', `${MANIFEST_FILE} of the backup ${where} is damaged. Restore another backup.`)
  return value as Manifest
}

/**
 * The backups that a retention removes: all but the newest `keep` whole ones. Unfinished ones go a day after they began, when
 * nothing can be writing them any more.
 */
export function surplusBackups(
  backups: readonly { name: string; isWhole: boolean }[],
  keep: number,
  now: number,
): string[] {
  const newestFirst = [...backups].sort((a, b) => (a.name < b.name ? 1 : -1))
  const whole = newestFirst.filter(({ isWhole }) => isWhole).slice(Math.max(1, keep))
  const unfinished = newestFirst.filter(({ name, isWhole }) => !isWhole && now - backupTime(name) > UNFINISHED_MS)
  return [...whole, ...unfinished].map(({ name }) => name)
}

const UNFINISHED_MS = 86_400_000
