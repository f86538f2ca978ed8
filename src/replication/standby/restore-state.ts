// Brings the state of the lost Vakt into the data folder of the stand-by: by a command, or from the newest backup.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/setting.ts'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { listBackups, openPlace, readManifest, readSmallFile } from '../../operations/backup/backup-place.ts'
import { databaseFault } from '../../operations/backup/copy-database.ts'
import { SECRETS_FILE, STATE_FILE } from '../../operations/backup/manifest.ts'
import { moveFilesAway, openSecrets, restoreBackup, STATE_FILES } from '../../operations/backup/restore-backup.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { formatDuration, MINUTE } from '../../time.ts'
import { readMark, type StateMark } from './lease-epoch.ts'

export type RestoreStateOptions = {
  config: Config
  environment: Environment
  /** The epoch of the lost Vakt. */
  epoch: number
  now: number
  signal: AbortSignal
  note(text: string): void
}

/** Two folders, because a take-over may begin while a rehearsal is still running. */
const STAGING_FOLDER = 'takeover.tmp'
const REHEARSAL_FOLDER = 'rehearsal.tmp'
/** A Vakt that was lost before its first copy was whole has none; the epochs before it are tried, this many in all. */
const MAX_EPOCHS = 20
const MAX_OUTPUT = 2_000
const RESTORE_TIMEOUT_MS = 10 * MINUTE
const RESTORE_LIMIT = formatDuration(RESTORE_TIMEOUT_MS)

/** Throws `invalid` when nothing is set that a stand-by could restore from, or the keys of the state are missing. */
export function mustBeRestorable({ dataDir, lease, backup, vaultKey }: Config): void {
  if (!lease?.restoreCommand && backup.to === null)
    throw new Problem(
      'invalid',
      'A stand-by needs the state of the main Vakt. Set RESTORE_COMMAND (such as "litestream restore …") or BACKUP_TO, as on the main one.',
    )
  const bringsKeys = !lease?.restoreCommand && backup.passphrase !== null
  if (vaultKey === null && !bringsKeys && !existsSync(join(dataDir, 'vault.key')))
    throw new Problem(
      'invalid',
      `A stand-by needs the key that encrypts stored secrets. Set VAULT_KEY to that of the main Vakt, or copy its vault.key to ${join(dataDir, 'vault.key')}.`,
    )
}

/**
 * Restores the newest state of the lost Vakt into the data folder, which the caller has locked; what was there is kept beside
 * it. Resolves with what the state says of itself. Rejects with a `Problem`; then nothing in the folder has changed.
 */
export async function restoreState(options: RestoreStateOptions): Promise<StateMark> {
  const { config, now, note } = options
  const { dataDir } = config
  if (!config.lease?.restoreCommand) return restoreNewestBackup(options)
  const staging = join(dataDir, STAGING_FOLDER)
  try {
    const mark = await restoreByCommand(options, staging)
    const incoming = { from: staging, files: [[STATE_FILE, STATE_FILE]] as const }
    for (const remark of await moveFilesAway(dataDir, STATE_FILES, now, incoming)) note(remark)
    return mark
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Runs RESTORE_COMMAND and removes what it wrote: whether a take-over would succeed. Rejects with a `Problem`. */
export async function rehearseRestore(options: RestoreStateOptions): Promise<StateMark> {
  const staging = join(options.config.dataDir, REHEARSAL_FOLDER)
  try {
    return await restoreByCommand(options, staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/**
 * Finds the newest backup of `BACKUP_TO` and opens its keys, as a take-over would; resolves with its name. Rejects with a
 * `Problem`.
 */
export async function rehearseBackup({ config, environment, signal }: RestoreStateOptions): Promise<string> {
  const place = openPlace(config.backup.to!, environment)
  const name = await newestBackup(place, signal)
  const { hasKeys } = await readManifest(place, name, signal)
  if (hasKeys)
    await openSecrets(await readSmallFile(place, `${name}/${SECRETS_FILE}`, signal), config.backup.passphrase)
  return `${place.name}/${name}`
}

/** Runs the command for the epoch of the lost Vakt, and for those before it while it brings no state. */
async function restoreByCommand(options: RestoreStateOptions, staging: string): Promise<StateMark> {
  const { epoch, note } = options
  const file = join(staging, STATE_FILE)
  let failure = ''
  for (let tried = epoch; tried > Math.max(0, epoch - MAX_EPOCHS); tried--) {
    await rm(staging, { recursive: true, force: true })
    await mkdir(staging, { recursive: true, mode: 0o700 })
    const failed = await runCommand(options, file, tried)
    if (!existsSync(file)) {
      if (failure === '') failure = failed ?? 'it ended well and wrote no file to $VAKT_DB'
      continue
    }
    if (failed !== null) {
      failure = failed
      continue
    }
    const fault = databaseFault(file)
    const mark = readMark(staging, file)
    if (fault === null && mark !== null) {
      if (tried !== epoch) note(`There is no copy of epoch ${epoch}; restored that of epoch ${tried}.`)
      return mark
    }
    failure = `what it wrote is no state of Vakt (${fault ?? 'a table is missing'})`
  }
  throw new Problem(
    'busy',
    `RESTORE_COMMAND brought no state: ${failure}. Run it by hand with VAKT_DB=/tmp/vakt.db VAKT_EPOCH=${epoch}.`,
  )
}

/** Runs it in a shell; resolves with why it failed, or null. */
function runCommand({ config, signal }: RestoreStateOptions, file: string, epoch: number): Promise<string | null> {
  const environment = { VAKT_DB: file, VAKT_EPOCH: String(epoch), DATA_DIR: config.dataDir }
  return new Promise(resolve => {
    let output = ''
    const child = spawn('sh', ['-c', config.lease!.restoreCommand!], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the shell began ends with it.
      detached: true,
    })
    // A command that hangs would hold the lease, and no Vakt would run.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(RESTORE_TIMEOUT_MS)])
    const end = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It has ended, or never began.
      }
    }
    if (limit.aborted) end()
    else limit.addEventListener('abort', end, { once: true })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        output = (output + String(chunk)).slice(-MAX_OUTPUT)
      })
    child.once('error', error => resolve(errorMessage(error)))
    child.once('close', code => {
      limit.removeEventListener('abort', end)
      if (limit.aborted) return resolve(signal.aborted ? 'it was stopped' : `it took longer than ${RESTORE_LIMIT}`)
      if (code === 0) return resolve(null)
      const said = output.trim().split('\n').at(-1) ?? ''
      resolve(`it ended with ${code}${said === '' ? '' : ` (${said.slice(-300)})`}`)
    })
  })
}

async function restoreNewestBackup({
  config,
  environment,
  now,
  signal,
  note,
}: RestoreStateOptions): Promise<StateMark> {
  const { dataDir, backup, vaultKey } = config
  const place = openPlace(backup.to!, environment)
  const name = await newestBackup(place, signal)
  const { remarks } = await restoreBackup({
    ...{ dataDir, place, name, now, signal, passphrase: backup.passphrase, replace: true, isLocked: true },
    hasVaultKey: vaultKey !== null,
    onProgress() {},
  })
  for (const remark of remarks) note(remark)
  const mark = readMark(dataDir)
  if (mark) return mark
  throw new Problem('internal', `The state of the backup ${name} cannot be read. Restore another one by hand.`)
}

async function newestBackup(place: ArchiveStorage, signal: AbortSignal): Promise<string> {
  const newest = (await listBackups(place, signal)).find(({ isWhole }) => isWhole)
  if (newest) return newest.name
  throw new Problem('busy', `There is no finished backup in ${place.name}. Wait for the first, or run "vakt backup".`)
}
