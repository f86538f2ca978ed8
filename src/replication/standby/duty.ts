// Whether this Vakt may be the main one: it takes the lease, restores the state where another one had it, and guards all it does.
import { mkdirSync } from 'node:fs'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/setting.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { folderIdentity } from '../../state/folder-identity.ts'
import { lockFolder } from '../../state/folder-lock.ts'
import { aboutDuration, isoTime, SECOND } from '../../time.ts'
import { type Lease, type LeaseOptions, takeLease } from '../lease/lease.ts'
import type { LeaseRecord } from '../lease/lease-record.ts'
import type { LeaseStore } from '../lease/lease-store.ts'
import type { LeaseTime } from '../lease/lease-time.ts'
import { machineName } from '../lease/open-lease-store.ts'
import { checkOutgoingRequests } from '../lease/outgoing-requests.ts'
import { isStateOf, readMark, writeEpoch } from './lease-epoch.ts'
import { type Replicator, type ReplicatorHealth, startReplicator } from './replicator.ts'
import { mustBeRestorable, rehearseBackup, rehearseRestore, restoreState } from './restore-state.ts'

/** The exit code of a Vakt that lost its lease (EX_TEMPFAIL of sysexits.h): whoever supervises it starts it again. */
export const LOST_LEASE_EXIT_CODE = 75

const RESTORE_ATTEMPTS = 3
const RESTORE_RETRY_MS = 5 * SECOND

export type DutyOptions = {
  config: Config
  environment: Environment
  store: LeaseStore
  time: LeaseTime
  /** What renews the lease; on this thread where it is not named. */
  renew?: LeaseOptions['renew']
  logger: Logger
  /** Whether it waits for the main Vakt to be lost and restores its state; otherwise it refuses to start beside that. */
  standsBy: boolean
  signal: AbortSignal
  print(text: string): void
  /** Ends the process at once with `LOST_LEASE_EXIT_CODE`. */
  onLost(sentence: string): void
}

/** The turn of this Vakt: `begin` puts the state under the lease, and `end` lets another one begin at once. */
export interface Duty {
  readonly epoch: number
  /** The name of the Vakt whose state was restored; null when the state is this one's own. */
  readonly takenOverFrom: string | null
  /** Releases the lock of the data folder; the state takes it over. */
  readonly releaseFolder: () => void
  check(): void
  /** How the program is that copies the state; null without one. */
  replication(): ReplicatorHealth | null
  begin(state: State): void
  end(): Promise<void>
}

/**
 * Resolves once this Vakt is the main one. Rejects with `conflict` when another one is, or has written the newest state (a
 * stand-by waits and restores instead), and with other problems of the lease, the folder or the copy.
 */
export async function goOnDuty(options: DutyOptions): Promise<Duty> {
  const { config, standsBy, store, logger } = options
  const { dataDir } = config
  const settings = config.lease!
  if (standsBy) mustBeRestorable(config)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const releaseFolder = lockFolder(dataDir)
  try {
    const lease = await takeLease({
      ...{ store, ttlMs: settings.ttlMs, time: options.time, signal: options.signal, onLost: options.onLost },
      ...(options.renew ? { renew: options.renew } : {}),
      holder: folderIdentity(dataDir),
      name: settings.name ?? machineName(),
      onFree: record => examineState(record, options),
      onWait: (record, isRenewed) => {
        if (!isRenewed) waitFor(record, options)
        else if (!standsBy) throw new Problem('conflict', othersSentence(record, store))
      },
      onTrouble: oncePerMessage(message => logger.warn('the lease is not available', { error: message })),
    })
    try {
      const takenOverFrom = standsBy ? await restoreIfNeeded(lease, options) : null
      return dutyOf(options, lease, takenOverFrom, releaseFolder)
    } catch (error) {
      await lease.release()
      throw error
    }
  } catch (error) {
    releaseFolder()
    throw error
  }
}

/** Whether the state of this folder goes on from the lease. A main Vakt whose state is older than the lease must not take it. */
function examineState(record: LeaseRecord | null, { config, standsBy, store }: DutyOptions): { goesOn: boolean } {
  const { dataDir } = config
  if (record === null) {
    if (!standsBy) return { goesOn: false }
    throw new Problem(
      'busy',
      `No Vakt has ever held ${store.name}. Start the main one first, with "npm start" and the same LEASE.`,
    )
  }
  const isOwn = record.holder === folderIdentity(dataDir)
  const goesOn = isStateOf(record, readMark(dataDir))
  if (!standsBy && !isOwn && !goesOn)
    throw new Problem(
      'conflict',
      `The newest state is that of ${record.name} (epoch ${record.epoch}), not the one in ${dataDir}. Start this Vakt with "npx vakt standby", which restores it first.`,
    )
  // A stand-by whose restore failed tries again under its epoch, so that that of the newest copy stays near.
  return { goesOn: isOwn && (goesOn || standsBy) }
}

function waitFor(record: LeaseRecord, options: DutyOptions): void {
  const { store, standsBy, print } = options
  const holder = `${record.name} (epoch ${record.epoch})`
  const ttl = aboutDuration(record.ttlMs)
  if (!standsBy) {
    print(`${holder} holds the lease ${store.name}. Waiting ${ttl} to see whether it still runs.`)
    return
  }
  print(`Standing by for ${holder}. This Vakt takes over when ${store.name} is not renewed for ${ttl}.`)
  void rehearse(record, options)
}

/** A stand-by that cannot restore is found out today, not on the day of need. */
async function rehearse(record: LeaseRecord, { config, environment, signal, time, logger, print }: DutyOptions) {
  const options = { config, environment, signal, epoch: record.epoch, now: time.now(), note() {} }
  const source = config.lease!.restoreCommand ? 'RESTORE_COMMAND' : 'BACKUP_TO'
  try {
    if (source === 'BACKUP_TO') return print(`A take-over would restore ${await rehearseBackup(options)}.`)
    const { aliveAt } = await rehearseRestore(options)
    print(`A rehearsal of RESTORE_COMMAND brought a state of ${aliveAt === null ? 'unknown time' : isoTime(aliveAt)}.`)
  } catch (error) {
    if (!signal.aborted) logger.error(`a take-over would fail now: the rehearsal of ${source} failed`, { error })
  }
}

/** Restores the state unless that of the folder goes on; resolves with the name of the Vakt that it was taken over from. */
async function restoreIfNeeded({ previous }: Lease, options: DutyOptions): Promise<string | null> {
  const { config, environment, time, signal, logger, print } = options
  if (previous === null || isStateOf(previous, readMark(config.dataDir))) return null
  print(`${previous.name} is lost. Restoring its state …`)
  for (let attempt = 1; ; attempt++) {
    try {
      const now = time.now()
      const note = (text: string) => logger.info(text)
      const mark = await restoreState({ config, environment, signal, now, note, epoch: previous.epoch })
      print(`Restored a state of ${mark.aliveAt === null ? 'unknown time' : isoTime(mark.aliveAt)}.`)
      return previous.name
    } catch (error) {
      if (signal.aborted || attempt === RESTORE_ATTEMPTS) throw error
      logger.error('the state could not be restored; trying again', { error })
      await new Promise<void>(resolve => void time.after(RESTORE_RETRY_MS, resolve))
    }
  }
}

function dutyOf(
  { config, store, logger }: DutyOptions,
  lease: Lease,
  takenOverFrom: string | null,
  releaseFolder: () => void,
): Duty {
  const command = config.lease!.replicateCommand
  let stopChecking = () => {}
  let replicator: Replicator | null = null
  return {
    epoch: lease.epoch,
    takenOverFrom,
    releaseFolder,
    check: lease.check,
    replication: () => replicator?.health() ?? null,
    begin(state) {
      state.setFence(lease.check)
      stopChecking = checkOutgoingRequests(lease.check)
      writeEpoch(state, lease.epoch)
      logger.info('this Vakt holds the lease', { lease: store.name, epoch: lease.epoch })
      if (command)
        replicator = startReplicator(command, { VAKT_EPOCH: String(lease.epoch), DATA_DIR: config.dataDir }, logger)
    },
    async end() {
      await replicator?.stop()
      stopChecking()
      await lease.release()
    },
  }
}

/** Calls `log` for a problem, but not again while the same one lasts. */
function oncePerMessage(log: (message: string) => void): (problem: Problem) => void {
  let last = ''
  return ({ message }) => {
    if (message !== last) log(message)
    last = message
  }
}

function othersSentence(record: LeaseRecord, store: LeaseStore): string {
  return `${record.name} (epoch ${record.epoch}) is the main Vakt: it renews the lease ${store.name}. Run "npx vakt standby" here, or stop the other one first.`
}
