// What "vakt backup" and "vakt restore" do: they work on the data folder itself, whether Vakt runs or not.
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { formatBytes } from '../../bytes.ts'
import { quoteWord } from '../../command/command-line.ts'
import type { ClientConfig } from '../../config/config.ts'
import type { Environment } from '../../config/setting.ts'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { invalid, Problem } from '../../problem.ts'
import { errorMessage, plural } from '../../text.ts'
import { isoTime } from '../../time.ts'
import { listBackups, openPlace } from './backup-place.ts'
import { createBackup, removeSurplus } from './create-backup.ts'
import { backupTime, isBackupName } from './manifest.ts'
import { restoreBackup } from './restore-backup.ts'

export type TerminalOptions = {
  config: ClientConfig
  environment: Environment
  version: string
  now: number
  isJson: boolean
  /** A result, for standard output. */
  print(text: string): void
  /** Progress and remarks, for standard error. */
  note(text: string): void
}

export const BACKUP_USAGE = `Usage: vakt backup <folder|s3://bucket/prefix> [--keep N]
       vakt backup <place> --list

Makes a whole backup of the data folder (DATA_DIR) while Vakt runs or not: the state with all settings, and all log lines.
Each file is read back and compared. --keep removes all but the newest N backups of that place afterwards.
Without a place, BACKUP_TO is used. Keys and .env go with it only when BACKUP_PASSPHRASE is set, encrypted by it.`

export const RESTORE_USAGE = `Usage: vakt restore <folder|s3://bucket/prefix>[/<backup>] [--to <folder>] [--replace]
       vakt restore <place> --list

Restores a backup (default: the newest of the place) into DATA_DIR, or into the folder of --to. Vakt must not run there.
--replace is needed when the folder has a state; that is moved aside and kept.`

/** Runs `vakt backup`. Resolves with whether it made one; throws a `Problem`. */
export async function backupCommand(words: string[], options: TerminalOptions): Promise<void> {
  const { config, environment, version, now, isJson, print, note } = options
  const { values, positionals } = readWords(words, BACKUP_USAGE, { keep: { type: 'string' } })
  if (values.help) return print(BACKUP_USAGE)
  const text = positionals[0] ?? environment.BACKUP_TO
  if (!text || positionals.length > 1) throw invalid('place', BACKUP_USAGE)
  const place = openPlace(text, environment)
  const { signal } = new AbortController()
  if (values.list) return printList(place, options)
  const keep = readKeep(values.keep)
  mustHaveUsablePassphrase(options)
  const made = await createBackup({
    ...{ dataDir: config.dataDir, place, version, now, signal, passphrase: config.backup.passphrase },
    workingFolder: process.cwd(),
    onProgress: progressTo(note),
  })
  const removed = keep === null ? [] : await removeSurplus(place, keep, now, signal)
  for (const remark of made.remarks) note(remark)
  const { name, bytes, manifest } = made
  if (isJson)
    print(JSON.stringify({ backup: { name, place: place.name, bytes, files: manifest.files.length, removed } }))
  else
    print(
      `Backup ${name} is in ${place.name}: ${plural(manifest.files.length, 'file')}, ${formatBytes(bytes)}, each read back and compared.${removed.length > 0 ? ` Removed ${plural(removed.length, 'older backup')}.` : ''}`,
    )
}

/** Runs `vakt restore`. */
export async function restoreCommand(words: string[], options: TerminalOptions): Promise<void> {
  const { config, environment, now, isJson, print, note } = options
  const { values, positionals } = readWords(words, RESTORE_USAGE, {
    to: { type: 'string' },
    replace: { type: 'boolean' },
  })
  if (values.help) return print(RESTORE_USAGE)
  const [text, ...more] = positionals
  if (!text || more.length > 0) throw invalid('place', RESTORE_USAGE)
  // An empty variable of a script must not lead to the folder that the shell is in.
  if (values.to?.trim() === '') throw invalid('to', '--to names no folder.')
  const { placeText, name: named } = splitPlace(text)
  const place = openPlace(placeText, environment)
  if (values.list) return printList(place, options)
  mustHaveUsablePassphrase(options)
  const { signal } = new AbortController()
  const name = named ?? (await newestBackup(place, signal))
  const dataDir = resolve(values.to ?? config.dataDir)
  makeFolder(dataDir)
  const { manifest, remarks } = await restoreBackup({
    ...{ dataDir, place, name, now, signal, passphrase: config.backup.passphrase, replace: values.replace ?? false },
    hasVaultKey: config.vaultKey !== null,
    onProgress: note,
  })
  for (const remark of remarks) note(remark)
  if (isJson)
    print(JSON.stringify({ restored: { name, place: place.name, folder: dataDir, created_at: manifest.createdAt } }))
  else
    print(
      `Restored ${name} of ${manifest.createdAt} into ${dataDir}. Start Vakt with DATA_DIR=${quoteWord(dataDir)}; it edits the cards of open alerts once.`,
    )
}

function readWords<Own extends ParseArgsOptionsConfig>(words: string[], usage: string, own: Own) {
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: { ...own, list: { type: 'boolean' as const }, help: { type: 'boolean' as const, short: 'h' } },
    })
  } catch (error) {
    throw invalid('arguments', `${errorMessage(error)}\n${usage}`)
  }
}

/** A passphrase that the server would refuse must not count as none: the backup would be without keys. */
function mustHaveUsablePassphrase({ config, environment }: TerminalOptions): void {
  if (environment.BACKUP_PASSPHRASE && config.backup.passphrase === null)
    throw invalid('passphrase', 'BACKUP_PASSPHRASE must have at least 12 characters.')
}

function readKeep(text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,3}$/.test(text)) throw invalid('keep', '--keep must be a whole number from 1 to 9999.')
  return Number(text)
}

/** A place with the name of a backup at its end, or without. */
function splitPlace(text: string): { placeText: string; name: string | null } {
  const trimmed = text.replace(/\/+$/, '')
  const at = trimmed.lastIndexOf('/')
  const last = trimmed.slice(at + 1)
  if (!isBackupName(last)) return { placeText: text, name: null }
  return { placeText: at < 0 ? '.' : trimmed.slice(0, at) || '/', name: last }
}

async function newestBackup(place: ArchiveStorage, signal: AbortSignal): Promise<string> {
  const newest = (await listBackups(place, signal)).find(({ isWhole }) => isWhole)
  if (!newest) throw new Problem('not_found', `There is no finished backup in ${place.name}.`)
  return newest.name
}

async function printList(place: ArchiveStorage, { isJson, print }: TerminalOptions): Promise<void> {
  const backups = await listBackups(place, new AbortController().signal)
  if (isJson) {
    print(JSON.stringify({ backups: backups.map(({ name, isWhole }) => ({ name, finished: isWhole })) }))
    return
  }
  if (backups.length === 0) print(`There is no backup in ${place.name}.`)
  for (const { name, isWhole } of backups)
    print(`${name}  ${isoTime(backupTime(name))}${isWhole ? '' : '  unfinished'}`)
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Problem('forbidden', `The folder ${folder} cannot be made (${errorMessage(error)}). Choose another one.`)
  }
}

/** Tells of progress once for each tenth of a file: a terminal and a log can both hold that. */
function progressTo(note: (text: string) => void): (text: string) => void {
  let last = ''
  return text => {
    const step = text.replace(/\d %$/, '')
    if (step !== last) note(text)
    last = step
  }
}
