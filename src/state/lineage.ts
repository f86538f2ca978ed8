// Whether the state is the one that Vakt left: a restored backup, or a folder that was copied, is older than the chats.
import { randomInt } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../text.ts'
import { SECOND } from '../time.ts'
import type { State } from './database.ts'
import { readValue, writeValue } from './key-value.ts'

/** Beside the database, because a backup of the database alone must not bring it back. */
const FILE = 'vakt.instance'
const INSTANCE_LENGTH = 5
/** Always the same length, so that one write replaces the whole. */
const RECORD_LENGTH = 64
/** How far the change time of the file may be from the instant that it holds; a copied file is farther. */
const TOLERANCE_MS = 0.25 * SECOND

/**
 * The id of this Vakt, of 5 characters, in every button that it posts. It is new for a state that begins or was restored,
 * because then the numbers of alerts are used again.
 */
export function readInstance(state: State): string | null {
  return readValue(state, 'instance')
}

/** A new id. */
export function newInstance(): string {
  return randomInt(36 ** INSTANCE_LENGTH)
    .toString(36)
    .padStart(INSTANCE_LENGTH, '0')
}

/** Gives the state its id. */
export function writeInstance(state: State, instance: string): void {
  writeValue(state, 'instance', instance)
}

export interface Lineage {
  /** Whether everything that Vakt ever did to alerts is in the state. When in doubt, it is not. */
  readonly isCurrent: boolean
  /** Records every change of alerts from now on; call it when the state has its id. */
  follow(): void
}

/**
 * Compares the state with the file in `folder` that records the newest line of the alerts' timelines after each commit. The
 * state may be ahead (Vakt was killed between the two), never behind.
 */
export function openLineage(folder: string, state: State, logger: Logger): Lineage {
  const file = join(folder, FILE)
  const record = readRecord(file)
  const isCurrent =
    record?.isOriginal === true && record.instance === readInstance(state) && newestLine(state) >= record.line
  if (!isCurrent && readInstance(state) !== null)
    logger.warn('the state may be older than the chats, as after a restore; cards of open alerts are edited once', {
      file,
    })
  return {
    isCurrent,
    follow() {
      try {
        const descriptor = openSync(file, 'w', 0o600)
        const write = () => writeRecord(descriptor, readInstance(state) ?? '', newestLine(state), logger)
        write()
        state.onCommit(topics => {
          if (topics.has('alerts')) write()
        })
      } catch (error) {
        logger.warn(`${FILE} cannot be written; the next start takes the state for a restored one`, { file, error })
      }
    },
  }
}

function newestLine(state: State): number {
  return state.prepare<[], { line: number | null }>('select max(id) as line from alert_history').get()?.line ?? 0
}

/** One call, so that a killed process leaves the old record or the new one. */
function writeRecord(descriptor: number, instance: string, line: number, logger: Logger): void {
  try {
    writeSync(descriptor, `${[instance, line, Date.now()].join(' ').padEnd(RECORD_LENGTH - 1)}\n`, 0)
  } catch (error) {
    logger.debug(`${FILE} was not written`, { error: errorMessage(error) })
  }
}

/** What the file holds; `isOriginal` unless it was copied or moved, which changes its change time. Null when there is none. */
function readRecord(file: string): { instance: string; line: number; isOriginal: boolean } | null {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const changedAt = fstatSync(descriptor).ctimeMs
      const [instance, line, at] = readFileSync(descriptor, 'utf8').trim().split(' ')
      if (!instance || line === undefined || at === undefined) return null
      return { instance, line: Number(line), isOriginal: Math.abs(changedAt - Number(at)) <= TOLERANCE_MS }
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return null
  }
}
